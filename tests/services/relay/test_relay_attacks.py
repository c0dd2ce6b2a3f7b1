"""A hostile client and a hostile gateway: calls that would leave their route, exceed a budget or carry a secret."""

import asyncio
import json

import aiohttp
import pytest
from support.gateway.budgets import reservations_of
from support.gateway.servers import (
    END,
    Peer,
    Request,
    answer_and_close,
    answer_with,
    chat_chunk,
    good_stream,
    raw_server,
    streamed,
    typed,
    whole,
)
from support.probes.smoking import TOKEN
from support.relay.relays import MODEL_OF, ROLE_OF, C, M, R, Relaying, body_of, relaying

from console.domain.money import Budget, BudgetScope, Limits
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded, RelayCallRefused
from console.domain.relay.fields import Uncounted
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.services.relay.relay import RelayRules

pytestmark = pytest.mark.usefixtures("no_trust_store")
SUSPECTED = "-".join(["sk", "proj", "Zq7Rt2" * 8])
CHAT = body_of(C, "fallback")


def reasons(relay: Relaying) -> list[RefusedFor]:
    """Return why calls were refused."""
    return [each.reason for each in relay.events if isinstance(each, RelayCallRefused)]


def escaped(token: str, at: int) -> str:
    r"""Return a token with one letter as \uXXXX, which every reader of JSON resolves."""
    return f"{token[:at]}\\u{ord(token[at]):04x}{token[at + 1 :]}"


