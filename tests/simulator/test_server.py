"""The embedded gateway's HTTP: three families streamed and not, refusals in each family's shape, scenarios as data."""

from typing import Any

import httpx
import pytest
from support.gateway.calling import FAMILIES, C, M, R, ask, error_category, post, read

from console.domain.errors.category import Category
from console.domain.probes.served_as import check_served, prove
from console.domain.routes.family import EndpointFamily
from console.simulator.server import Listening, serve
from console.wire import FAMILY_WIRES
from console.wire.sse import SseDecoder

CUT = {R: "RSP-STREAM-08", M: "MSG-STREAM-03", C: "CHT-STREAM-04"}

# --- Good answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_whole_answer_is_complete_by_its_familys_contract(
    client: httpx.AsyncClient, family: EndpointFamily
) -> None:
    response = await post(client, family, ask(family))
    answer = FAMILY_WIRES[family].read(response.json())
    assert response.status_code == 200
    assert (answer.is_complete, answer.findings, answer.model) == (True, (), "gpt-route-placeholder")
    assert answer.text.startswith("OK.")
    assert answer.usage.input_tokens == 3
    assert answer.usage.output_tokens == len(answer.text.split())


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_streamed_answer_is_complete_and_says_the_same_as_the_whole_one(
    client: httpx.AsyncClient, family: EndpointFamily
) -> None:
    whole = FAMILY_WIRES[family].read((await post(client, family, ask(family))).json())
    options = {"stream_options": {"include_usage": True}} if family is C else {}
    response = await post(client, family, ask(family, stream=True, **options))
    reader = FAMILY_WIRES[family].open_stream()
    text = "".join(delta.text for event in SseDecoder().feed(response.content) for delta in reader.feed(event))
    answer = reader.close()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (answer.is_complete, answer.findings) == (True, ())
    assert (text, answer.usage, answer.finish, answer.model) == (whole.text, whole.usage, whole.finish, whole.model)


