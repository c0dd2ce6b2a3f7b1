"""The relay as an HTTP server: what is not HTTP, clients of other versions and habits, times and memory."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from support.gateway.servers import (
    END,
    Peer,
    Request,
    answer_with,
    chunk,
    closing,
    content,
    good_stream,
    head,
    opening,
    raw_server,
    streamed,
    whole,
)
from support.relay.relays import MODEL_OF, C, M, R, Relaying, body_of, relaying
from support.system.loop_clock import Clock, held_loop_clock

from console.domain.relay.call import RelayCallBegun, RelayCallEnded, RelayCallRefused
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.services.relay.relay import RelayRules
from console.services.relay.server import BODY_LIMIT

pytestmark = pytest.mark.usefixtures("no_trust_store")
BODY = json.dumps(body_of(R, MODEL_OF[R])).encode()
LENGTH = f"content-length: {len(BODY)}"


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


class Raw:
    """A connection to a relay on which a test writes every byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        self.reader = reader
        self.writer = writer
        self._key = key

    @classmethod
    async def open(cls, relay: Relaying) -> "Raw":
        return cls(*await asyncio.open_connection("127.0.0.1", urlsplit(relay.origin).port), relay.client.key)

    def ask(self, *lines: str, first: str = "POST /v1/responses HTTP/1.1", body: bytes = b"") -> None:
        self.writer.write(
            "\r\n".join([first, "host: x", f"authorization: Bearer {self._key}", *lines, "", ""]).encode() + body
        )

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (("transfer-encoding: chunked", "content-length: 5"), chunk(BODY) + END),
        ((LENGTH, LENGTH), BODY),
        ((LENGTH, "x" * 9000), BODY),
        (("transfer-encoding: chunked",), b"zz\r\n"),
        ((LENGTH, "content-encoding: gzip"), BODY),
    ],
)
async def test_what_is_not_http_is_refused_in_a_shape_that_clients_read(lines: tuple[str, ...], body: bytes) -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        raw = await Raw.open(relay)
        raw.ask(*lines, body=body)
        told, refusal = (await raw.reader.read()).split(b"\r\n\r\n")  # the relay closes: what follows has no beginning
        raw.writer.close()
    assert told.split(b" ")[1] == b"400"
    assert b"x-should-retry: false" in told
    assert json.loads(refusal)["error"]["code"] == "invalid_body"
    [refused] = relay.events
    assert isinstance(refused, RelayCallRefused)
    assert (refused.reason, gateway.requests) == (RefusedFor.BODY, [])


async def test_no_tunnel_is_opened() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        raw = await Raw.open(relay)
        raw.ask("content-length: 0", first=f"CONNECT {urlsplit(gateway.base_url).netloc} HTTP/1.1")
        told = await raw.head()
        raw.writer.close()
    assert told.startswith(b"HTTP/1.1 404 ")
    assert gateway.connections == 0


async def test_a_stream_for_an_older_client_ends_with_its_connection() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        raw = await Raw.open(relay)
        raw.ask(LENGTH, "connection: keep-alive", first="POST /v1/responses HTTP/1.0", body=BODY)
        told, _, stream = (await raw.reader.read()).partition(b"\r\n\r\n")
        raw.writer.close()
    assert b"keep-alive" not in told
    assert b"transfer-encoding" not in told
    assert stream.endswith(b"\n\n")
    assert len(gateway.requests) == 1


async def test_a_client_that_waits_for_a_continue_is_told_first_whether_its_call_is_refused() -> None:
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        raw = await Raw.open(relay)
        raw.ask(LENGTH, "expect: 100-continue")
        assert (await raw.head()).startswith(b"HTTP/1.1 100 ")
        raw.writer.write(BODY)
        assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
        raw.writer.close()
        for status, lines, first in (
            (b"400", (f"content-length: {100 * 1024 * 1024}",), "POST /v1/responses HTTP/1.1"),
            (b"404", (LENGTH,), "POST /v1/embeddings HTTP/1.1"),
        ):
            raw = await Raw.open(relay)
            raw.ask(*lines, "expect: 100-continue", first=first)
            assert (await raw.head()).split(b" ")[1] == status
            raw.writer.close()
    assert len(gateway.requests) == 1


async def test_the_head_of_an_answer_arrives_before_its_first_byte() -> None:
    seen = asyncio.Event()

    async def slowly(peer: Peer, _: Request) -> None:
        await peer.send(head())
        await seen.wait()
        await peer.send(chunk(b"data: 1\n\n") + END)

    async with raw_server(slowly) as gateway, relaying(gateway.base_url) as relay:
        headers = {"x-api-key": relay.client.key}
        async with relay.http.post(relay.origin + R.standard_path, data=BODY, headers=headers) as answer:
            seen.set()
            assert await answer.read() == b"data: 1\n\n"


async def test_a_client_that_closes_its_half_has_left() -> None:
    """As with nginx and uvicorn: most who close their half are gone, and the answer would be paid for."""

    async def without_end(peer: Peer, _: Request) -> None:
        await peer.wait_until_left()

    ended = asyncio.Event()
    events: list[object] = []

    def tell(event: object) -> None:
        events.append(event)
        if isinstance(event, RelayCallEnded):
            ended.set()

    async with raw_server(without_end) as gateway, relaying(gateway.base_url, tell=tell) as relay:
        raw = await Raw.open(relay)
        raw.ask(LENGTH, body=BODY)
        await gateway.came.wait()
        raw.writer.write_eof()
        await gateway.peers[0].has_left.wait()
        await ended.wait()
        raw.writer.close()
    assert [type(each) for each in events] == [RelayCallBegun, RelayCallEnded]


