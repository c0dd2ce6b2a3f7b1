"""Smoke tests on real sockets: what passes, what is measured, and what a token's echo leaves behind: nothing."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from support.gateway.servers import (
    END,
    Peer,
    Request,
    Script,
    answer_with,
    chat_chunk,
    chunk,
    closing,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    stay_silent,
    streamed,
    typed,
    whole,
)
from support.probes.smoking import FAMILIES, TOKEN, ids, result_in, smoke_all, smoke_once, smoking, table
from support.system.loop_clock import Clock, held_loop_clock

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.probes.event import (
    AnswerStarted,
    BudgetSpent,
    LoopLagMeasured,
    OutputReceived,
    RequestWritten,
    SmokeEvent,
    SmokeFinished,
    SmokeStarted,
)
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

pytestmark = pytest.mark.usefixtures("no_trust_store")

DEADLINE_S = 30.0
R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


def kinds(events: list[SmokeEvent]) -> list[type]:
    return [type(event) for event in events]


def text_of(events: list[SmokeEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, OutputReceived))


# --- What passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_good_stream_passes_with_its_events_in_order(family: EndpointFamily) -> None:
    async with raw_server(answer_with(good_stream(family))) as server:
        events = await smoke_all(server.base_url, family)
    assert kinds(events) == [
        SmokeStarted,
        RequestWritten,
        AnswerStarted,
        OutputReceived,
        SmokeFinished,
        BudgetSpent,
        LoopLagMeasured,
    ]
    result = result_in(events)
    assert (result.status, result.classification, ids(result)) == (SmokeStatus.PASSED, None, [])
    assert (result.http_status, result.requests_sent, result.model_reported) == (200, 1, "m")
    assert (result.input_tokens, result.output_tokens, result.request_id) == (3, 2, "req-1")
    assert result.finish == {R: "completed", M: "end_turn", C: "stop"}[family]


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_answer_that_comes_byte_by_byte_is_read_the_same(family: EndpointFamily) -> None:
    words = "Grüße, 世界 👋"
    body = b"".join([*opening(family), content(family, words), *closing(family, words)])
    body = body.replace(json.dumps(words).encode(), json.dumps(words, ensure_ascii=False).encode())

    async def byte_by_byte(peer: Peer, _: Request) -> None:
        for byte in head(200, "x-request-id: req-1"):
            await peer.send(bytes([byte]))
        for byte in body:
            await peer.send(chunk(bytes([byte])))
        await peer.send(END)

    async with raw_server(byte_by_byte) as server:
        events = await smoke_all(server.base_url, family)
    assert text_of(events) == words
    assert (result_in(events).status, ids(result_in(events))) == (SmokeStatus.PASSED, [])


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_stream_of_65_pieces_comes_out_in_order(family: EndpointFamily) -> None:
    pieces = [f"{number} " for number in range(65)]
    async with raw_server(answer_with(good_stream(family, *pieces))) as server:
        events = await smoke_all(server.base_url, family)
    outputs = [event for event in events if isinstance(event, OutputReceived)]
    assert "".join(event.text for event in outputs) == "".join(pieces)
    assert sum(event.pieces for event in outputs) == len(pieces)


async def test_a_chat_stream_without_its_done_marker_passes_with_a_warning() -> None:
    finish, usage, _ = closing(C)
    async with raw_server(answer_with(streamed(*opening(C), content(C, "O"), finish, usage))) as server:
        result = await smoke_once(server.base_url, C)
    assert (result.status, ids(result)) == (SmokeStatus.PASSED, ["CHT-STREAM-06"])


@pytest.mark.parametrize("ping", [b"", chunk(b": ping\n\n")], ids=["silent", "pinging"])
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_connection_that_stays_open_after_the_end_passes_with_a_warning_and_soon(
    clock: Clock, family: EndpointFamily, ping: bytes
) -> None:
    seen = asyncio.Event()

    async def keep_open(peer: Peer, _: Request) -> None:
        await peer.send(good_stream(family).removesuffix(END))
        await seen.wait()
        while clock.now < 2 * DEADLINE_S:
            clock.now += 0.1
            await peer.send(ping)
            await asyncio.sleep(0)

    async with raw_server(keep_open) as server:
        result = await smoke_once(server.base_url, family, deadline_s=DEADLINE_S, seen={OutputReceived: seen})
        assert clock.now < DEADLINE_S / 2
    assert (result.status, ids(result)) == (SmokeStatus.PASSED, ["COM-T-05"])


async def test_a_deadline_that_falls_into_the_open_end_does_not_undo_a_complete_answer(clock: Clock) -> None:
    seen = asyncio.Event()

    async def stay_open(peer: Peer, _: Request) -> None:
        await peer.send(good_stream(R).removesuffix(END))
        await seen.wait()
        await clock.run_until_done(peer.wait_until_left(), step_s=0.1)

    async with raw_server(stay_open) as server:
        result = await smoke_once(server.base_url, deadline_s=1.5, seen={OutputReceived: seen})
    assert result.status is SmokeStatus.PASSED


async def test_a_stop_at_the_token_limit_passes_with_a_warning() -> None:
    finish = chat_chunk({}, finish="length")
    stream = streamed(*opening(C), content(C, "O"), finish, *closing(C)[1:])
    async with raw_server(answer_with(stream)) as server:
        result = await smoke_once(server.base_url, C)
    assert (result.status, ids(result), result.finish) == (SmokeStatus.PASSED, ["COM-U-02"], "length")


@pytest.mark.parametrize(
    ("asked", "said", "warned"),
    [
        ("gpt-x", "gpt-x", False),
        ("gpt-x", "gpt-x-2026-01-31", False),
        ("vendor/gpt-x", "gpt-x", False),
        ("gpt-x-latest", "gpt-x-20260131", False),
        ("gpt-x", "gpt-x-mini", True),
        ("gpt-x", "gpt-y", True),
    ],
)
async def test_an_answer_from_another_model_is_warned_of(asked: str, said: str, warned: bool) -> None:
    async with raw_server(answer_with(good_stream(R, model=said))) as server:
        result = await smoke_once(server.base_url, routes=table(R, model=asked))
    assert result.status is SmokeStatus.PASSED
    assert ids(result) == (["COM-B-01"] if warned else [])
    assert result.model_reported == said


@pytest.mark.parametrize(
    ("header", "request_id"),
    [
        ("x-request-id: abc-1", "abc-1"),
        ("request-id: abc-2", "abc-2"),
        ("x-oneapi-request-id: abc-3", "abc-3"),
        ("x-litellm-call-id: abc-4", "abc-4"),
        ("x-other: abc", None),
        ("x-request-id: has spaces", None),
        ("x-request-id: <b>", None),
        ("x-request-id: " + "x" * 129, None),
        ("x-request-id: \u00e9\u00ff", None),
    ],
)
async def test_a_request_id_is_kept_only_where_it_has_the_form_of_one(header: str, request_id: str | None) -> None:
    stream = streamed(*opening(R), content(R, "O"), *closing(R), headers=(header,))
    async with raw_server(answer_with(stream)) as server:
        result = await smoke_once(server.base_url)
    assert result.status is SmokeStatus.PASSED
    assert result.request_id == request_id
    assert ids(result) == ([] if request_id else ["COM-H-01"])


@pytest.mark.parametrize("model", ["\x1b[31mred", "gpt\u202ex", "<script>", "a" * 201, ""])
async def test_a_model_name_without_the_form_of_one_is_not_kept(model: str) -> None:
    async with raw_server(answer_with(good_stream(R, model=model))) as server:
        result = await smoke_once(server.base_url)
    assert result.model_reported is None


async def test_a_route_with_drift_is_held_and_nothing_is_sent() -> None:
    drift = RouteTable((Route(Role.REVIEWER, "gpt-5-pro", C, "/v1/chat/completions"),))
    async with raw_server(answer_with(good_stream(C))) as server:
        events = await smoke_all(server.base_url, routes=drift)
    result = result_in(events)
    assert kinds(events) == [SmokeFinished, LoopLagMeasured]
    assert server.connections == 0
    assert (result.status, result.requests_sent, result.total_ms) == (SmokeStatus.BLOCKED, 0, None)
    assert result.classification is not None
    assert result.classification.category is Category.ENDPOINT_DRIFT
    assert [finding.severity for finding in result.findings] == [Severity.FAIL]


# --- Times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_first_token_is_timed_at_the_first_content_and_not_at_headers_roles_or_pings(
    family: EndpointFamily,
) -> None:
    clock = Clock()
    steps = {AnswerStarted: asyncio.Event(), OutputReceived: asyncio.Event()}

    async def step_by_step(peer: Peer, _: Request) -> None:
        clock.now = 1.0
        await peer.send(head(200, "x-request-id: req-1") + chunk(b"".join([b": ping\n\n", *opening(family)])))
        await steps[AnswerStarted].wait()
        clock.now = 3.0
        await peer.send(chunk(content(family, "O")))
        await steps[OutputReceived].wait()
        clock.now = 7.0
        await peer.send(chunk(content(family, "K")) + chunk(b"".join(closing(family, "OK"))) + END)

    async with raw_server(step_by_step) as server:
        events = await smoke_all(server.base_url, family, clock=clock, seen=steps)
    result = result_in(events)
    times = (result.request_written_ms, result.first_byte_ms, result.ttft_ms, result.total_ms)
    assert times == (0.0, 1_000.0, 3_000.0, 7_000.0)
    assert [event.ttft_ms for event in events if isinstance(event, OutputReceived)] == [3_000.0, 3_000.0]
    assert [event.first_byte_ms for event in events if isinstance(event, AnswerStarted)] == [1_000.0]


@pytest.mark.parametrize("family", FAMILIES)
async def test_times_of_a_real_call_are_in_order(family: EndpointFamily) -> None:
    async with raw_server(answer_with(good_stream(family))) as server:
        result = await smoke_once(server.base_url, family)
    assert result.request_written_ms is not None
    assert result.first_byte_ms is not None
    assert result.ttft_ms is not None
    assert result.total_ms is not None
    assert 0 <= result.first_byte_ms <= result.ttft_ms <= result.total_ms
    assert 0 < result.request_written_ms < result.total_ms


async def test_reasoning_counts_as_the_first_token_and_is_marked() -> None:
    stream = streamed(*opening(C), content(C, "think", reasoning=True), content(C, "O"), *closing(C))
    async with raw_server(answer_with(stream)) as server:
        events = await smoke_all(server.base_url, C)
    outputs = [(event.text, event.is_reasoning) for event in events if isinstance(event, OutputReceived)]
    assert outputs == [("think", True), ("O", False)]


async def test_an_answer_without_content_fails_and_has_no_time_to_first_token() -> None:
    async with raw_server(answer_with(streamed(*opening(R), *closing(R)))) as server:
        result = await smoke_once(server.base_url)
    assert (result.status, result.ttft_ms, ids(result)) == (SmokeStatus.FAILED, None, ["RSP-STREAM-05"])


async def test_the_request_is_shown_as_written_before_the_gateway_answers() -> None:
    seen = asyncio.Event()

    async def answer_when_seen(peer: Peer, _: Request) -> None:
        await seen.wait()
        await peer.send(good_stream(R))

    async with raw_server(answer_when_seen) as server:
        events = await smoke_all(server.base_url, seen={RequestWritten: seen})
    assert kinds(events)[:3] == [SmokeStarted, RequestWritten, AnswerStarted]
    assert result_in(events).status is SmokeStatus.PASSED


# --- A gateway that gives the token back -----------------------------------------------------------------------------


def pieces_of(token: str, size: int) -> list[str]:
    return [token[start : start + size] for start in range(0, len(token), size)]


ECHOES: dict[str, bytes] = {
    "output": good_stream(R, f"your token is {TOKEN}, is it not"),
    "output_in_two_pieces": good_stream(R, "your token is " + TOKEN[:9], TOKEN[9:] + "!"),
    "output_letter_by_letter": good_stream(R, *TOKEN, *TOKEN),
    "output_in_threes_of_a_messages_stream": good_stream(M, *pieces_of("x" + TOKEN + "y", 3)),
    "output_of_a_cut_stream": streamed(*opening(R), content(R, TOKEN[:20]), content(R, TOKEN[20:])),
    "escaped_output": streamed(
        *opening(C),
        b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % "".join(f"\\u{ord(c):04x}" for c in TOKEN).encode(),
        *closing(C),
    ),
    "reasoning": streamed(*opening(C), content(C, TOKEN, reasoning=True), content(C, "O"), *closing(C)),
    "model_name": good_stream(R, model=TOKEN),
    "model_name_with_more": good_stream(R, model=f"gpt-{TOKEN}-x"),
    "request_id": streamed(*opening(R), content(R, "O"), *closing(R), headers=(f"x-request-id: {TOKEN}",)),
    "request_id_with_more": streamed(*opening(R), *closing(R), headers=(f"request-id: req.{TOKEN}",)),
    "finish": streamed(*opening(C), content(C, "O"), chat_chunk({}, finish=TOKEN), b"data: [DONE]\n\n"),
    "error_body": whole(401, {"error": {"message": f"bad key {TOKEN}", "type": TOKEN, "code": TOKEN}}),
    "error_body_of_another_shape": whole(400, {"detail": f"bad key {TOKEN}"}),
    "error_page": whole(502, f"<html>{TOKEN}</html>".encode(), content_type="text/html"),
    "error_event": streamed(*opening(R), typed("error", code=TOKEN, message=TOKEN, param=TOKEN)),
    "event_name": streamed(b"event: " + TOKEN.encode() + b'\ndata: {"a": 1}\n\n'),
    "no_json": streamed(b"data: " + TOKEN.encode() + b"\n\n"),
    "head": whole(500, b"", f"{TOKEN}: {TOKEN}", f"set-cookie: a={TOKEN}", content_type=TOKEN),
    "redirect": whole(302, b"", f"location: http://127.0.0.2/{TOKEN}"),
    "no_http": f"{TOKEN}\r\n\r\n".encode(),
}


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES.keys())
async def test_a_token_that_the_gateway_gives_back_is_in_no_event(answer: bytes) -> None:
    async def close_after(peer: Peer, _: Request) -> None:
        await peer.send(answer)
        peer.writer.close()

    family = M if b"message_start" in answer else C if b"choices" in answer else R
    async with raw_server(close_after) as server:
        events = await smoke_all(server.base_url, family)
    assert server.requests[0].header("authorization") == f"Bearer {TOKEN}"
    assert TOKEN not in repr(events)
    assert TOKEN not in text_of(events)
    assert any(isinstance(event, SmokeFinished) for event in events)


async def test_the_output_around_a_masked_token_stays() -> None:
    async with raw_server(answer_with(good_stream(R, f"your token is {TOKEN}, is it not"))) as server:
        events = await smoke_all(server.base_url)
    assert text_of(events) == "your token is •••, is it not"


async def test_output_that_only_begins_like_the_token_is_shown_whole() -> None:
    words = f"{TOKEN[:6]} and {TOKEN[:9]}"
    async with raw_server(answer_with(good_stream(R, *words))) as server:
        events = await smoke_all(server.base_url)
    assert text_of(events) == words


# --- Many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_no_more_calls_are_in_flight_than_allowed_and_no_fewer(concurrency: int) -> None:
    in_flight = most = 0
    full = asyncio.Event()

    async def count(peer: Peer, _: Request) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        if in_flight == concurrency:
            full.set()
        await full.wait()
        in_flight -= 1
        await peer.send(good_stream(R))

    live = most_live = 0
    async with (
        raw_server(count) as server,
        smoking(server.base_url, table(R, *Role), concurrency=concurrency) as stream,
    ):
        async for event in stream:
            live += isinstance(event, SmokeStarted) - isinstance(event, SmokeFinished)
            most_live = max(most_live, live)
    assert (most, most_live) == (concurrency, concurrency)
    assert len(server.requests) == len(Role)


async def test_one_failing_route_leaves_the_others_alone() -> None:
    async def fail_for_the_critic(peer: Peer, request: Request) -> None:
        await peer.send(good_stream(R) if b'"m"' in request.body else whole(500, b""))

    routes = RouteTable(tuple(Route(role, "x" if role is Role.CRITIC else "m", R, "/v1/responses") for role in Role))
    async with raw_server(fail_for_the_critic) as server:
        events = await smoke_all(server.base_url, routes=routes)
    failed = [event.result.key for event in events if isinstance(event, SmokeFinished) and event.result.classification]
    assert failed == [Role.CRITIC]
    assert len(server.requests) == len(Role)


@pytest.mark.parametrize(
    ("until", "script"),
    [
        (RequestWritten, stay_silent),
        (AnswerStarted, None),
    ],
)
async def test_ending_a_smoke_early_ends_its_connections(until: type, script: Script | None) -> None:
    async def begin_and_wait(peer: Peer, request: Request) -> None:
        await peer.send(head(200))
        await stay_silent(peer, request)

    async with raw_server(script or begin_and_wait) as server:
        async with smoking(server.base_url, table(R, *Role), concurrency=2) as stream:
            async for event in stream:
                if isinstance(event, until):
                    break
        await asyncio.gather(*(peer.has_left.wait() for peer in server.peers))
    assert 1 <= server.connections <= 2


async def test_cancelling_a_smoke_ends_its_connection() -> None:
    async with raw_server(stay_silent) as server:
        task = asyncio.create_task(smoke_all(server.base_url))
        await server.came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.peers[0].has_left.wait()
    assert len(server.requests) == 1
