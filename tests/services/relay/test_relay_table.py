"""A client behind the relay against one that calls the gateway itself: what each of them gets, and what is sent."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import pytest
from support.gateway.servers import (
    END,
    Peer,
    Request,
    Script,
    answer_and_close,
    answer_and_reset,
    answer_with,
    chunk,
    closing,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    sse,
    streamed,
    typed,
    whole,
)
from support.probes.smoking import TOKEN
from support.relay.relays import MODEL_OF, C, M, R, Relaying, body_of, relaying

from console.domain.finding import Severity
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallRefused
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.services.relay.relay import RelayRules

pytestmark = pytest.mark.usefixtures("no_trust_store")
MIB = 1024 * 1024
ODD_ERROR = (
    b'{ "error":\t{"type": "x", "message": "prompt is too long: 1 > 0 \\u00e9 \xc3\xa9"},\n\n "request_id": null }'
)
TOOLS = [
    typed("content_block_start", index=0, content_block={"type": "tool_use", "id": "t1", "name": "run", "input": {}}),
    *(typed("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": each})
      for each in ('{"cm', 'd": "ls', '"}')),
]  # fmt: skip
M_STREAM = [*opening(M, MODEL_OF[M]), content(M, "Hi"), *closing(M)]


@dataclass(frozen=True)
class Got:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_broken: bool


_OF_A_HOP = {"date", "server", "connection", "transfer-encoding", "content-length", "keep-alive"}


async def call(url: str, path: str, body: bytes, key: str) -> Got:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json", "anthropic-version": "2023-06-01"}
    async with aiohttp.ClientSession() as session, session.post(url + path, data=body, headers=headers) as answer:
        got, is_broken = b"", False
        try:
            async for data in answer.content.iter_any():
                got += data
        except aiohttp.ClientError:
            is_broken = True
        names = {name.lower() for name in answer.headers} - _OF_A_HOP
        kept = {name: ", ".join(answer.headers.getall(name)) for name in names}
        return Got(answer.status, kept, got, is_broken)


def single_bytes(stream: bytes) -> bytes:
    return head() + b"".join(chunk(bytes([each])) for each in stream) + END


ANSWERS: dict[str, tuple[EndpointFamily, Script]] = {
    **{f"stream {each}": (each, answer_with(good_stream(each, model=MODEL_OF[each]))) for each in EndpointFamily},
    **{f"json {each}": (each, answer_with(whole(200, b'{"a": 1 ,\n "b": [ ]}'))) for each in EndpointFamily},
    **{
        f"error {status}": (M, answer_with(whole(status, ODD_ERROR, "retry-after: 7", "request-id: up-1")))
        for status in (400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504, 529)
    },
    "error 400 openai": (R, answer_with(whole(400, ODD_ERROR, "x-request-id: up-1"))),
    "error as html": (C, answer_with(whole(502, b"<html>\r\n<h1>Bad</h1>\x00\xff", content_type="text/html"))),
    "error with an empty body": (C, answer_with(whole(503, b""))),
    "error within a stream": (M, answer_with(streamed(*M_STREAM[:3], typed("error", error={"type": "api_error"})))),
    "error as a stream": (R, answer_with(streamed(sse({"error": {"message": "no"}}), status=400))),
    "tool calls": (M, answer_with(streamed(*M_STREAM[:2], *TOOLS, *closing(M)))),
    "comments and pings": (M, answer_with(streamed(b": ping\n\n", *M_STREAM[:3], b":\n\n", *M_STREAM[3:]))),
    "line ends of another kind": (R, answer_with(streamed(b'data: {"type":\r\ndata: "x"}\r\n\r\n', b"data: 1\r\r"))),
    "a byte order mark": (C, answer_with(streamed(b"\xef\xbb\xbf" + sse("[DONE]")))),
    "bytes one by one": (M, answer_with(single_bytes(b"".join(M_STREAM)))),
    "bytes that are not text": (R, answer_with(streamed(b"data: \xff\xfe\x00\n\n"))),
    "no terminal marker": (M, answer_with(streamed(*M_STREAM[:-1]))),
    "many events in one chunk": (M, answer_with(head() + chunk(b"".join(M_STREAM)) + END)),
    "an answer of its own length": (M, answer_with(whole(200, b"".join(M_STREAM), content_type="text/event-stream"))),
    "an answer that ends with the connection": (
        M, answer_and_close(b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + b"".join(M_STREAM))
    ),
    "an early hint first": (M, answer_with(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + streamed(*M_STREAM))),
    "no content type": (C, answer_with(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: \r\n\r\n{}")),
    "headers twice": (M, answer_with(streamed(*M_STREAM, headers=("x-a: 1", "x-a: 2", "anthropic-ratelimit-x: 5")))),
    "9 MB": (C, answer_with(streamed(*[b": " + b"x" * 65_000 + b"\n\n"] * 144))),
    "a reset within a stream": (M, answer_and_reset(head() + b"".join(map(chunk, M_STREAM[:4])))),
    "an end within a stream": (M, answer_and_close(head() + b"".join(map(chunk, M_STREAM[:4])))),
    "an end within a length": (R, answer_and_close(whole(200, b"{" + b" " * 99)[:-50])),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_client_cannot_tell_the_relay_from_the_gateway(name: str) -> None:
    family, script = ANSWERS[name]
    body = json.dumps(body_of(family, MODEL_OF[family])).encode()
    async with raw_server(script) as gateway, relaying(gateway.base_url) as relay:
        direct = await call(gateway.base_url, family.standard_path, body, TOKEN)
        relayed = await call(relay.origin, family.standard_path, body, relay.client.key)
    if direct.is_broken and relayed.is_broken:  # how much of what was sent is read before a reset is chance
        assert (relayed.status, relayed.headers) == (direct.status, direct.headers)
        return
    assert relayed == direct
    [sent, again] = gateway.requests
    assert again.body == sent.body


# --- What a client sends ---------------------------------------------------------------------------------------------


async def exchange(relay: Relaying, data: bytes, *, answers: int = 1) -> bytes:
    """Send raw bytes; return what came until so many answers have ended or the relay closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(relay.origin).port)
    writer.write(data)
    got = b""
    while got.count(b"0\r\n\r\n") < answers and (more := await reader.read(65_536)):
        got += more
    writer.close()
    return got


