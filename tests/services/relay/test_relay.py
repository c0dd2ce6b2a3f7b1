"""The relay between a client and a gateway: what passes, what is refused, and what is booked and told."""

import asyncio
import io
import json

import aiohttp
import pytest
from support.gateway.budgets import reservations_of
from support.gateway.servers import answer_and_close, answer_with, good_stream, raw_server, streamed, whole
from support.probes.smoking import TOKEN
from support.relay.relays import MODEL_OF, ROLE_OF, C, M, R, body_of, kinds, relaying

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.money import Price
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded, RelayCallRefused
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.services.relay.relay import RelayRules
from console.services.relay.server import BODY_LIMIT

pytestmark = pytest.mark.usefixtures("no_trust_store")
FAMILIES = list(EndpointFamily)
SUSPECTED = "-".join(["sk", "proj", "Zq7Rt2" * 8])


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_stream_passes_byte_for_byte_and_is_judged(family: EndpointFamily) -> None:
    answer = good_stream(family, "He", "llo", model=MODEL_OF[family])
    plain = b"".join(answer.partition(b"\r\n\r\n")[2].split(b"\r\n")[1::2])
    body = json.dumps(body_of(family, MODEL_OF[family])).encode()
    async with raw_server(answer_with(answer)) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(family.standard_path, body, anthropic_beta="one,two", anthropic_version="2023-06-01")
    [request] = gateway.requests
    assert (got.status, got.body) == (200, plain)
    assert request.body == body
    assert request.header("anthropic-beta") == "one,two"
    assert request.header("authorization") == f"Bearer {TOKEN}"
    assert relay.client.key not in str(request)
    assert kinds(relay.events)[0] == "RelayCallBegun"
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert (ended.result.status, ended.tokens) == (SmokeStatus.PASSED, 5)
    assert [each for each in ended.result.findings if each.severity is not Severity.INFO] == []


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_role_is_replaced_by_its_model_in_its_place(family: EndpointFamily) -> None:
    body = b'{ "metadata": {"model": "kept"}, "model" : "%s",' % ROLE_OF[family].encode()
    body += json.dumps(body_of(family, "x") | {"model": None}).encode()[1:].replace(b'"model": null, ', b"")
    async with (
        raw_server(answer_with(good_stream(family, model=MODEL_OF[family]))) as gateway,
        relaying(gateway.base_url) as relay,
    ):
        got = await relay.post(family.standard_path, body)
    assert got.status == 200
    assert gateway.requests[0].body == body.replace(ROLE_OF[family].encode(), MODEL_OF[family].encode(), 1)


@pytest.mark.parametrize(
    ("path", "body", "reason", "status"),
    [
        (R.standard_path, body_of(R, "gpt-4o"), RefusedFor.MODEL, 400),
        (C.standard_path, body_of(C, "gpt-4o"), RefusedFor.MODEL, 404),
        (C.standard_path, body_of(C, "gpt-5.1"), RefusedFor.FAMILY, 400),
        (M.standard_path, body_of(M, "writer"), RefusedFor.FAMILY, 400),
        (R.standard_path, b'{"model": "gpt-5.1", "model": "o3-pro"}', RefusedFor.BODY, 400),
        (R.standard_path, b'{"model": "gpt-5.1", "\\u006dodel": "o3-pro"}', RefusedFor.BODY, 400),
        (R.standard_path, b"[1, 2", RefusedFor.BODY, 400),
        (R.standard_path, body_of(R, "gpt-5.1", instructions=f"key {SUSPECTED}"), RefusedFor.SECRET, 400),
        (R.standard_path, body_of(R, "gpt-5.1", instructions=f"use {TOKEN}"), RefusedFor.SECRET, 400),
        ("/v1/embeddings", {"model": "writer"}, RefusedFor.PATH, 404),
        ("/v1beta/models/gemini-3:generateContent", {"contents": []}, RefusedFor.PATH, 404),
    ],
)  # fmt: skip
async def test_what_the_table_does_not_allow_is_answered_here_and_never_sent(
    path: str, body: bytes | dict[str, object], reason: RefusedFor, status: int
) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(path, body)
    assert (got.status, got.headers["x-should-retry"], gateway.requests) == (status, "false", [])
    [refused] = relay.events
    assert isinstance(refused, RelayCallRefused)
    assert refused.reason is reason
    assert TOKEN not in got.body.decode()


