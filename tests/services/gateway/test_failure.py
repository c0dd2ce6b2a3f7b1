"""What the gateway does wrong: each ends in one category, in our words, after exactly one request."""

import asyncio
import gzip
from collections.abc import AsyncIterator

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
    connection_server,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    streamed,
    typed,
    unused_port,
    whole,
)
from support.probes.smoking import ids, smoke_all, smoke_once, table
from support.system.loop_clock import Clock, held_loop_clock

from console.domain.errors.category import Category, Confidence
from console.domain.probes.event import AnswerStarted, OutputReceived, RequestWritten
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role

pytestmark = pytest.mark.usefixtures("no_trust_store")

R = EndpointFamily.RESPONSES
PAGE = b"<!doctype html><html><title>Sign in</title></html>"
BEGUN = [*opening(R), content(R, "O")]


def error(kind: str, code: str = "", message: str = "") -> dict[str, object]:
    return {"error": {"type": kind, "code": code, "message": message}}


# --- Answers that are refusals, no answers, or half of one -----------------------------------------------------------

FAILURES: dict[str, tuple[Script, Category, SmokeStatus, list[str]]] = {
    "wrong_token": (
        answer_with(whole(401, error("invalid_request_error", "invalid_api_key"))),
        Category.ACCOUNT_AUTH,
        SmokeStatus.BLOCKED,
        [],
    ),
    "wrong_token_said_in_a_stream": (
        answer_with(streamed(typed("error", **error("authentication_error")), status=401)),
        Category.ACCOUNT_AUTH,
        SmokeStatus.BLOCKED,
        [],
    ),
    "forbidden": (answer_with(whole(403, b"no")), Category.ACCOUNT_PERMISSION, SmokeStatus.BLOCKED, []),
    "no_such_family": (answer_with(whole(404, b"")), Category.ENDPOINT_DRIFT, SmokeStatus.BLOCKED, []),
    "no_such_path": (
        answer_with(whole(404, error("invalid_request_error", "", "Invalid URL (POST /v1/v1/responses)"))),
        Category.ROUTE_MISSING,
        SmokeStatus.BLOCKED,
        [],
    ),
    "no_price": (
        answer_with(whole(500, error("new_api_error", "model_price_error"))),
        Category.ACCOUNT_PRICING,
        SmokeStatus.BLOCKED,
        [],
    ),
    "too_many_calls": (
        answer_with(whole(429, error("rate_limit_error"), "retry-after: 0")),
        Category.RATE_LIMIT,
        SmokeStatus.FAILED,
        [],
    ),
    "server_error": (
        answer_with(whole(500, b"", content_type="text/plain")),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        [],
    ),
    "down_with_a_page": (
        answer_with(whole(502, PAGE, content_type="text/html")),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        ["COM-T-03"],
    ),
    "busy": (
        answer_with(whole(503, b"", "retry-after: 0", content_type="text/plain")),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        [],
    ),
    "upstream_timed_out": (
        answer_with(whole(504, b"", content_type="text/plain")),
        Category.TIMEOUT,
        SmokeStatus.FAILED,
        [],
    ),
    "json_promised_and_nothing_sent": (
        answer_with(whole(503, b"")),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        [],
    ),
    "web_page": (
        answer_with(whole(200, PAGE, content_type="text/html; charset=utf-8")),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["COM-T-03"],
    ),
    "not_streamed": (
        answer_with(whole(200, {"object": "response"})),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["COM-T-04"],
    ),
    "error_in_a_whole_200": (
        answer_with(whole(200, error("insufficient_quota", "insufficient_quota"))),
        Category.ACCOUNT_QUOTA,
        SmokeStatus.BLOCKED,
        [],
    ),
    "empty_stream": (
        answer_with(streamed()),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "cut_cleanly": (
        answer_with(streamed(*BEGUN)),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "cut_within_an_event": (
        answer_with(streamed(*BEGUN, closing(R)[0][:-20])),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "cut_before_the_empty_line_of_the_last_event": (
        answer_with(streamed(*BEGUN, closing(R)[0][:-1])),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "closed_within_the_body": (
        answer_and_close(head(200) + b"".join(map(chunk, BEGUN))),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "closed_within_a_body_without_length": (
        answer_and_close(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + b"".join(BEGUN)),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "closed_before_the_promised_length": (
        answer_and_close(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n" + b"".join(BEGUN)
        ),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        ["RSP-STREAM-08"],
    ),
    "broken_chunk_size": (
        answer_with(head(200) + chunk(BEGUN[0]) + b"zz\r\n"),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        [],
    ),
    "closed_without_an_answer": (
        answer_and_close(b""),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        [],
    ),
    "reset_without_an_answer": (
        answer_and_reset(b""),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        [],
    ),
    "closed_within_the_head": (
        answer_and_close(b"HTTP/1.1 200 OK\r\ncontent-ty"),
        Category.UPSTREAM_UNAVAILABLE,
        SmokeStatus.FAILED,
        [],
    ),
    "no_http": (answer_and_close(b"SSH-2.0-x\r\n\r\n"), Category.CONTRACT_VIOLATION, SmokeStatus.FAILED, []),
    "a_head_line_of_20_kb": (
        answer_with(whole(200, b"", "x-long: " + "x" * 20_000)),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        [],
    ),
    "compressed": (
        answer_with(
            whole(200, gzip.compress(b"".join(BEGUN)), "content-encoding: gzip", content_type="text/event-stream")
        ),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        [],
    ),
    "no_utf8": (
        answer_with(streamed(b"data: \xff\xfe\n\n")),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["COM-O-01"],
    ),
    "no_json": (
        answer_with(streamed(b"data: {]\n\n", *closing(R))),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["COM-O-01"],
    ),
    "another_familys_stream": (
        answer_with(good_stream(EndpointFamily.CHAT_COMPLETIONS)),
        Category.CONTRACT_VIOLATION,
        SmokeStatus.FAILED,
        ["COM-B-02"],
    ),
}


@pytest.mark.parametrize(("script", "category", "status", "findings"), FAILURES.values(), ids=FAILURES.keys())
async def test_a_failure_has_its_category_and_was_asked_for_once(
    script: Script, category: Category, status: SmokeStatus, findings: list[str]
) -> None:
    async with raw_server(script) as server:
        result = await smoke_once(server.base_url)
    assert result.classification is not None
    assert (result.classification.category, result.status) == (category, status)
    assert set(findings) <= set(ids(result))
    assert len(server.requests) == server.connections == result.requests_sent == 1
    assert result.classification.action


@pytest.mark.parametrize("script", [answer_and_close(b""), answer_and_reset(b"")], ids=["closed", "reset"])
async def test_a_connection_that_ends_without_an_answer_may_have_cost_something(script: Script) -> None:
    async with raw_server(script) as server:
        result = await smoke_once(server.base_url)
    assert result.classification is not None
    assert result.classification.evidence == "the gateway closed the connection without an answer"
    assert "may have been billed" in result.classification.action
    assert (result.http_status, result.requests_sent) == (None, 1)


@pytest.mark.parametrize(
    ("encoding", "is_refused"), [("gzip", True), ("br", True), ("GZIP", True), ("identity", False)]
)
async def test_a_compressed_answer_is_refused_as_such_and_not_unpacked(encoding: str, is_refused: bool) -> None:
    body = b"".join([*BEGUN, *closing(R)])
    data = gzip.compress(body) if is_refused else body
    answer = whole(200, data, f"content-encoding: {encoding}", content_type="text/event-stream")
    async with raw_server(answer_with(answer)) as server:
        result = await smoke_once(server.base_url)
    evidence = result.classification.evidence if result.classification else ""
    assert ("it is compressed" in evidence) is is_refused
    assert (result.status is SmokeStatus.PASSED) is not is_refused


async def test_a_reset_within_the_stream_is_a_lost_connection_that_may_have_been_billed() -> None:
    answered = asyncio.Event()

    async def reset_when_seen(peer: Peer, _: Request) -> None:
        await peer.send(head(200) + chunk(b"".join(BEGUN)))
        await answered.wait()
        peer.reset()

    async with raw_server(reset_when_seen) as server:
        result = await smoke_once(server.base_url, seen={OutputReceived: answered})
    assert result.classification is not None
    assert result.classification.category is Category.UPSTREAM_UNAVAILABLE
    assert "may have been billed" in result.classification.action
    assert result.classification.can_pass_later
    assert "RSP-STREAM-08" in ids(result)
    assert result.http_status == 200
    assert len(server.requests) == 1


ERROR_EVENTS = [
    (R, typed("error", code="rate_limit_exceeded", message="slow down"), Category.RATE_LIMIT),
    (
        R,
        typed("response.failed", response={"status": "failed", "error": {"code": "server_error", "message": "x"}}),
        Category.UPSTREAM_UNAVAILABLE,
    ),
    (
        EndpointFamily.ANTHROPIC_MESSAGES,
        typed("error", error={"type": "overloaded_error", "message": "Overloaded"}),
        Category.UPSTREAM_UNAVAILABLE,
    ),
    (
        EndpointFamily.CHAT_COMPLETIONS,
        b'data: {"error": {"code": "insufficient_quota", "message": "x"}}\n\n',
        Category.ACCOUNT_QUOTA,
    ),
]


@pytest.mark.parametrize(("family", "event", "category"), ERROR_EVENTS)
@pytest.mark.parametrize("after_content", [False, True])
async def test_an_error_event_inside_a_200_is_an_error(
    family: EndpointFamily, event: bytes, category: Category, after_content: bool
) -> None:
    before = [*opening(family), content(family, "O")] if after_content else []
    async with raw_server(answer_with(streamed(*before, event))) as server:
        result = await smoke_once(server.base_url, family)
    assert result.classification is not None
    assert result.classification.category is category
    assert result.http_status == 200
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_other_address_gets_nothing(status: int) -> None:
    async with raw_server(answer_with(good_stream(R))) as other:
        redirect = whole(status, b"", f"location: {other.base_url}/v1/responses")
        async with raw_server(answer_with(redirect)) as server:
            result = await smoke_once(server.base_url)
    assert result.classification is not None
    assert result.classification.category is Category.ORIGIN_REFUSED
    assert result.status is SmokeStatus.BLOCKED
    assert str(status) in result.classification.evidence
    assert (len(server.requests), other.connections) == (1, 0)


async def test_a_connection_that_dies_is_not_tried_again_and_none_is_used_twice() -> None:
    async def answer_the_first_only(peer: Peer, _: Request) -> None:
        if len(server.requests) == 1:
            await peer.send(whole(401, error("authentication_error")))
        else:
            peer.writer.close()

    async with raw_server(answer_the_first_only) as server:
        events = await smoke_all(server.base_url, routes=table(R, Role.PLANNER, Role.WRITER), concurrency=1)
    categories = [event.result.classification.category for event in events if hasattr(event, "result")]
    assert categories == [Category.ACCOUNT_AUTH, Category.UPSTREAM_UNAVAILABLE]
    assert (len(server.requests), server.connections) == (2, 2)


# --- No gateway ------------------------------------------------------------------------------------------------------


async def test_a_closed_port_is_said_so() -> None:
    with unused_port() as holder:
        result = await smoke_once(f"http://127.0.0.1:{holder.getsockname()[1]}")
    assert result.classification is not None
    assert result.classification.category is Category.UPSTREAM_UNAVAILABLE
    assert "refused the connection" in result.classification.evidence
    assert (result.requests_sent, result.http_status, result.ttft_ms) == (0, None, None)


async def test_an_unknown_host_name_is_said_so() -> None:
    result = await smoke_once("https://nonexistent.invalid")
    assert result.classification is not None
    assert result.classification.category is Category.UPSTREAM_UNAVAILABLE
    assert "the host name nonexistent.invalid is not known" in result.classification.evidence
    assert result.requests_sent == 0


# --- Answers without measure -----------------------------------------------------------------------------------------


def send_for_ever(first: bytes, block: bytes) -> Script:
    """Return a script that never stops sending, until the client ends the connection."""

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(first)
        while True:
            await peer.send(block)

    return script


BIG_EVENT = typed("x", filling="x" * 500_000)
FLOODS: dict[str, tuple[Script, str]] = {
    "endless_line": (send_for_ever(head(200), chunk(b"data: " + b"x" * 60_000)), "COM-O-01"),
    "endless_event": (send_for_ever(head(200), chunk(b"data: " + b"x" * 60_000 + b"\n")), "COM-O-01"),
    "endless_events": (send_for_ever(head(200), chunk(b'data: {"type":"x"}\n\n' * 1_000)), "COM-O-01"),
    "endless_head": (send_for_ever(b"HTTP/1.1 200 OK\r\n", b"x-filling: x\r\n" * 500), "its head"),
    "endless_head_line": (send_for_ever(b"HTTP/1.1 200 OK\r\nx: ", b"x" * 60_000), "its head"),
}


OVER_SIZED = {
    "comments": send_for_ever(head(200), chunk(b": keep-alive\n\n" * 4_000)),
    "large_events": send_for_ever(head(200), chunk(BIG_EVENT)),
    "whole_body": send_for_ever(head(200, content_type="application/json"), chunk(b"[" * 60_000)),
}


@pytest.mark.parametrize(("script", "evidence"), FLOODS.values(), ids=FLOODS)
async def test_an_answer_without_end_is_given_up_at_a_cap(script: Script, evidence: str) -> None:
    async with raw_server(script) as server:
        result = await smoke_once(server.base_url)
    assert_given_up(result, evidence)
    assert len(server.requests) == 1


@pytest.mark.parametrize("script", OVER_SIZED.values(), ids=OVER_SIZED)
async def test_an_answer_without_end_is_given_up_at_its_size(script: Script) -> None:
    async with raw_server(script) as server:
        result = await smoke_once(server.base_url, body_limit=1024 * 1024)
    assert_given_up(result, "larger than 1 MB")
    assert len(server.requests) == 1


async def test_an_answer_may_have_8_mb_and_not_one_byte_more() -> None:
    async with raw_server(answer_with(answer_of(8 * 1024 * 1024))) as server:
        assert (await smoke_once(server.base_url)).status is SmokeStatus.PASSED
    async with raw_server(answer_with(answer_of(8 * 1024 * 1024 + 1))) as server:
        assert_given_up(await smoke_once(server.base_url), "larger than 8 MB")


def answer_of(size: int) -> bytes:
    """Return a good stream whose body has a size: comments precede its events."""
    comment, events = b":" + b"x" * 65_534 + b"\n", b"".join([*BEGUN, *closing(R)])
    times, left = divmod(size - len(events), len(comment))
    body = comment * times + comment[-left:] + events
    return head(200, "x-request-id: req-1") + chunk(body) + END


def assert_given_up(result: SmokeResult, evidence: str) -> None:
    assert result.classification is not None
    assert result.classification.category is Category.CONTRACT_VIOLATION
    assert evidence in result.classification.evidence


# --- Answers that take too long --------------------------------------------------------------------------------------

DEADLINE_S = 30.0


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


def drip(clock: Clock, first: bytes, drop: bytes, seen: asyncio.Event | None = None) -> Script:
    """Return a script that sends a drop a second, by a held clock, to the deadline and, for a while, behind it.

    The first second begins once `seen` is set, where there is one.
    """

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(first)
        if seen is not None:
            await seen.wait()
        for second in range(2 * int(DEADLINE_S)):
            clock.now = min(float(second), DEADLINE_S)
            await peer.send(drop)
            await asyncio.sleep(0)
        peer.writer.close()

    return script


SLOW: dict[str, tuple[bytes, bytes]] = {
    "no_answer": (b"", b""),
    "half_a_head": (b"HTTP/1.1 200 OK\r\ncontent-", b""),
    "head_only": (head(200), b""),
    "beginning_only": (head(200) + chunk(b"".join(BEGUN)), b""),
    "half_an_event": (head(200) + chunk(BEGUN[0][:10]), b""),
    "pings_for_ever": (head(200), chunk(b": ping\n\n")),
    "content_for_ever": (head(200), chunk(content(R, "O"))),
    "head_byte_by_byte": (b"HTTP/1.1 200 OK\r\nx-slow: ", b"x"),
}


@pytest.mark.parametrize(("first", "drop"), SLOW.values(), ids=SLOW)
async def test_the_deadline_ends_a_call_however_the_gateway_keeps_it_alive(
    clock: Clock, first: bytes, drop: bytes
) -> None:
    async with raw_server(drip(clock, first, drop)) as server:
        result = await smoke_once(server.base_url, clock=clock, deadline_s=DEADLINE_S)
    assert result.classification is not None
    assert (result.classification.category, result.status) == (Category.TIMEOUT, SmokeStatus.FAILED)
    assert result.classification.evidence.startswith("no complete answer within 30 s (deadline_s); ")
    assert "billed" in result.classification.action
    assert result.total_ms == DEADLINE_S * 1000
    assert result.requests_sent == len(server.requests) == 1


REFUSED = head(500, content_type="application/json")


@pytest.mark.parametrize(
    ("first", "drop"),
    [(REFUSED + chunk(b'{"err'), b""), (REFUSED, chunk(b" "))],
    ids=["without_end", "dripping"],
)
async def test_a_refusal_whose_body_takes_too_long_stays_one(clock: Clock, first: bytes, drop: bytes) -> None:
    seen = asyncio.Event()
    async with raw_server(drip(clock, first, drop, seen)) as server:
        result = await smoke_once(server.base_url, clock=clock, deadline_s=DEADLINE_S, seen={AnswerStarted: seen})
    assert_undecided_refusal(result)
    assert result.total_ms == DEADLINE_S * 1000
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [send_for_ever(REFUSED, chunk(b" " * 60_000)), answer_and_close(REFUSED + chunk(b'{"err'))],
    ids=["endless", "cut"],
)
async def test_a_refusal_whose_body_has_no_end_stays_one(script: Script) -> None:
    async with raw_server(script) as server:
        result = await smoke_once(server.base_url)
    assert_undecided_refusal(result)
    assert len(server.requests) == 1


def assert_undecided_refusal(result: SmokeResult) -> None:
    found = result.classification
    assert found is not None
    assert (found.category, found.confidence) == (Category.CONTRACT_VIOLATION, Confidence.UNDECIDABLE)
    assert Category.UPSTREAM_UNAVAILABLE in found.other_readings
    assert (found.retryable, found.stops, result.http_status) == (False, True, 500)


async def test_a_bare_404_on_a_familys_path_may_be_the_family_or_the_address() -> None:
    async with raw_server(answer_with(whole(404, b"", content_type="text/plain"))) as server:
        result = await smoke_once(server.base_url)
    assert result.classification is not None
    assert result.classification.category is Category.ENDPOINT_DRIFT
    assert result.classification.other_readings == (Category.ROUTE_MISSING,)


async def test_a_gateway_that_accepts_and_never_reads_is_a_timeout(clock: Clock) -> None:
    written = asyncio.Event()

    async def ignore(_: Peer) -> None:
        await written.wait()
        clock.now = DEADLINE_S
        await asyncio.Event().wait()

    async with connection_server(ignore) as server:
        result = await smoke_once(server.base_url, clock=clock, deadline_s=DEADLINE_S, seen={RequestWritten: written})
    assert result.classification is not None
    assert result.classification.category is Category.TIMEOUT
    assert "billed" in result.classification.action
    assert server.connections == 1


async def test_a_gateway_that_never_ends_the_tls_handshake_runs_into_the_time_to_connect(clock: Clock) -> None:
    async def swallow(peer: Peer) -> None:
        await clock.run_until_done(peer.wait_until_left())

    async with connection_server(swallow) as server:
        address = server.base_url.replace("http:", "https:")
        result = await smoke_once(address, connect_timeout_s=5.0, deadline_s=DEADLINE_S)
    assert result.classification is not None
    assert result.classification.category is Category.TIMEOUT
    assert result.classification.evidence == "no connection within 5 s"
    assert "Nothing was sent" in result.classification.action
    assert result.requests_sent == 0


async def test_an_end_just_before_the_deadline_is_still_in_time(clock: Clock) -> None:
    async def slow_but_whole(peer: Peer, _: Request) -> None:
        await peer.send(head(200) + chunk(b"".join(BEGUN)))
        clock.now = DEADLINE_S - 1
        await peer.send(chunk(b"".join(closing(R))) + END)

    async with raw_server(slow_but_whole) as server:
        result = await smoke_once(server.base_url, clock=clock, deadline_s=DEADLINE_S)
    assert result.status is SmokeStatus.PASSED
    assert result.total_ms == (DEADLINE_S - 1) * 1000
