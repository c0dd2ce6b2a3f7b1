"""How wrong the console's time to first token is: `python -m tests.bench.ttft [ROUNDS]`.

So many paced streams run at once, each with 50 deltas a second. The console's own figure of each call, from its result,
is held against the time at which the server handed the first delta to the kernel. On 127.0.0.1 nothing lies between
the two but the kernel. Each round gives the 99th percentile of the errors, in ms. Beside it is what an aiohttp client
notes, which does nothing but look at the clock when a read gives the first delta.
"""

import asyncio
import sys
import time

import aiohttp

from console.domain.probes.event import SmokeFinished
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.client import Gateway
from console.services.probes.request import text_request
from console.services.probes.smoke import call_route
from console.services.system.collection import keep_loaded

from .harness.measuring import Row, percentile, print_rows, rounds_of, row
from .harness.paced import paced, path_of, stamps

STREAMS = (1, 50, 200, 500)
ALONE = 50
"""How many calls one after the other make a round of one stream: a percentile needs several."""
WAIT_MS, GAP_MS, DELTAS = 300, 20, 50
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])


def _path(number: int, streams: int) -> str:
    is_alone = streams == 1
    return path_of(f"c{number}", wait_ms=20 if is_alone else WAIT_MS, gap_ms=GAP_MS, deltas=1 if is_alone else DELTAS)


async def _own(gateway: Gateway, number: int, streams: int) -> float:
    route = Route(Role.WRITER, "chat-route", EndpointFamily.CHAT_COMPLETIONS, _path(number, streams))
    request = text_request(route, 16)
    begun = time.perf_counter()
    async for event in call_route(route, gateway, request):
        if isinstance(event, SmokeFinished):
            result = event.result
    assert result.ttft_ms is not None, result
    assert result.request_written_ms is not None, result
    return begun + (result.request_written_ms + result.ttft_ms) / 1000


async def _aiohttp(session: aiohttp.ClientSession, base_url: str, number: int, streams: int) -> float:
    seen, rest = 0.0, b""
    async with session.post(base_url + _path(number, streams), data=b"{}") as answer:
        async for data in answer.content.iter_any():
            rest += data
            if not seen and b'"content":" the"' in rest:
                seen = time.perf_counter()
    return seen


async def _errors_ms(base_url: str, streams: int, *, is_own: bool) -> float:
    """Return the 99th percentile of the errors of a round."""
    count = ALONE if streams == 1 else streams
    async with (
        Gateway(base_url, Secret(TOKEN), GatewaySettings()) as gateway,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session,
    ):

        async def seen_at(number: int) -> float:
            if is_own:
                return await _own(gateway, number, streams)
            return await _aiohttp(session, base_url, number, streams)

        if streams == 1:
            seen = [await seen_at(number) for number in range(count)]
        else:
            seen = await asyncio.gather(*map(seen_at, range(count)))
    sent = stamps(base_url)
    return percentile([abs(at - sent[f"c{number}"]) * 1000 for number, at in enumerate(seen)], 99)


def measure(rounds: int) -> dict[str, Row]:
    """Return one row for each number of streams."""
    rows = {}
    with paced() as base_url:
        for streams in STREAMS:
            ours, theirs = [], []
            for number in range(rounds + 1):
                keep_loaded()  # as the console does before it calls
                own = asyncio.run(_errors_ms(base_url, streams, is_own=True))
                other = asyncio.run(_errors_ms(base_url, streams, is_own=False))
                if number:  # the first round warms up
                    ours.append(own)
                    theirs.append(other)
            rows["1 stream" if streams == 1 else f"{streams} streams"] = row(ours, theirs, "aiohttp", "ms p99")
    return rows


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))
