"""What streams cost as they arrive: `python -m tests.bench.live [ROUNDS]`.

50 streams of 100 deltas a second each, one HTTP chunk a delta: the network, masking with a token, decoding, judging and
the fold of what is drawn. The figures are the share of a core, and how late the event loop woke up, over the seconds in
which all streams run. The anchor reads the same streams with aiohttp and decodes each event with msgspec: what any
client pays for reading one delta at a time.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec

from console.domain.probes.event import RoutesChecked, SmokeFinished
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.client import Gateway
from console.services.probes.request import text_request
from console.services.probes.smoke import call_route
from console.services.system.collection import keep_loaded
from console.view.console_state import ConsoleState

from .harness.measuring import Row, percentile, print_rows, rounds_of, row
from .harness.paced import paced, path_of

STREAMS, PER_S, STREAM_S = 50, 100, 6.0
WAIT_MS = 500
BEGIN_S, WINDOW_S = 1.0, 5.0
"""When the window begins after the calls, and how long it is: all streams run within it."""
PROBE_S = 0.005
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


def _path(number: int) -> str:
    return path_of(f"c{number}", wait_ms=WAIT_MS, gap_ms=1000 / PER_S, deltas=int(STREAM_S * PER_S))


async def _window(calls: Callable[[int], Awaitable[None]]) -> tuple[float, float]:
    """Run all calls; return the share of a core in % and the loop's lag in ms, 99th percentile, of the window."""
    running = [asyncio.ensure_future(calls(number)) for number in range(STREAMS)]
    await asyncio.sleep(BEGIN_S)
    begun, cpu, lags = time.perf_counter(), time.process_time(), []
    while (before := time.perf_counter()) < begun + WINDOW_S:
        await asyncio.sleep(PROBE_S)
        lags.append(max(0.0, time.perf_counter() - before - PROBE_S) * 1000)
    share = 100 * (time.process_time() - cpu) / (time.perf_counter() - begun)
    await asyncio.gather(*running)
    return share, percentile(lags, 99)


async def _own(base_url: str) -> tuple[float, float]:
    async with Gateway(base_url, Secret(TOKEN), GatewaySettings()) as gateway:

        async def call(number: int) -> None:
            route = Route(Role.WRITER, "chat-route", EndpointFamily.CHAT_COMPLETIONS, _path(number))
            state = ConsoleState("bench").apply(RoutesChecked(check(RouteTable((route,)))))
            async for event in call_route(route, gateway, text_request(route, 16)):
                state = state.apply(event)
                if isinstance(event, SmokeFinished):
                    assert event.result.status is SmokeStatus.PASSED, event.result

        return await _window(call)


async def _aiohttp(base_url: str) -> tuple[float, float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:

        async def call(number: int) -> None:
            rest, count = b"", 0
            async with session.post(base_url + _path(number), data=b"{}") as answer:
                async for data in answer.content.iter_any():
                    *events, rest = (rest + data).split(b"\n\n")
                    for event in events:
                        if event.startswith(b"data: {"):
                            msgspec.json.decode(event[6:])
                            count += 1
            assert count > STREAM_S * PER_S, count

        return await _window(call)


def measure(rounds: int) -> dict[str, Row]:
    """Return the share of a core and the loop's lag."""
    ours, theirs = [], []
    with paced() as base_url:
        for number in range(rounds + 1):
            keep_loaded()  # as the console does before it calls
            own, other = asyncio.run(_own(base_url)), asyncio.run(_aiohttp(base_url))
            if number:  # the first round warms up
                ours.append(own)
                theirs.append(other)
    return {
        what: row([each[place] for each in ours], [each[place] for each in theirs], "aiohttp + msgspec", unit)
        for place, (what, unit) in enumerate((("CPU", "% of a core"), ("lag p99", "ms")))
    }


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))