async def test_a_refusal_speaks_the_called_familys_own_dialect() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        openai = (await relay.post(C.standard_path, body_of(C, "gpt-4o"))).error
        anthropic = json.loads((await relay.post(M.standard_path, body_of(M, "gpt-4o"))).body)
    assert openai | {"message": ""} == {
        "type": "invalid_request_error", "code": "model_not_found", "param": None, "message": "",
    }  # fmt: skip
    assert anthropic["type"] == "error"
    assert anthropic["error"]["type"] == "not_found_error"


async def test_a_strangers_key_opens_nothing() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = [await relay.post(R.standard_path, body_of(R, "writer"), key) for key in ("", "guess", TOKEN)]
    assert [each.status for each in got] == [401, 401, 401]
    assert gateway.requests == []


async def test_a_refusal_of_the_gateway_passes_unmodified_and_opens_the_breaker() -> None:
    refusal = {
        "error": {
            "message": "You exceeded your current quota.",
            "type": "insufficient_quota",
            "code": "insufficient_quota",
        }
    }
    data = json.dumps(refusal, indent=1).encode()
    async with (
        raw_server(answer_with(whole(429, data, "x-request-id: up-1", "retry-after: 3"))) as gateway,
        relaying(gateway.base_url) as relay,
    ):
        first = await relay.post(R.standard_path, body_of(R, "writer"))
        second = await relay.post(R.standard_path, body_of(R, "writer"))
        other = await relay.post(R.standard_path, body_of(R, "planner"))
        relay.now[0] = 61.0
        third = await relay.post(R.standard_path, body_of(R, "writer"))
    assert (first.status, first.body) == (429, data)
    assert (first.headers["x-request-id"], first.headers["retry-after"]) == ("up-1", "3")
    assert second.status == 400
    assert Category.ACCOUNT_QUOTA in second.body.decode()
    assert [other.body, third.body] == [data, data]
    assert len(gateway.requests) == 3


async def test_a_gateways_echo_of_the_token_reaches_no_client() -> None:
    refusal = json.dumps({"error": {"message": f"Incorrect API key provided: {TOKEN}.", "type": "x"}}).encode()
    answer = whole(401, refusal, f"x-debug-key: {TOKEN}", "x-other: stays")
    async with raw_server(answer_with(answer)) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(R.standard_path, body_of(R, "writer"))
    assert got.status == 401
    assert TOKEN not in got.body.decode() + str(got.headers)
    assert json.loads(got.body)["error"]["message"] == "Incorrect API key provided: ???."
    assert got.headers["x-other"] == "stays"


async def test_a_budget_is_never_exceeded_by_many_calls_at_once() -> None:
    limit = 5 * (64 + 60)
    async with (
        raw_server(answer_and_close(good_stream(R, model="gpt-5.1"))) as gateway,
        relaying(gateway.base_url, reservations=reservations_of(tokens=limit), price=Price(1.0, 1.0)) as relay,
    ):
        got = await asyncio.gather(*(relay.post(R.standard_path, body_of(R, "writer")) for _ in range(60)))
        refused = [each for each in got if each.status == 400]
        assert refused
        assert {each.error["code"] for each in refused} == {"insufficient_quota"}
        taken = sum(each.tokens for each in relay.events if isinstance(each, RelayCallEnded))
    assert taken <= limit
    assert len(gateway.requests) == len(got) - len(refused)


async def test_a_client_has_so_many_calls_and_no_more() -> None:
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        relaying(gateway.base_url, call_limit=2) as relay,
    ):
        got = [(await relay.post(R.standard_path, body_of(R, "writer"))).status for _ in range(4)]
    assert got == [200, 200, 400, 400]
    assert len(gateway.requests) == 2


async def test_a_limit_of_calls_holds_for_many_at_once() -> None:
    long = {"instructions": "word " * 2000}  # so long that it is searched for secrets in a thread
    async with (
        raw_server(answer_and_close(good_stream(R, model="gpt-5.1"))) as gateway,
        relaying(gateway.base_url, call_limit=7) as relay,
    ):
        calls = [relay.post(R.standard_path, body_of(R, "writer", **long, user=str(each))) for each in range(100)]
        got = [answer.status for answer in await asyncio.gather(*calls)]
    assert (got.count(200), got.count(400), len(gateway.requests)) == (7, 93, 7)