def written(relay: Relaying, body: bytes, *lines: str, first: str = "POST /v1/responses HTTP/1.1") -> bytes:
    length = () if any("chunked" in each for each in lines) else (f"content-length: {len(body)}",)
    heads = (first, "host: x", f"authorization: Bearer {relay.client.key}", *lines, *length, "", "")
    return "\r\n".join(heads).encode("latin-1") + body


BODY = json.dumps(body_of(R, MODEL_OF[R])).encode()


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ((), "POST /v1/responses HTTP/1.1"),
        ((), "POST //v1/responses/ HTTP/1.1"),
        ((), "POST /responses HTTP/1.1"),
        (("expect: 100-continue",), "POST /v1/responses HTTP/1.1"),
        (("connection: x-drop, close", "x-drop: 1"), "POST /v1/responses HTTP/1.1"),
        (("x-tags: caf\xe9",), "POST /v1/responses HTTP/1.1"),
        (("te: trailers", "upgrade: h2c", "trailer: x"), "POST /v1/responses HTTP/1.1"),
    ],
)
async def test_an_odd_request_arrives_as_a_plain_one(lines: tuple[str, ...], first: str) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await exchange(relay, written(relay, BODY, *lines, first=first))
    assert b" 200 OK" in got
    [sent] = gateway.requests
    assert (sent.path, sent.body) == ("/v1/responses", BODY)
    names = {name for name, _ in sent.headers} - {"host", "accept", "accept-encoding", "user-agent", "content-type"}
    assert names == {"authorization", "connection", "content-length"}


async def test_a_body_in_chunks_or_compressed_arrives_whole_and_plain() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        pieces = b"".join(chunk(BODY[at : at + 7]) for at in range(0, len(BODY), 7)) + END
        await exchange(relay, written(relay, pieces, "transfer-encoding: chunked"))
        await exchange(relay, written(relay, gzip.compress(BODY), "content-encoding: gzip"))
    assert [each.body for each in gateway.requests] == [BODY, BODY]
    assert [each.header("content-encoding") for each in gateway.requests] == [None, None]