# --- Past the route --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "headers", "more"),
    [
        ("?model=o3-pro", {}, {}),
        ("?beta=true;%6Dodel=o3-pro", {}, {}),
        ("", {"x_portkey_custom_host": "http://127.0.0.1:1"}, {}),
        ("", {"Helicone_Target_URL": "http://127.0.0.1:1"}, {}),
        ("", {"x_original_url": "/v1/files"}, {}),
        ("", {}, {"fallbacks": ["o3-pro"]}),
        ("", {}, {"Models": ["o3-pro"]}),
        ("", {}, {"api_base": "http://127.0.0.1:1"}),
    ],
)
async def test_what_a_gateway_takes_for_another_model_or_address_is_never_sent(
    query: str, headers: dict[str, str], more: dict[str, object]
) -> None:
    async with raw_server(answer_with(good_stream(C))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(C.standard_path + query, CHAT | more, **headers)
    assert (got.status, gateway.requests) == (400, [])
    assert got.error["code"] == "unsupported_parameter"
    assert reasons(relay) == [RefusedFor.DETOUR]


async def test_the_operators_own_routing_header_holds_and_the_clients_is_left_out() -> None:
    own = {"x-portkey-config": "pc-approved"}
    async with raw_server(answer_with(good_stream(C))) as gateway, relaying(gateway.base_url, headers=own) as relay:
        got = await relay.post(C.standard_path, CHAT, x_portkey_config="pc-other")
    assert got.status == 200
    assert gateway.requests[0].header("x-portkey-config") == "pc-approved"


async def test_a_body_that_is_also_a_form_goes_on_as_the_json_that_was_read() -> None:
    both = json.dumps(CHAT | {"user": "&model=o3-pro&user="}).encode()
    async with raw_server(answer_with(good_stream(C))) as gateway, relaying(gateway.base_url) as relay:
        await relay.post(C.standard_path, both, content_type="application/x-www-form-urlencoded; charset=utf-16")
    [sent] = gateway.requests
    assert [value for name, value in sent.headers if name == "content-type"] == ["application/json"]


@pytest.mark.parametrize("body", [b'{"model":"fallback","x":"\xff"}', b'{"model":"fallback","\xff":1}'])
async def test_a_body_that_is_not_utf_8_is_refused_in_the_clients_dialect(body: bytes) -> None:
    async with raw_server(answer_with(good_stream(C))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(C.standard_path, body)
    assert (got.status, got.error["code"], gateway.requests) == (400, "invalid_body", [])


async def test_a_key_that_no_one_reads_here_may_be_there_twice() -> None:
    body = json.dumps(CHAT).encode()[:-1] + b', "seed": 1, "seed": 2}'
    async with raw_server(answer_with(good_stream(C))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(C.standard_path, body)
    assert got.status == 200
    assert gateway.requests[0].body == body.replace(b'"fallback"', b'"deepseek-v3"')


async def test_a_gateway_that_switches_protocols_is_an_outage_and_no_tunnel_to_the_client() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\x81\x02hi"
    async with raw_server(answer_and_close(switch)) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(R.standard_path, body_of(R, "writer"))
    assert (got.status, got.error["type"]) == (502, "server_error")


# --- Beyond a budget -------------------------------------------------------------------------------------------------


async def test_a_clients_own_budget_holds_for_all_of_its_calls_together() -> None:
    budget = Budget(BudgetScope.ATTEMPT, Limits(tokens=200))
    async with (
        raw_server(answer_with(good_stream(R, model="gpt-5.1"))) as gateway,
        relaying(gateway.base_url, budgets=(budget,)) as relay,
    ):
        got = [(await relay.post(R.standard_path, body_of(R, "writer"))).status for _ in range(60)]
    taken = sum(each.tokens for each in relay.events if isinstance(each, RelayCallEnded))
    assert 200 in got
    assert set(reasons(relay)) == {RefusedFor.BUDGET}
    assert taken <= 200


@pytest.mark.parametrize(
    ("family", "role", "own", "foreign"),
    [(C, "fallback", "max_completion_tokens", "max_output_tokens"), (R, "writer", "max_output_tokens", "max_tokens"),
     (M, "critic", "max_tokens", "max_output_tokens")],
)  # fmt: skip
async def test_a_limit_of_another_family_limits_nothing_so_it_sets_nothing_aside(
    family: EndpointFamily, role: str, own: str, foreign: str
) -> None:
    body = body_of(family, role)
    del body[own]
    rules = RelayRules(max_output_tokens=5000)
    async with (
        raw_server(answer_with(good_stream(family))) as gateway,
        relaying(gateway.base_url, rules=rules, reservations=reservations_of(tokens=4000)) as relay,
    ):
        await relay.post(family.standard_path, body | {foreign: 1})
    assert (reasons(relay), gateway.requests) == ([RefusedFor.BUDGET], [])


ARGUMENTS = {
    R: typed("response.function_call_arguments.delta", item_id="i1", output_index=0, delta="x" * 1000),
    M: typed("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "x" * 1000}),
    C: chat_chunk({"tool_calls": [{"index": 0, "function": {"arguments": "x" * 1000}}]}),
}


@pytest.mark.parametrize("family", ARGUMENTS)
async def test_a_tool_call_without_an_end_is_cut_off_and_not_paid_twice_where_the_client_set_no_limit(
    family: EndpointFamily,
) -> None:
    body = body_of(family, ROLE_OF[family])
    limit = next(key for key in body if key.startswith("max_"))
    del body[limit]
    async with (
        raw_server(answer_with(streamed(*[ARGUMENTS[family]] * 100))) as gateway,
        relaying(gateway.base_url, rules=RelayRules(max_output_tokens=1000)) as relay,
    ):
        with pytest.raises(aiohttp.ClientPayloadError):
            await relay.post(family.standard_path, body)
        await relay.post(family.standard_path, body)  # as agents do when a connection breaks off
        other = asyncio.create_task(relay.post(family.standard_path, body | {"temperature": 1}))
        await asyncio.wait({other})
    assert isinstance(other.exception(), aiohttp.ClientPayloadError)
    assert (reasons(relay), len(gateway.requests)) == ([RefusedFor.BUDGET], 2)
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.is_cut


@pytest.mark.parametrize(("family", "last"), [(R, b"response.completed"), (M, b"message_stop"), (C, b"[DONE]")])
async def test_a_client_that_leaves_at_the_last_event_pays_what_its_answer_took(
    family: EndpointFamily, last: bytes
) -> None:
    async def stay_open(peer: Peer, _: Request) -> None:
        await peer.send(good_stream(family, model=MODEL_OF[family]).removesuffix(END))
        await peer.wait_until_left()

    ended: asyncio.Future[RelayCallEnded] = asyncio.get_running_loop().create_future()

    def tell(event: object) -> None:
        if isinstance(event, RelayCallEnded):
            ended.set_result(event)

    async with raw_server(stay_open) as gateway, relaying(gateway.base_url, tell=tell) as relay:
        body = json.dumps(body_of(family, MODEL_OF[family])).encode()
        headers = {"x-api-key": relay.client.key}
        async with relay.http.post(relay.origin + family.standard_path, data=body, headers=headers) as answer:
            await answer.content.readuntil(last)
            answer.close()
        end = await ended
    assert (end.is_cut, end.tokens, end.result.status) == (False, 5, SmokeStatus.PASSED)


@pytest.mark.parametrize("more", [{"previous_response_id": "resp_1"}, {"prompt": {"id": "pmpt_1"}}])
async def test_what_reads_more_than_it_sends_is_not_sent_where_a_limit_holds_and_told_where_none_does(
    more: dict[str, object],
) -> None:
    body = body_of(R, "writer", **more)
    async with raw_server(answer_with(good_stream(R))) as gateway:
        async with relaying(gateway.base_url, reservations=reservations_of(tokens=1_000_000)) as limited:
            await limited.post(R.standard_path, body)
            assert (reasons(limited), gateway.requests) == ([RefusedFor.BODY], [])
        reservations = reservations_of()
        async with relaying(gateway.base_url, reservations=reservations) as free:
            assert (await free.post(R.standard_path, body)).status == 200
    ended = free.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.uncounted == (Uncounted.STORED_INPUT,)
    assert not reservations.budget.spent.is_exact


@pytest.mark.parametrize(
    ("more", "uncounted"),
    [
        ({"mcp_servers": [{"url": "https://a.example"}]}, (Uncounted.SERVER_TOOLS,)),
        ({"tools": [{"type": "web_search_20250305"}]}, ()),
        ({"service_tier": "priority"}, (Uncounted.SERVICE_TIER,)),
        ({"tools": [{"type": "function"}], "service_tier": "auto", "previous_response_id": None}, ()),
        ({"tools": {"odd": 1}, "service_tier": ["priority"]}, ()),
    ],
)
async def test_what_costs_beyond_the_tokens_is_told(more: dict[str, object], uncounted: tuple[Uncounted, ...]) -> None:
    async with raw_server(answer_with(good_stream(M))) as gateway, relaying(gateway.base_url) as relay:
        await relay.post(M.standard_path, body_of(M, "critic", **more))
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.uncounted == uncounted


@pytest.mark.parametrize(
    ("item", "uncounted"),
    [
        ({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}, (Uncounted.SERVER_TOOLS,)),
        ({"type": "text", "text": '{"type":"server_tool_use"}'}, ()),
    ],
)
async def test_a_tool_that_the_gateway_has_used_is_told_and_one_that_it_could_have_used_is_not(
    item: dict[str, object], uncounted: tuple[Uncounted, ...]
) -> None:
    item_stream = typed("content_block_start", index=0, content_block=item)
    usage = typed("message_delta", delta={"stop_reason": "end_turn"}, usage={"server_tool_use": {}})
    pieces = [bytes([each]) for each in item_stream + usage]
    body = body_of(M, "critic", tools=[{"type": "web_search_20250305"}])
    async with raw_server(answer_with(streamed(*pieces))) as gateway, relaying(gateway.base_url) as relay:
        await relay.post(M.standard_path, body)
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.uncounted == uncounted


async def test_an_answer_in_the_background_could_not_be_fetched_so_it_is_not_asked_for() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(R.standard_path, body_of(R, "writer", background=True))
    assert (got.status, gateway.requests) == (400, [])


async def test_a_call_that_is_over_budget_does_not_use_up_the_one_try_after_a_cool_down() -> None:
    refusal = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    async with (
        raw_server(answer_with(whole(429, refusal))) as gateway,
        relaying(gateway.base_url, reservations=reservations_of(tokens=10_000)) as relay,
    ):
        await relay.post(R.standard_path, body_of(R, "writer"))
        relay.now[0] = 61.0
        over = await relay.post(R.standard_path, body_of(R, "writer", max_output_tokens=100_000))
        tried = await relay.post(R.standard_path, body_of(R, "writer"))
    assert (over.error["code"], tried.status, len(gateway.requests)) == ("insufficient_quota", 429, 2)


# --- With a secret ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suspected", [True, False])
@pytest.mark.parametrize("at", [0, 7, len(TOKEN) - 1])
async def test_a_known_token_with_an_escaped_letter_is_never_sent(at: int, *, suspected: bool) -> None:
    inner = json.dumps({"cmd": "echo TOKEN"}).replace("TOKEN", escaped(TOKEN, at))  # as a tool's arguments have it
    body = body_of(R, "writer", input=[{"type": "function_call", "name": "x", "call_id": "c", "arguments": inner}])
    rules = RelayRules(refuses_suspected_secrets=suspected)
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url, rules=rules) as relay:
        got = await relay.post(R.standard_path, body)
    assert (got.status, got.error["code"], gateway.requests) == (400, "secret_in_prompt", [])


@pytest.mark.parametrize("secret", [TOKEN, SUSPECTED])
async def test_a_secret_in_the_query_or_in_a_header_is_refused_as_one_and_not_as_an_outage(secret: str) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = [
            await relay.post(f"{R.standard_path}?trace={secret}", body_of(R, "writer")),
            await relay.post(R.standard_path, body_of(R, "writer"), x_turn_metadata=json.dumps({"a": secret})),
        ]
    assert [(each.status, each.error["code"]) for each in got] == [(400, "secret_in_prompt")] * 2
    assert gateway.requests == []


async def test_a_refusal_repeats_no_secret_that_a_client_named_as_its_model_or_path() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = [
            await relay.post(R.standard_path, body_of(R, SUSPECTED)),
            await relay.post(f"/v1/{SUSPECTED}", body_of(R, "writer")),
        ]
    assert reasons(relay) == [RefusedFor.MODEL, RefusedFor.PATH]
    assert SUSPECTED not in str(got) + str(relay.events)