async def test_what_a_call_did_not_take_is_there_for_the_next() -> None:
    one_call = len(json.dumps(body_of(R, "gpt-5.1"))) // 3 + 1 + 64
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        relaying(gateway.base_url, reservations=reservations_of(tokens=one_call + 5 * 9)) as relay,
    ):
        got = [(await relay.post(R.standard_path, body_of(R, "gpt-5.1"))).status for _ in range(12)]
    assert (got, len(gateway.requests)) == ([200] * 10 + [400] * 2, 10)


async def test_a_request_that_is_too_large_is_refused_while_it_is_read() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(M.standard_path, io.BytesIO(b" " * (BODY_LIMIT + 1)))
    assert (got.status, json.loads(got.body)["error"]["type"], gateway.requests) == (413, "request_too_large", [])


async def test_an_answer_without_an_end_is_cut_off_where_the_client_set_no_limit() -> None:
    long = [b"data: " + b"x" * 1000 + b"\n\n" for _ in range(100)]
    body = body_of(C, "fallback")
    del body["max_completion_tokens"]
    chunks = [
        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"deepseek-v3","choices":'
        b'[{"index":0,"delta":{"content":"' + b"x" * 1000 + b'"},"finish_reason":null}]}\n\n'
        for _ in long
    ]
    async with (
        raw_server(answer_with(streamed(*chunks))) as gateway,
        relaying(gateway.base_url, rules=RelayRules(max_output_tokens=1000)) as relay,
    ):
        with pytest.raises(aiohttp.ClientPayloadError):  # never as if it were whole
            await relay.post(C.standard_path, body)
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.is_cut


async def test_a_gateway_that_is_gone_is_an_outage_in_the_clients_dialect() -> None:
    async with relaying("http://127.0.0.1:1") as relay:
        got = await relay.post(M.standard_path, body_of(M, "critic"))
    assert (got.status, json.loads(got.body)["error"]["type"]) == (502, "api_error")
    assert "x-should-retry" not in got.headers


async def test_the_list_names_roles_and_models_in_both_shapes() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        key = {"authorization": f"Bearer {relay.client.key}"}
        async with relay.http.get(f"{relay.origin}/v1/models", headers=key) as response:
            openai = await response.json()
        async with relay.http.get(
            f"{relay.origin}/v1/models?limit=1000", headers={"x-api-key": relay.client.key, "anthropic-version": "1"}
        ) as response:
            anthropic = await response.json()
        async with relay.http.head(relay.origin) as response:
            assert response.status == 200
    assert [each["id"] for each in openai["data"]][:4] == ["planner", "writer", "critic", "fallback"]
    assert [each["id"] for each in anthropic["data"]] == [each["id"] for each in openai["data"]]
    assert gateway.requests == []


async def test_two_clients_never_exceed_one_budget_together() -> None:
    limit = 9 * (64 + 60)
    reservations = reservations_of(tokens=limit)
    async with raw_server(answer_and_close(good_stream(R, model="gpt-5.1"))) as gateway:
        async with (
            relaying(gateway.base_url, reservations=reservations) as one,
            relaying(gateway.base_url, reservations=reservations) as other,
        ):
            calls = [each.post(R.standard_path, body_of(R, "writer")) for each in (one, other) * 100]
            got = [answer.status for answer in await asyncio.gather(*calls)]
            left = [each.client.in_flight for each in (one, other)]
        taken = sum(each.tokens for each in (*one.events, *other.events) if isinstance(each, RelayCallEnded))
    assert set(got) == {200, 400}
    assert (got.count(200), left) == (len(gateway.requests), [0, 0])
    assert taken <= limit


async def test_after_the_cool_down_one_call_tries_and_the_others_wait_for_its_result() -> None:
    refusal = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    async with raw_server(answer_with(whole(429, refusal))) as gateway, relaying(gateway.base_url) as relay:
        await relay.post(R.standard_path, body_of(R, "writer"))
        relay.now[0] = 61.0
        got = await asyncio.gather(*(relay.post(R.standard_path, body_of(R, "writer")) for _ in range(10)))
    assert sorted(each.status for each in got) == [400] * 9 + [429]
    assert len(gateway.requests) == 2


async def test_a_client_cannot_change_a_header_that_the_operator_set_for_every_call() -> None:
    async with (
        raw_server(answer_with(good_stream(R))) as gateway,
        relaying(gateway.base_url, headers={"X-Provider": "approved"}) as relay,
    ):
        await relay.post(R.standard_path, body_of(R, "writer"), x_provider="another")
    assert gateway.requests[0].header("x-provider") == "approved"