async def test_requests_in_a_row_on_one_connection_are_answered_in_order() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await exchange(relay, written(relay, BODY) * 3, answers=3)
    assert (got.count(b" 200 OK"), len(gateway.requests)) == (3, 3)


@pytest.mark.parametrize(
    "lines",
    [
        ("transfer-encoding: chunked", "content-length: 5"),
        ("content-length: 5",),
        ("x-a: 1\r\n folded: 2",),
        ("x-a : 1",),
        ("x-a: a\x00b",),
    ],
)
async def test_a_request_that_can_be_read_in_two_ways_is_never_sent(lines: tuple[str, ...]) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await exchange(relay, written(relay, chunk(BODY) + END, *lines))
    assert got.split(b" ")[1] == b"400"
    assert gateway.requests == []


@pytest.mark.parametrize(
    "more",
    [
        b'"Model": "o3-pro"',
        b'"N": 50',
        b'"max_output_tokens": 5',
        b'"max_output\\u005ftokens": 5',
        b'"\\u0073tream": false',
        '"max_output_to\u212aens": 5'.encode(),
    ],
)
async def test_a_body_that_another_reader_takes_differently_is_never_sent(more: bytes) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(R.standard_path, BODY[:-1] + b", " + more + b"}")
    assert (got.status, gateway.requests) == (400, [])
    [refused] = relay.events
    assert isinstance(refused, RelayCallRefused)
    assert refused.reason is RefusedFor.BODY


@pytest.mark.parametrize("limit", ["null", "64.0", "0", "1e3"])
async def test_a_limit_that_vendors_accept_passes(limit: str) -> None:
    body = BODY.replace(b'"max_output_tokens": 64', f'"max_output_tokens": {limit}'.encode())
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(R.standard_path, body)
    assert (got.status, gateway.requests[0].body) == (200, body)


async def test_a_limit_below_one_sets_aside_what_a_call_without_a_limit_does() -> None:
    body = BODY.replace(b'"max_output_tokens": 64', b'"max_output_tokens": -1000000')
    async with raw_server(answer_and_reset(head())) as gateway, relaying(gateway.base_url) as relay:
        await call(relay.origin, R.standard_path, body, relay.client.key)
    ended = relay.events[-1]
    assert isinstance(ended, RelayCallEnded)
    assert ended.tokens >= RelayRules().max_output_tokens


async def test_the_clients_credentials_go_on_in_no_header_and_no_query() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        key = relay.client.key
        lines = (f"x-own: k={key}", "x-goog-api-key: g1", "x-litellm-api-key: l1", "x_api_key: u1", "cookie: c=1")
        lines += ("openai-organization: o1", "helicone-auth: Bearer h1")
        first = f"POST /v1/responses?beta=true&key={key}&a=x%26api_key%3D1&api%2Dkey=q1&b=2;token=q1 HTTP/1.1"
        await exchange(relay, written(relay, BODY, *lines, "x-kept: yes", "idempotency-key: i1", first=first))
    [sent] = gateway.requests
    assert sent.path == "/v1/responses?beta=true&a=x%26api_key%3D1"
    assert (sent.header("x-kept"), sent.header("idempotency-key")) == ("yes", "i1")
    assert not any(value in str(sent) for value in (key, "g1", "l1", "u1", "q1", "c=1", "o1", "h1"))
    assert sent.header("authorization") == f"Bearer {TOKEN}"


async def test_an_agent_that_has_listed_its_own_key_works_on() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        said = f'GATEWAY_CONSOLE_RELAY_KEY={relay.client.key}\nOPENAI_API_KEY="{relay.client.key}"'
        got = await relay.post(R.standard_path, body_of(R, "writer", instructions=said))
    assert got.status == 200
    assert len(gateway.requests) == 1


# --- Clients that leave ----------------------------------------------------------------------------------------------


