"""The embedded gateway's lists of models: what they say of the sample's routes, read as the console reads them."""

from collections.abc import Mapping

import httpx
import pytest
from support.gateway.calling import FAMILIES, C, M, R, ask, error_category, headers_for, post

from console.domain.errors.category import Category
from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry, check_listed
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.services.config.load import load_profile
from console.simulator.catalogue import PAGE_PATH, exists
from console.simulator.server import Listening
from console.wire.catalogue import Listing, merge, read_listing

PATHS = ["/v1/models", "/api/models", "/api/pricing"]
UNPRICED = "chat-unpriced-placeholder"
DEPRECATED = "gpt-older-route-placeholder"


async def listing(client: httpx.AsyncClient, path: str, headers: Mapping[str, str] | None = None) -> Listing:
    response = await client.get(path, headers=dict(headers or {}))
    assert response.status_code == 200
    read = read_listing(response.content)
    assert read is not None
    assert not read.is_cut
    assert read.next_after is None
    return read


async def catalogue(client: httpx.AsyncClient) -> Catalogue:
    return merge([(path, await listing(client, path)) for path in PATHS])


def by_model(listing: Listing) -> dict[str, CatalogueEntry]:
    return {entry.model: entry for entry in listing.entries}


@pytest.mark.parametrize("name", ["demo", "faults"])
async def test_every_model_of_the_sample_is_listed(client: httpx.AsyncClient, name: str) -> None:
    listed = by_model(await listing(client, "/v1/models"))
    assert {route.model for route in load_profile(None, name).table} <= set(listed)
    assert all(entry.families for entry in listed.values())


async def test_the_list_declares_what_the_demo_routes_need(client: httpx.AsyncClient) -> None:
    whole = await catalogue(client)
    for each in check(load_profile(None, "demo").table):
        assert check_listed(each, whole) == (), each.route.role


async def test_the_list_says_what_is_wrong_with_the_faults(client: httpx.AsyncClient) -> None:
    whole = await catalogue(client)
    found = {
        each.route.role.value: [finding.id for finding in check_listed(each, whole)]
        for each in check(load_profile(None, "faults").table)
    }
    assert found == {
        "planner": [],
        "writer": [],
        "revision": [],
        "reviewer": ["MOD-02"],
        "critic": [],
        "fallback": ["MOD-05"],
    }


async def test_both_public_lists_name_the_same_prices(client: httpx.AsyncClient) -> None:
    listed = by_model(await listing(client, "/api/models"))
    priced = by_model(await listing(client, "/api/pricing"))
    assert listed["gpt-route-placeholder"].price == Price(1.25, 10.0)
    assert set(priced) == {model for model, entry in listed.items() if entry.price is not None}
    for model, entry in priced.items():
        other = listed[model].price
        assert entry.price is not None
        assert other is not None
        assert (entry.price.input_usd, entry.price.output_usd) == pytest.approx((other.input_usd, other.output_usd))
        assert entry.families == listed[model].families


async def test_a_model_of_each_kind_has_no_price_and_one_is_deprecated(client: httpx.AsyncClient) -> None:
    listed = by_model(await listing(client, "/api/models"))
    assert [model for model, entry in listed.items() if entry.price is None] == [
        UNPRICED,
        "gpt-unpriced-placeholder",
        "claude-unpriced-placeholder",
    ]
    assert [model for model, entry in listed.items() if entry.retires_on] == [DEPRECATED]


@pytest.mark.parametrize("path", [*PATHS[1:], PAGE_PATH])
async def test_the_public_lists_and_the_page_need_no_token(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"authorization": ""})
    assert response.status_code == 200
    assert response.headers["x-request-id"]
    assert (await client.post(path)).status_code == 404


async def test_the_list_in_anthropics_shape_names_the_same_models(client: httpx.AsyncClient) -> None:
    listed = by_model(await listing(client, "/v1/models", headers_for(M)))
    assert list(listed) == list(by_model(await listing(client, "/v1/models")))
    assert [model for model, entry in listed.items() if entry.retires_on] == [DEPRECATED]


# --- Models that do not exist ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
async def test_an_unknown_model_is_refused_in_the_familys_own_words(
    client: httpx.AsyncClient, family: EndpointFamily, stream: bool
) -> None:
    response = await post(client, family, ask(family, "gpt-none", stream=stream))
    body = response.json()
    assert (response.status_code, error_category(response)) == (404, Category.ROUTE_MISSING)
    if family is M:
        assert (body["type"], body["error"]["type"]) == ("error", "not_found_error")
        assert body["error"]["message"] == "model: gpt-none"
        assert body["request_id"] == response.headers["request-id"]
    else:
        assert (body["error"]["type"], body["error"]["code"]) == ("invalid_request_error", "model_not_found")
        assert body["error"]["message"].startswith("The model `gpt-none` does not exist or you do not have access")


@pytest.mark.parametrize(
    ("model", "is_known"),
    [
        ("gpt-route-placeholder", True),
        ("my-own-placeholder-model", True),
        ("gpt-5-pro", True),
        ("gpt-5.2-codex", True),
        ("claude-unpaid", True),
        ("gateway-console-no-such-model", False),
        ("gpt-5", False),
        ("place-holder", False),
        ("placeholder-\ud800", False),
    ],
)
def test_a_model_exists_by_the_list_a_scenario_or_its_name(model: str, is_known: bool) -> None:
    assert exists(model) is is_known


# --- Counting tokens -------------------------------------------------------------------------------------------------

COUNT = "/v1/messages/count_tokens"


async def test_tokens_are_counted_without_a_limit_and_without_a_scenario(client: httpx.AsyncClient) -> None:
    body = ask(M, UNPRICED, system=[{"type": "text", "text": "Be brief."}])
    del body["max_tokens"]
    response = await client.post(COUNT, json=body, headers=headers_for(M))
    assert (response.status_code, response.json()) == (200, {"input_tokens": 5})


async def test_counting_needs_the_token_the_version_and_a_model_that_exists(
    client: httpx.AsyncClient, listening: Listening
) -> None:
    no_token = await client.post(COUNT, json=ask(M), headers=headers_for(M) | {"authorization": ""})
    no_version = await client.post(COUNT, json=ask(M))
    no_model = await client.post(COUNT, json=ask(M, "claude-none"), headers=headers_for(M))
    no_messages = await client.post(COUNT, json={"model": "m-placeholder"}, headers=headers_for(M))
    by_get = await client.get(COUNT, headers=headers_for(M))
    answers = [no_token, no_version, no_model, no_messages, by_get]
    assert [answer.status_code for answer in answers] == [401, 400, 404, 400, 404]
    assert all(answer.json()["type"] == "error" for answer in answers)
    assert listening.journal.calls.count(("POST", COUNT)) == 4


@pytest.mark.parametrize("family", [R, C])
async def test_only_messages_counts(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    response = await client.post(f"{family.standard_path}/count_tokens", json=ask(family))
    assert response.status_code == 404