async def test_counting_tokens_is_one_of_a_clients_calls() -> None:
    count = "/v1/messages/count_tokens"
    body = body_of(M, MODEL_OF[M])
    async with (
        raw_server(answer_with(whole(200, {"input_tokens": 3}))) as gateway,
        relaying(gateway.base_url, call_limit=2) as relay,
    ):
        got = [(await relay.post(path, body)).status for path in (count, M.standard_path, count)]
        assert (got, relay.client.in_flight) == ([200, 200, 400], 0)
    assert len(gateway.requests) == 2


# --- Times -----------------------------------------------------------------------------------------------------------


async def test_a_model_may_think_for_longer_than_the_gateways_own_calls_wait(clock: Clock) -> None:
    async def think(peer: Peer, _: Request) -> None:
        await peer.send(head() + chunk(b"".join(opening(R, MODEL_OF[R]))))
        for _ in range(100):
            clock.now += 1.0
            await asyncio.sleep(0)
        await peer.send(b"".join(map(chunk, [content(R, "O"), *closing(R, "O", MODEL_OF[R])])) + END)

    times = {"idle_timeout_s": 30.0, "deadline_s": 60.0}
    async with raw_server(think) as gateway, relaying(gateway.base_url, gateway_times=times) as relay:
        got = await relay.post(R.standard_path, BODY)
    assert got.status == 200
    assert b"response.completed" in got.body


async def test_a_gateway_that_stays_silent_is_an_outage_that_names_the_relays_own_setting(clock: Clock) -> None:
    async def ignore(peer: Peer, _: Request) -> None:
        await clock.run_until_done(peer.wait_until_left())

    async with (
        raw_server(ignore) as gateway,
        relaying(gateway.base_url, rules=RelayRules(idle_timeout_s=30.0)) as relay,
    ):
        got = await relay.post(R.standard_path, BODY)
    assert got.status == 504
    assert "raise relay.idle_timeout_s" in str(got.error["message"])
    assert len(gateway.requests) == 1


# --- Memory ----------------------------------------------------------------------------------------------------------

DELTAS, EARLY, WINDOW = 12_000, 4_000, 200
ALLOWED_GROWTH = 16 * 1024
"""In bytes, within 8,000 deltas: three bytes that are kept of each are too many."""


@pytest.mark.parametrize("family", [R, *(pytest.param(each, marks=pytest.mark.long) for each in (M, C))])
async def test_a_long_stream_takes_no_more_memory_at_its_end_than_at_its_beginning(family: EndpointFamily) -> None:
    read = asyncio.Semaphore(0)
    model = MODEL_OF[family]

    async def flow(peer: Peer, _: Request) -> None:
        await peer.send(head() + chunk(b"".join(opening(family, model))))
        for number in range(DELTAS // WINDOW):
            for each in range(0, WINDOW, 4):
                at = number * WINDOW + each
                await peer.send(b"".join(chunk(content(family, f"{at + n:0100}", model=model)) for n in range(4)))
                await asyncio.sleep(0)  # so that these are read by themselves
            await read.acquire()
        await peer.send(END)

    least: dict[int, int] = {}
    marker, seen = f"{0:0100}"[:90].encode(), 0
    body = json.dumps(body_of(family, model)).encode()
    async with raw_server(flow) as gateway, relaying(gateway.base_url, tell=lambda _: None) as relay:
        tracemalloc.start()
        try:
            headers = {"x-api-key": relay.client.key}
            async with relay.http.post(relay.origin + family.standard_path, data=body, headers=headers) as answer:
                rest = b""
                async for data in answer.content.iter_any():
                    *whole_events, rest = (rest + data).split(b"\n\n")
                    seen += sum(marker in each for each in whole_events)
                    if seen and seen % WINDOW == 0 and whole_events:
                        at = EARLY if seen <= EARLY else DELTAS
                        if seen in range(EARLY - 2000, EARLY + 1) or seen > DELTAS - 2000:
                            now = tracemalloc.get_traced_memory()[0]
                            least[at] = min(least.get(at, now), now)
                        read.release()
        finally:
            tracemalloc.stop()
    assert seen == DELTAS
    assert least[DELTAS] - least[EARLY] < ALLOWED_GROWTH


@pytest.mark.parametrize("says_its_length", [True, False])
async def test_a_request_of_100_mb_is_refused_within_the_cap(says_its_length: bool) -> None:
    size, block = 100 * 1024 * 1024, b" " * 65_536
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(size // len(block)):
            sent += len(block)
            yield block

    async with raw_server(answer_with(streamed())) as gateway, relaying(gateway.base_url) as relay:
        headers = {"x-api-key": relay.client.key} | ({"content-length": str(size)} if says_its_length else {})
        tracemalloc.start()
        try:
            async with relay.http.post(relay.origin + M.standard_path, data=body(), headers=headers) as answer:
                refusal = await answer.json()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (answer.status, refusal["error"]["type"]) == (413, "request_too_large")
    assert gateway.requests == []
    assert peak < (BODY_LIMIT // 8 if says_its_length else 1.5 * BODY_LIMIT)