async def test_a_client_that_leaves_ends_the_call_at_the_gateway_and_is_booked_at_most_at_its_ceiling() -> None:
    async def without_end(peer: Peer, _: Request) -> None:
        await peer.send(head() + b"".join(map(chunk, M_STREAM[:4])))
        await peer.wait_until_left()

    ended = asyncio.Event()

    def tell(event: object) -> None:
        events.append(event)
        if isinstance(event, RelayCallEnded):
            ended.set()

    events: list[object] = []
    body = json.dumps(body_of(M, MODEL_OF[M])).encode()
    async with raw_server(without_end) as gateway, relaying(gateway.base_url, tell=tell) as relay:
        headers = {"x-api-key": relay.client.key}
        async with relay.http.post(relay.origin + M.standard_path, data=body, headers=headers) as answer:
            await answer.content.readany()
            answer.close()
        await ended.wait()
        await gateway.peers[0].has_left.wait()
        assert relay.client.in_flight == 0
    begun, end = events[0], events[-1]
    assert isinstance(begun, RelayCallBegun)
    assert isinstance(end, RelayCallEnded)
    assert (end.is_cut, end.tokens) == (True, len(body) // 3 + 1 + 64)


LEFT_AT = {R: 0, M: 0, C: 1}
"""How many events follow the one that has the usage, once an answer has said how it ends."""


@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_an_agent_that_leaves_once_its_answer_is_complete_has_cut_nothing_off(family: EndpointFamily) -> None:
    events = [*opening(family, MODEL_OF[family]), content(family, "O", model=MODEL_OF[family])]
    events += closing(family, "O", MODEL_OF[family])
    sent = events[: len(events) - LEFT_AT[family]]

    async def without_end(peer: Peer, _: Request) -> None:
        await peer.send(head(200, "x-request-id: req-1") + b"".join(map(chunk, sent)))
        await peer.wait_until_left()

    end, ended = await leave(without_end, family, sent[-1])
    assert (end.is_cut, end.result.status, end.tokens) == (False, SmokeStatus.PASSED, 5)
    assert not [each for each in end.result.findings if each.severity is not Severity.INFO]
    assert ended == 0


async def test_an_agent_that_leaves_before_it_is_told_the_usage_is_booked_at_the_ceiling() -> None:
    events = [*opening(C, MODEL_OF[C]), content(C, "O", model=MODEL_OF[C]), *closing(C, "O", MODEL_OF[C])[:1]]

    async def without_end(peer: Peer, _: Request) -> None:
        await peer.send(head(200, "x-request-id: req-1") + b"".join(map(chunk, events)))
        await peer.wait_until_left()

    end, _ = await leave(without_end, C, events[-1])
    assert (end.is_cut, end.result.status) == (True, SmokeStatus.UNKNOWN)
    assert end.tokens > 64


async def leave(script: Script, family: EndpointFamily, last: bytes) -> tuple[RelayCallEnded, int]:
    """Leave once an event has arrived; return how the call ended, and how many are still in flight."""
    ended: asyncio.Future[RelayCallEnded] = asyncio.get_running_loop().create_future()

    def tell(event: object) -> None:
        if isinstance(event, RelayCallEnded):
            ended.set_result(event)

    body = json.dumps(body_of(family, MODEL_OF[family])).encode()
    async with raw_server(script) as gateway, relaying(gateway.base_url, tell=tell) as relay:
        headers = {"x-api-key": relay.client.key}
        async with relay.http.post(relay.origin + family.standard_path, data=body, headers=headers) as answer:
            await answer.content.readuntil(last)
            answer.close()
        return await ended, relay.client.in_flight


async def test_a_compressed_answer_is_an_outage_and_not_a_broken_connection() -> None:
    answer = whole(200, gzip.compress(b"{}"), "content-encoding: gzip")
    async with raw_server(answer_with(answer)) as gateway, relaying(gateway.base_url) as relay:
        got = await relay.post(M.standard_path, body_of(M, "critic"))
    assert (got.status, json.loads(got.body)["error"]["type"]) == (502, "api_error")


async def test_a_page_of_another_origin_without_a_key_learns_nothing() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        asked = {"origin": "http://evil.example", "host": "evil.example", "access-control-request-method": "POST"}
        async with relay.http.options(relay.origin + "/v1/models", headers=asked) as answer:
            assert answer.status == 401
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert gateway.requests == []
