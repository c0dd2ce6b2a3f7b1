"""The time of one call by a held clock: a stall costs the idle timeout, and a long answer that flows is no timeout."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.gateway.opened import opened
from support.gateway.servers import (
    END,
    Peer,
    Request,
    chunk,
    closing,
    content,
    head,
    opening,
    raw_server,
    stay_silent,
    whole,
)
from support.probes.smoking import TOKEN, patient, smoke_once
from support.system.loop_clock import Clock, held_loop_clock

from console.domain.errors.category import Blame, Category
from console.domain.probes.event import AnswerStarted, OutputReceived, RequestWritten
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.call import Chunk, read_whole
from console.services.gateway.call_watch import CallWatch
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.options import CallTimes
from console.services.gateway.tls import verifying_context

C = EndpointFamily.CHAT_COMPLETIONS
IDLE_S, WIDE_S = 20.0, 600.0
pytestmark = pytest.mark.usefixtures("no_trust_store")


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    with held_loop_clock() as clock:
        yield clock


def test_a_long_answer_of_a_run_fits_the_default_time_and_a_stall_costs_a_tenth_of_it() -> None:
    usual = GatewaySettings()
    assert usual.deadline_s > 4096 / 20
    assert usual.idle_timeout_s <= usual.deadline_s / 10


async def test_an_answer_that_flows_for_minutes_passes(clock: Clock) -> None:
    seen = asyncio.Event()

    async def slowly(peer: Peer, _: Request) -> None:
        await peer.send(head(200, "x-request-id: req-1") + chunk(b"".join(opening(C))))
        await seen.wait()
        for _ in range(30):
            clock.now += IDLE_S - 3
            await peer.send(chunk(content(C, "O")))
            await asyncio.sleep(0)
        await peer.send(chunk(b"".join(closing(C))) + END)

    async with raw_server(slowly) as server:
        result = await smoke_once(
            server.base_url, C, clock=clock, idle_timeout_s=IDLE_S, deadline_s=WIDE_S, seen={AnswerStarted: seen}
        )
    assert result.status is SmokeStatus.PASSED


async def test_a_stall_within_the_answer_ends_at_the_idle_timeout_and_says_what_came(clock: Clock) -> None:
    seen = asyncio.Event()
    begun = b"".join([*opening(C), content(C, "O")])

    async def stall(peer: Peer, _: Request) -> None:
        await peer.send(head(200) + chunk(begun))
        await seen.wait()
        await clock.run_until_done(peer.wait_until_left())

    async with raw_server(stall) as server:
        result = await smoke_once(
            server.base_url, C, clock=clock, idle_timeout_s=IDLE_S, deadline_s=WIDE_S, seen={OutputReceived: seen}
        )
    found = result.classification
    assert found is not None
    assert (found.category, found.blame) == (Category.TIMEOUT, Blame.GATEWAY)
    assert found.evidence == (
        f"nothing arrived for 20 s (idle_timeout_s); until then {len(begun):,} bytes had come within 0.0 s"
    )
    assert "may have been billed" in found.action
    assert "gateway.idle_timeout_s" in found.action


async def test_an_answer_that_never_begins_ends_at_the_idle_timeout(clock: Clock) -> None:
    written = asyncio.Event()

    async def ignore(peer: Peer, _: Request) -> None:
        await written.wait()
        await clock.run_until_done(peer.wait_until_left())

    async with raw_server(ignore) as server:
        result = await smoke_once(
            server.base_url, C, clock=clock, idle_timeout_s=IDLE_S, deadline_s=WIDE_S, seen={RequestWritten: written}
        )
    assert result.classification is not None
    assert result.classification.evidence == (
        "nothing arrived for 20 s (idle_timeout_s); not one byte of the answer had come"
    )


async def test_an_answer_that_flows_beyond_the_total_is_said_to_flow(clock: Clock) -> None:
    seen = asyncio.Event()

    async def for_ever(peer: Peer, _: Request) -> None:
        await peer.send(head(200) + chunk(b"".join(opening(C))))
        await seen.wait()
        while not peer.writer.is_closing():
            clock.now += 1.0
            await peer.send(chunk(content(C, "O")))
            await asyncio.sleep(0)

    async with raw_server(for_ever) as server:
        result = await smoke_once(
            server.base_url, C, clock=clock, idle_timeout_s=IDLE_S, deadline_s=60.0, seen={AnswerStarted: seen}
        )
    found = result.classification
    assert found is not None
    assert (found.category, found.blame) == (Category.TIMEOUT, Blame.CONFIG)
    assert found.evidence.startswith("no complete answer within 60 s (deadline_s); it was flowing: ")
    assert found.action.startswith("Raise gateway.deadline_s")
    assert "may have been billed" in found.action


async def test_a_whole_call_has_the_idle_timeout_in_all(clock: Clock) -> None:
    async def drip(peer: Peer, _: Request) -> None:
        await peer.send(whole(200, b" " * 9_000)[:-8_999])
        while not peer.writer.is_closing():
            clock.now += 1.0
            await peer.send(b" ")
            await asyncio.sleep(0)

    async with raw_server(drip) as server:
        options = patient(base_url=server.base_url, idle_timeout_s=IDLE_S, deadline_s=WIDE_S)
        async with Gateway(server.base_url, Secret(TOKEN), options, clock=clock) as gateway:
            with pytest.raises(CallError) as caught:
                await read_whole(gateway.call("/v1/models", None, None), limit=100_000)
    assert caught.value.classification.evidence.startswith("no complete answer within 20 s (idle_timeout_s); it was")


async def test_what_has_arrived_while_its_reader_was_busy_is_no_stall(clock: Clock) -> None:
    async def begin(peer: Peer, request: Request) -> None:
        await peer.send(head(200) + chunk(b"one"))
        await stay_silent(peer, request)

    async with raw_server(begin) as server, opened(server.base_url, verifying_context()) as call:
        watch = CallWatch(CallTimes(WIDE_S, IDLE_S), is_stream=True)
        watch.guard(call.content)
        watch.take(len(await call.content.read(3)))
        await server.peers[0].send(chunk(b"two"))
        await call.until_read(6)
        clock.now += IDLE_S + 1
        await asyncio.sleep(0)
        assert watch.take(len(await call.content.read(3))) == 6
        more = asyncio.ensure_future(call.content.read(3))
        await clock.run_until_done(more)
        watch.end()
        with pytest.raises(CallError) as caught:
            await more
    assert caught.value.classification.evidence.startswith("nothing arrived for 20 s (idle_timeout_s); until then 6 b")


async def test_one_timer_watches_a_whole_body(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), []
    call_at, seen = loop.call_at, asyncio.Event()

    def counted(when: float, call: Callable[..., object], *given: Any, **more: Any) -> asyncio.TimerHandle:
        timers.append(getattr(call, "__self__", None))
        return call_at(when, call, *given, **more)

    async def flow(peer: Peer, _: Request) -> None:
        await peer.send(head(200))
        for _ in range(100):
            await peer.send(chunk(b"x"))
            await seen.wait()
            seen.clear()
        await peer.send(END)

    async with (
        raw_server(flow) as server,
        Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway,
    ):
        monkeypatch.setattr(loop, "call_at", counted)
        chunks = 0
        async for part in gateway.call("/v1/x", C, b"{}", stream=True):
            if isinstance(part, Chunk):
                chunks += 1
                seen.set()
    assert chunks == 100
    assert len([each for each in timers if isinstance(each, CallWatch)]) == 1
