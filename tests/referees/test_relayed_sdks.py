"""The official SDKs cannot tell the relay from the gateway: the same call, straight and through the relay."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import pytest
from support.gateway.servers import (
    END,
    Peer,
    RawServer,
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
    whole,
)
from support.gateway.servers import streamed as stream_of
from support.probes.smoking import TOKEN
from support.referees.sdk_caller import BROKEN, MESSAGES, Sdks, Seen, arguments, sdks, seen, streamed
from support.referees.sdk_caller import whole as whole_call
from support.relay.relays import MODEL_OF, C, M, R, relaying
from support.wire.golden import to_bytes
from support.wire.golden_bodies import GOLDEN_BODIES
from support.wire.golden_streams import ALL_GOLDEN
from support.wire.golden_streams import BROKEN as BROKEN_STREAMS

from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee

Ask = Callable[[Sdks], Awaitable[Seen]]
IDS = ("x-request-id: up-1", "request-id: up-2", "openai-processing-ms: 7", "anthropic-organization-id: org")
LIMITS = ("retry-after: 0", "x-ratelimit-remaining-requests: 0", "anthropic-ratelimit-requests-remaining: 0")
WHOLE = {each.family: each.body for each in reversed(GOLDEN_BODIES)}
_CALLERS_OWN = {"authorization", "x-api-key"}
"""Headers with a key: the client's own is for the relay, the gateway's token is added there."""
_OF_A_HOP = {"host", "accept-encoding", "connection"}


@dataclass(frozen=True)
class Both:
    """What a user saw of the gateway itself and of the relay, and what the gateway was sent by each."""

    direct: Seen
    relayed: Seen
    asked: list[Request]
    passed: list[Request]

    def assert_alike(self) -> None:
        assert self.relayed == self.direct
        assert list(map(_sent, self.passed)) == list(map(_sent, self.asked))


def _sent(request: Request) -> tuple[object, ...]:
    kept = sorted(pair for pair in request.headers if pair[0] not in _CALLERS_OWN | _OF_A_HOP)
    return request.method, request.path, request.body, kept


async def both(script: Script, ask: Ask, *, retries: int = 0) -> Both:
    """Ask the gateway and then the relay."""
    async with raw_server(script) as gateway:
        async with sdks(gateway.base_url, TOKEN, retries=retries) as straight:
            direct = await ask(straight)
        asked, gateway.requests = gateway.requests, []
        async with (
            relaying(gateway.base_url) as relay,
            sdks(relay.origin, relay.client.key, retries=retries) as through,
        ):
            relayed = await ask(through)
        assert not any(relay.client.key in str(each) for each in gateway.requests)
        return Both(direct, relayed, asked, gateway.requests)


def in_turn(*answers: bytes) -> Script:
    """Return a script that gives its answers in turn, and begins again after the last."""
    number = 0

    async def script(peer: Peer, _: Request) -> None:
        nonlocal number
        await peer.send(answers[number % len(answers)])
        number += 1

    return script


# --- Answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("golden", ALL_GOLDEN, ids=lambda each: f"{each.family} {each.name}")
async def test_every_dialect_of_a_stream(golden: Any) -> None:
    answer = stream_of(*to_bytes(golden.frames).splitlines(keepends=True), headers=IDS)
    got = await both(answer_with(answer), lambda each: streamed(each, golden.family))
    assert got.direct.status == 200
    got.assert_alike()


@pytest.mark.parametrize("golden", GOLDEN_BODIES, ids=lambda each: f"{each.family} {each.name}")
async def test_every_dialect_of_a_whole_answer(golden: Any) -> None:
    got = await both(answer_with(whole(200, golden.body, *IDS)), lambda each: whole_call(each, golden.family))
    assert got.direct.values
    got.assert_alike()


@pytest.mark.parametrize("broken", BROKEN_STREAMS, ids=lambda each: each.name)
async def test_every_error_that_is_told_within_a_stream(broken: Any) -> None:
    got = await both(
        answer_with(stream_of(to_bytes(broken.frames), headers=IDS)), lambda each: streamed(each, broken.family)
    )
    got.assert_alike()


TOOLS: dict[EndpointFamily, dict[str, Any]] = {
    R: {"tools": [{"type": "function", "name": "run", "parameters": {"type": "object"}}], "tool_choice": "required"},
    M: {"tools": [{"name": "run", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}},
    C: {"tools": [{"type": "function", "function": {"name": "run", "parameters": {}}}], "tool_choice": "required"},
}
MORE: dict[str, tuple[EndpointFamily, dict[str, Any]]] = {
    **{f"tools {family}": (family, tools) for family, tools in TOOLS.items()},
    **{f"more than the SDK knows {family}": (family, {
        "extra_headers": {"anthropic-beta": "one,two", "x-own": "kept", "Idempotency-Key": "i1"},
        "extra_query": {"beta": "true", "tag": ["a", "ä b"]},
        "extra_body": {"own": {"deep": [1.50, None, "\u2028é😀"]}},
    }) for family in EndpointFamily},
    **{f"12 MB {family}": (family, {"extra_body": {"metadata": {"own": "lorem ipsum " * 1_000_000}}})
       for family in EndpointFamily},
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
async def test_what_is_sent_arrives_byte_for_byte(name: str) -> None:
    family, more = MORE[name]
    script = answer_with(good_stream(family, model=MODEL_OF[family]))
    got = await both(script, lambda each: streamed(each, family, **more))
    assert got.direct.error == ""
    got.assert_alike()


async def test_the_helpers_and_the_beta_of_the_sdks() -> None:
    async def ask(each: Sdks) -> Seen:
        async def call(found: Seen) -> None:
            async with each.anthropic.messages.stream(**arguments(M)) as messages:
                found.take(await messages.get_final_message())
            async with each.openai.responses.stream(**arguments(R)) as responses:
                found.take(await responses.get_final_response())
            async with each.openai.chat.completions.stream(**arguments(C)) as chat:
                found.take(await chat.get_final_completion())
            beta = await each.anthropic.beta.messages.create(
                betas=["context-1m-2025-08-07"], stream=True, **arguments(M)
            )
            async for event in beta:
                found.take(event)

        return await seen(call)

    async def script(peer: Peer, request: Request) -> None:
        family = next(family for family in EndpointFamily if request.path.startswith(family.standard_path))
        await peer.send(good_stream(family, model=MODEL_OF[family]))

    got = await both(script, ask)
    assert got.direct.error == ""
    assert [each.path.partition("?")[0] for each in got.asked] == [each.standard_path for each in (M, R, C, M)]
    assert got.asked[-1].header("anthropic-beta") == "context-1m-2025-08-07"
    got.assert_alike()


async def test_counting_tokens() -> None:
    async def ask(each: Sdks) -> Seen:
        async def call(found: Seen) -> None:
            raw = await each.anthropic.messages.with_raw_response.count_tokens(model=MODEL_OF[M], messages=MESSAGES)
            found.take_head(raw.http_response)
            found.take(await parsed if isawaitable(parsed := raw.parse()) else parsed)

        return await seen(call)

    for answer in (whole(200, {"input_tokens": 3}, *IDS), whole(501, {"type": "error", "error": {"type": "x"}}, *IDS)):
        (await both(answer_with(answer), ask)).assert_alike()


# --- Errors ----------------------------------------------------------------------------------------------------------

ODD = (
    b'{ "error":\t{"type": "x", "code": "y", "message": "prompt is too long: 1 > 0 \\u00e9 \xc3\xa9"},\n "own": null }'
)
ERRORS: dict[str, bytes] = {
    **{str(status): whole(status, ODD, *IDS, *LIMITS)
       for status in (400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 424, 429, 500, 501, 502, 503, 504, 529)},
    "html": whole(502, b"<html>\r\n<h1>Bad</h1>\x00\xff", *IDS, content_type="text/html"),
    "empty": whole(503, b"", *IDS),
    "plain text": whole(400, "zu groß".encode(), *IDS, content_type="text/plain; charset=utf-8"),
    "a list": whole(400, b'[{"error": {"message": "no"}}]', *IDS),
    "in chunks": stream_of(ODD[:9], ODD[9:], headers=IDS, status=400),
    "200 and not JSON": whole(200, b"ok", *IDS, content_type="text/plain"),
    "200 and an error": whole(200, ODD, *IDS),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("family", [R, M])
@pytest.mark.parametrize("call", [whole_call, streamed])
async def test_every_error_byte_for_byte(name: str, family: EndpointFamily, call: Callable[..., Any]) -> None:
    got = await both(answer_with(ERRORS[name]), lambda each: call(each, family))
    if not name.startswith("200"):
        assert got.direct.error
        assert got.direct.told[3] in ("up-1", "up-2")
    got.assert_alike()


RETRIED: dict[str, tuple[tuple[bytes, ...], int]] = {
    "asked again until it is answered": (
        (whole(429, ODD, "retry-after-ms: 1"), whole(503, ODD, "retry-after-ms: 1"), good_stream(R)), 3
    ),
    "given up": ((whole(500, ODD, "retry-after-ms: 1"),) * 3, 3),
    "told not to": ((whole(500, ODD, "x-should-retry: false"),), 1),
    "told to": ((whole(400, ODD, "x-should-retry: true", "retry-after-ms: 1"), good_stream(R)), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", RETRIED)
async def test_an_sdk_asks_again_as_often_as_it_would_ask_the_gateway(name: str) -> None:
    answers, tries = RETRIED[name]
    got = await both(in_turn(*answers), lambda each: streamed(each, R), retries=2)
    assert len(got.asked) == tries
    got.assert_alike()


# --- Connections -----------------------------------------------------------------------------------------------------

CUT = {family: [*opening(family, MODEL_OF[family]), content(family, "Hi")] for family in EndpointFamily}
ENDS: dict[str, Callable[[EndpointFamily], Script]] = {
    "reset": lambda family: answer_and_reset(head(200, *IDS) + b"".join(map(chunk, CUT[family]))),
    "closed": lambda family: answer_and_close(head(200, *IDS) + b"".join(map(chunk, CUT[family]))),
    "cut in its length": lambda family: answer_and_close(
        whole(200, b"".join(CUT[family]) + b" " * 9, content_type="text/event-stream")[:-9]
    ),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_an_answer_that_breaks_off_is_never_taken_for_whole(name: str, family: EndpointFamily) -> None:
    got = await both(ENDS[name](family), lambda each: streamed(each, family))
    assert (got.direct.error, got.relayed.error) == (BROKEN, BROKEN)
    assert got.relayed.headers == got.direct.headers
    assert got.relayed.values == got.direct.values[: len(got.relayed.values)]  # before a reset some is lost by chance


@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_a_stream_that_ends_without_its_last_event_or_with_its_connection(family: EndpointFamily) -> None:
    ends_early = stream_of(*CUT[family], headers=IDS)
    plain = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + b"".join(CUT[family])
    for script in (answer_with(ends_early), answer_and_close(plain)):
        (await both(script, lambda each: streamed(each, family))).assert_alike()


@contextlib.asynccontextmanager
async def either(script: Script, *, is_relayed: bool) -> AsyncIterator[tuple[RawServer, Sdks]]:
    """Open the SDKs on a gateway itself, or on a relay before it."""
    async with raw_server(script) as gateway, contextlib.AsyncExitStack() as stack:
        origin, key = gateway.base_url, TOKEN
        if is_relayed:
            relay = await stack.enter_async_context(relaying(gateway.base_url))
            origin, key = relay.origin, relay.client.key
        yield gateway, await stack.enter_async_context(sdks(origin, key))


either_way = pytest.mark.parametrize("is_relayed", [False, True])


@either_way
@pytest.mark.parametrize("family", list(EndpointFamily))
async def test_each_event_arrives_before_the_next_one_is_sent(family: EndpointFamily, is_relayed: bool) -> None:
    read = asyncio.Semaphore(0)

    async def step_by_step(peer: Peer, _: Request) -> None:
        await peer.send(head(200, *IDS) + chunk(b"".join(opening(family))))
        for number in range(20):
            await peer.send(chunk(b": ping\n\n") + chunk(content(family, f"{number};")))
            await read.acquire()
        await peer.send(b"".join(map(chunk, closing(family))) + END)

    async with either(step_by_step, is_relayed=is_relayed) as (_, each):
        stream = await each.resource(family).create(stream=True, **arguments(family))
        async for event in stream:
            if ";" in json.dumps(event.model_dump()):
                read.release()


@either_way
@pytest.mark.parametrize("family", list(EndpointFamily))
@pytest.mark.parametrize("begun", [False, True])
async def test_a_caller_that_cancels_ends_the_call_at_the_gateway(
    family: EndpointFamily, begun: bool, is_relayed: bool
) -> None:
    async def without_end(peer: Peer, _: Request) -> None:
        if begun:
            await peer.send(head(200, *IDS) + b"".join(map(chunk, CUT[family])))
        await peer.wait_until_left()

    reading = asyncio.Event()
    async with either(without_end, is_relayed=is_relayed) as (gateway, each):

        async def call() -> None:
            async for _ in await each.resource(family).create(stream=True, **arguments(family)):
                reading.set()

        task = asyncio.create_task(call())
        await (reading if begun else gateway.came).wait()
        task.cancel()
        await asyncio.wait({task})
        await gateway.peers[0].has_left.wait()
        assert len(gateway.requests) == 1


@either_way
async def test_fifty_calls_at_once_get_their_own_answers(is_relayed: bool) -> None:
    async def echo(peer: Peer, request: Request) -> None:
        family = next(family for family in EndpointFamily if request.path == family.standard_path)
        await peer.send(good_stream(family, json.loads(request.body)["own"], model=MODEL_OF[family]))

    async with either(echo, is_relayed=is_relayed) as (gateway, each):
        calls = [(list(EndpointFamily)[number % 3], f"nonce-{number}-") for number in range(50)]
        got = await asyncio.gather(*(streamed(each, family, extra_body={"own": word}) for family, word in calls))
    assert [word in json.dumps(one.values) for (_, word), one in zip(calls, got, strict=True)] == [True] * 50
    assert len(gateway.requests) == 50


@either_way
async def test_a_reader_that_is_slow_gets_all_of_a_large_stream(is_relayed: bool) -> None:
    """The gateway is held back as well: 16 MB that no one reads yet are not kept in between."""
    piece, pieces = content(C, "x" * 8_000), 2_000
    sent = 0

    async def flood(peer: Peer, _: Request) -> None:
        nonlocal sent
        await peer.send(head(200, *IDS) + chunk(b"".join(opening(C))))
        for _ in range(pieces):
            await peer.send(chunk(piece))
            sent += 1
        await peer.send(b"".join(map(chunk, closing(C))) + END)

    async with either(flood, is_relayed=is_relayed) as (_, each):
        stream = await each.openai.chat.completions.create(stream=True, **arguments(C))
        before = -1
        while before < sent:  # until the gateway can send no more: each buffer on the way is full
            before = sent
            for _ in range(500):
                await asyncio.sleep(0)
        assert sent < pieces
        got = sum(len(event.choices[0].delta.content or "") for event in [e async for e in stream] if event.choices)
    assert got == 8_000 * pieces