@pytest.mark.parametrize("family", FAMILIES)
async def test_every_answer_names_a_request_id_of_its_own(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    seen = [(await post(client, family, ask(family))).headers["x-request-id"] for _ in range(3)]
    assert len(set(seen)) == 3


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_same_request_gets_the_same_answer(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    first, second = [(await post(client, family, ask(family))).json() for _ in range(2)]
    for answer in (first, second):
        answer.pop("id")
        for item in answer.get("output", []):
            item.pop("id")
    assert first == second


@pytest.mark.parametrize(
    ("family", "limit", "finish"),
    [
        (R, {"max_output_tokens": 16}, "max_output_tokens"),
        (M, {"max_tokens": 16}, "max_tokens"),
        (C, {"max_completion_tokens": 16}, "length"),
        (C, {"max_tokens": 16}, "length"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_stops_at_the_token_limit_and_says_so(
    client: httpx.AsyncClient, family: EndpointFamily, limit: dict[str, int], finish: str, stream: bool
) -> None:
    response = await post(client, family, ask(family, stream=stream, **limit))
    if stream:
        reader = FAMILY_WIRES[family].open_stream()
        pieces = [delta.text for event in SseDecoder().feed(response.content) for delta in reader.feed(event)]
        answer = reader.close()
        assert len(pieces) == 16
    else:
        answer = FAMILY_WIRES[family].read(response.json())
        assert answer.usage.output_tokens == 16
    assert (answer.is_complete, answer.finish) == (True, finish)


async def test_a_chat_stream_names_its_usage_only_where_it_is_asked_for(client: httpx.AsyncClient) -> None:
    without = await post(client, C, ask(C, stream=True))
    asked = await post(client, C, ask(C, stream=True, stream_options={"include_usage": True}))
    assert b'"prompt_tokens"' not in without.content
    assert b'"prompt_tokens"' in asked.content
    assert without.content.endswith(b"data: [DONE]\n\n")


async def test_content_in_parts_is_counted_as_its_text(client: httpx.AsyncClient) -> None:
    parts = [{"type": "text", "text": "one two"}, {"type": "text", "text": "three four"}]
    response = await post(client, C, ask(C, messages=[{"role": "user", "content": parts}]))
    assert response.json()["usage"]["prompt_tokens"] == 4


# --- The list of models ----------------------------------------------------------------------------------------------


async def test_the_models_are_listed_in_openais_shape(client: httpx.AsyncClient) -> None:
    listing = (await client.get("/v1/models")).json()
    assert listing["object"] == "list"
    types = {row["id"]: row["supported_endpoint_types"] for row in listing["data"]}
    assert types["gpt-5-pro"] == ["openai-response"]
    assert {row["object"] for row in listing["data"]} == {"model"}


async def test_the_models_are_listed_in_anthropics_shape_where_its_version_is_sent(client: httpx.AsyncClient) -> None:
    listing = (await client.get("/v1/models", headers={"anthropic-version": "2023-06-01"})).json()
    names = [row["id"] for row in listing["data"]]
    assert {row["type"] for row in listing["data"]} == {"model"}
    assert (listing["first_id"], listing["last_id"], listing["has_more"]) == (names[0], names[-1], False)


# --- Refusals --------------------------------------------------------------------------------------------------------

WRONG_TOKENS = {
    "none": {"authorization": ""},
    "wrong": {"authorization": "Bearer sim-wrong"},
    "not_ascii": {"authorization": b"Bearer \xc3\xa9"},
    "wrong_x_api_key": {"x-api-key": "sim-wrong"},
    "wrong_api_key": {"authorization": "", "api-key": "sim-wrong"},
}


@pytest.mark.parametrize("token", WRONG_TOKENS.values(), ids=WRONG_TOKENS.keys())
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_wrong_token_is_refused_in_the_familys_own_shape(
    client: httpx.AsyncClient, listening: Listening, family: EndpointFamily, token: dict[str, str]
) -> None:
    response = await post(client, family, ask(family), **token)
    body = response.json()
    assert response.status_code == 401
    assert error_category(response) is Category.ACCOUNT_AUTH
    if family is M:
        assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")
    else:
        assert body["error"]["code"] == "invalid_api_key"
    assert listening.token not in response.text


@pytest.mark.parametrize("path", ["/v1/models", "/", "/v1/responses/extra"])
async def test_no_path_answers_without_the_token(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"authorization": ""})).status_code == 401


@pytest.mark.parametrize("name", ["x-api-key", "api-key"])
@pytest.mark.parametrize("family", FAMILIES)
async def test_the_token_is_taken_in_other_headers_too(
    client: httpx.AsyncClient, listening: Listening, family: EndpointFamily, name: str
) -> None:
    headers = {"authorization": "", name: listening.token}
    assert (await post(client, family, ask(family), **headers)).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/openai/deployments/d/chat/completions?api-version=2024-10-21", 200),
        ("/openai/deployments/d/chat/completions", 404),
        ("/openai/deployments/d/chat/completions?api-version=", 404),
        ("/openai/v1/chat/completions", 200),
        ("/openai/chat/completions", 404),
    ],
)
async def test_azures_paths_are_served_and_a_deployment_needs_its_version(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await client.post(path, json=ask(C))).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "category"),
    [
        ("POST", "/v1/unknown", Category.ROUTE_MISSING),
        ("POST", "/v1/v1/responses", Category.ROUTE_MISSING),
        ("POST", "/v1/models", Category.ROUTE_MISSING),
        ("GET", "/", Category.ROUTE_MISSING),
        ("POST", "/responses", Category.ENDPOINT_DRIFT),
        ("POST", "/v1/responses/", Category.ENDPOINT_DRIFT),
        ("GET", "/v1/responses", Category.ENDPOINT_DRIFT),
    ],
)
async def test_an_unknown_path_or_method_is_refused_with_an_error_that_may_mean_a_missing_family(
    client: httpx.AsyncClient, method: str, path: str, category: Category
) -> None:
    response = await client.request(method, path, json={})
    assert response.status_code == 404
    assert error_category(response) is category


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff", b"[" * 100_000, b"[]", b"1", b'"text"', b"null"])
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_body_that_is_no_json_object_is_refused(
    client: httpx.AsyncClient, family: EndpointFamily, body: bytes
) -> None:
    response = await post(client, family, body)
    assert response.status_code == 400
    assert error_category(response) is Category.INVALID_REQUEST


@pytest.mark.parametrize(
    ("family", "change", "param"),
    [
        (R, {"model": None}, None),
        (R, {"model": ""}, None),
        (R, {"model": 1}, None),
        (R, {"input": None}, "input"),
        (R, {"input": 1}, "input"),
        (R, {"max_output_tokens": 15}, "max_output_tokens"),
        (R, {"max_output_tokens": 0}, "max_output_tokens"),
        (R, {"max_output_tokens": "64"}, "max_output_tokens"),
        (R, {"max_output_tokens": True}, "max_output_tokens"),
        (C, {"messages": None}, "messages"),
        (C, {"messages": []}, "messages"),
        (C, {"messages": ["text"]}, "messages"),
        (C, {"max_completion_tokens": 0}, "max_completion_tokens"),
        (C, {"max_tokens": -1}, "max_tokens"),
        (M, {"messages": {}}, None),
        (M, {"max_tokens": 0}, None),
        (M, {"model": None}, None),
    ],
)
async def test_a_field_that_is_missing_or_does_not_fit_is_refused(
    client: httpx.AsyncClient, family: EndpointFamily, change: dict[str, Any], param: str | None
) -> None:
    response = await post(client, family, ask(family) | change)
    assert response.status_code == 400
    assert error_category(response) is Category.INVALID_REQUEST
    assert response.json()["error"].get("param") == param


async def test_messages_wants_its_version_header_and_its_token_limit(client: httpx.AsyncClient) -> None:
    no_version = await client.post(M.standard_path, json=ask(M))
    body = ask(M)
    del body["max_tokens"]
    no_limit = await post(client, M, body)
    assert (no_version.status_code, no_limit.status_code) == (400, 400)
    assert no_version.json()["error"]["message"] == "anthropic-version: header is required"
    assert no_limit.json()["error"]["message"] == "max_tokens: Field required"


async def test_a_chat_body_on_responses_is_drift(client: httpx.AsyncClient) -> None:
    response = await post(client, R, ask(C))
    assert response.status_code == 400
    assert error_category(response) is Category.ENDPOINT_DRIFT


async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    response = await post(client, R, ask(R, input="x" * (4 * 1024 * 1024 + 1)))
    assert response.status_code == 413
    assert error_category(response) is Category.INVALID_REQUEST


# --- Scenarios -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "family", "status", "category"),
    [
        ("gpt-5-pro", C, 404, Category.ENDPOINT_DRIFT),
        ("gpt-5.2-codex", C, 404, Category.ENDPOINT_DRIFT),
        ("o3-pro", C, 404, Category.ENDPOINT_DRIFT),
        ("chat-unpriced-placeholder", C, 500, Category.ACCOUNT_PRICING),
        ("gpt-unpriced", R, 500, Category.ACCOUNT_PRICING),
        ("claude-unpriced", M, 500, Category.ACCOUNT_PRICING),
        ("gpt-unpaid", R, 429, Category.ACCOUNT_QUOTA),
        ("claude-unpaid", M, 429, Category.ACCOUNT_QUOTA),
        ("gpt-missing", C, 503, Category.ROUTE_MISSING),
        ("claude-missing", M, 503, Category.ROUTE_MISSING),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_scenario_is_refused_in_words_that_name_its_category(
    client: httpx.AsyncClient, model: str, family: EndpointFamily, status: int, category: Category, *, stream: bool
) -> None:
    response = await post(client, family, ask(family, model, stream=stream))
    assert (response.status_code, error_category(response)) == (status, category)
    assert ("type" in response.json()) is (family is M)


async def test_a_model_of_a_scenario_is_answered_well_on_the_family_that_serves_it(client: httpx.AsyncClient) -> None:
    assert (await post(client, R, ask(R, "gpt-5-pro"))).status_code == 200


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_cut_stream_ends_in_good_order_before_its_terminal_marker(
    client: httpx.AsyncClient, family: EndpointFamily
) -> None:
    response = await post(client, family, ask(family, "gpt-truncated-placeholder", stream=True))
    events = SseDecoder().feed(response.content)
    reader = FAMILY_WIRES[family].open_stream()
    pieces = [delta for event in events for delta in reader.feed(event)]
    assert response.status_code == 200
    assert len(events) == 8
    assert pieces
    assert [finding.id for finding in reader.close().findings] == [CUT[family]]


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_html_scenario_is_a_web_page_with_a_200(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    response = await post(client, family, ask(family, "gpt-html-placeholder"))
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert response.text.startswith("<!doctype html>")


async def test_a_redirect_scenario_points_elsewhere(client: httpx.AsyncClient) -> None:
    response = await post(client, R, ask(R, "gpt-redirected"))
    assert (response.status_code, response.headers["location"]) == (307, "http://127.0.0.2/elsewhere")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("family", "model", "answered_as", "ids"),
    [
        *((family, "gpt-swapped-placeholder", "gpt-other-placeholder", ["COM-B-01"]) for family in FAMILIES),
        *((family, "gpt-fell-back-placeholder", "gpt-fell-back-placeholder", ["SRV-01"]) for family in FAMILIES),
        (C, "gpt-bridged-placeholder", "gpt-bridged-placeholder", ["SRV-02"]),
        (R, "gpt-bridged-placeholder", "gpt-bridged-placeholder", []),
        (M, "gpt-bridged-placeholder", "gpt-bridged-placeholder", []),
    ],
)
async def test_an_answer_from_elsewhere_is_whole_and_bears_its_marks(
    client: httpx.AsyncClient, family: EndpointFamily, model: str, answered_as: str, *, ids: list[str], stream: bool
) -> None:
    options = {"stream_options": {"include_usage": True}} if stream and family is C else {}
    response = await post(client, family, ask(family, model, stream=stream, **options))
    answer, text = read(family, response)
    assert (response.status_code, answer.is_complete, answer.findings) == (200, True, ())
    assert text.startswith("OK.")
    assert answer.model == answered_as
    service = prove(family, model, answer.model, answer_id=answer.answer_id, headers=response.headers)
    assert [finding.id for finding in check_served(service)] == ids


# --- The server itself -----------------------------------------------------------------------------------------------


async def test_the_journal_holds_methods_and_paths_and_no_content(
    client: httpx.AsyncClient, listening: Listening
) -> None:
    await client.get("/v1/models")
    await post(client, R, ask(R))
    assert listening.journal.calls == [("GET", "/v1/models"), ("POST", "/v1/responses")]


async def test_it_listens_on_one_loopback_address_only(listening: Listening) -> None:
    port = httpx.URL(listening.base_url).port
    assert listening.base_url == f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        for host in ("127.0.0.2", "[::1]"):
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{host}:{port}/v1/models")


async def test_every_start_has_a_token_of_its_own(listening: Listening) -> None:
    async with serve(pace=0) as other:
        assert other.token != listening.token
        assert len(other.token) >= 32


async def test_after_its_block_nobody_listens() -> None:
    async with serve(pace=0) as listening:
        pass
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(listening.base_url)


async def test_a_port_in_use_is_an_error_of_the_operating_system(listening: Listening) -> None:
    port = httpx.URL(listening.base_url).port
    assert port is not None
    with pytest.raises(OSError, match="address already in use"):
        async with serve(port):
            pass


async def test_a_client_that_leaves_in_mid_stream_leaves_the_server_at_work(
    client: httpx.AsyncClient, listening: Listening
) -> None:
    async with serve(pace=1) as slow:
        headers = {"authorization": f"Bearer {slow.token}"}
        async with httpx.AsyncClient(
            base_url=slow.base_url, headers=headers, trust_env=False, verify=False
        ) as impatient:
            async with impatient.stream("POST", R.standard_path, json=ask(R, stream=True)) as response:
                assert response.status_code == 200
            assert (await impatient.get("/v1/models")).status_code == 200
