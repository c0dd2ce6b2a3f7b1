"""What 500 calls at once wait for: `python -m tests.bench.fanout [ROUNDS]`.

A server holds each answer for 100 ms. What a call takes beyond that is the client's: the figure of a round is the 99th
percentile of the excess, in ms. `stream` is an answer of 50 events, which the console decodes, judges and masks;
`JSON` is a whole answer that is only read. The anchor is httpx with its default pool; aiohttp without a limit, the
least that a Python client takes, stands beside it. All connections are new, as the console's always are.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx

from console.domain.probes.event import SmokeFinished
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.tokens.secret import Secret
from console.services.config.settings import GatewaySettings
from console.services.gateway.call import read_whole
from console.services.gateway.client import BODY_LIMIT, Gateway
from console.services.probes.request import text_request
from console.services.probes.smoke import call_route
from console.services.system.collection import keep_loaded

from .harness.loopback import loopback
from .harness.measuring import Row, percentile, print_rows, rounds_of, row

CALLS, EVENTS, HOLD_MS = 500, 50, 100
FAMILY = EndpointFamily.CHAT_COMPLETIONS
ROUTE = Route(Role.WRITER, "m", FAMILY, FAMILY.standard_path)
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])

Call = Callable[[], Awaitable[None]]


def _body(*, stream: bool) -> bytes:
    return json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "Reply."}]}).encode()


async def _at_once(call: Call) -> tuple[float, float]:
    """Make all calls at once; return the excess of the 99th percentile, and the CPU time of a call, both in ms."""

    async def timed() -> float:
        begun = time.perf_counter()
        await call()
        return (time.perf_counter() - begun) * 1000 - HOLD_MS

    cpu = time.process_time()
    taken = await asyncio.gather(*(timed() for _ in range(CALLS)))
    return percentile(taken, 99), (time.process_time() - cpu) * 1000 / CALLS


async def _own(origin: str, *, stream: bool) -> tuple[float, float]:
    async with Gateway(origin, Secret(TOKEN), GatewaySettings()) as gateway:

        async def smoked() -> None:
            async for event in call_route(ROUTE, gateway, text_request(ROUTE, 64)):
                if isinstance(event, SmokeFinished):
                    assert event.result.status is SmokeStatus.PASSED, event.result

        async def read() -> None:
            call = gateway.call(FAMILY.standard_path, FAMILY, _body(stream=False), stream=False)
            assert (await read_whole(call, limit=BODY_LIMIT)).status == 200

        return await _at_once(smoked if stream else read)


async def _httpx(origin: str, *, stream: bool) -> tuple[float, float]:
    async with httpx.AsyncClient(timeout=None) as client:

        async def call() -> None:
            url, body = origin + FAMILY.standard_path, _body(stream=stream)
            async with client.stream("POST", url, content=body) as answer:
                count = len([1 async for line in answer.aiter_lines() if line])
            assert count > (EVENTS if stream else 0), count

        return await _at_once(call)


async def _aiohttp(origin: str, *, stream: bool) -> tuple[float, float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True)) as session:

        async def call() -> None:
            async with session.post(origin + FAMILY.standard_path, data=_body(stream=stream)) as answer:
                assert await answer.read()

        return await _at_once(call)


def measure(rounds: int) -> dict[str, Row]:
    """Return the excess and the CPU time of a call, streamed and whole."""
    rows = {}
    with loopback(EVENTS, HOLD_MS) as url:
        origin = url.removesuffix("/v1")
        for what, stream in (("stream", True), ("JSON", False)):
            found: dict[str, list[tuple[float, float]]] = {"ours": [], "httpx": [], "aiohttp": []}
            for number in range(rounds + 1):
                keep_loaded()  # as the console does before it calls
                for name, side in (("ours", _own), ("httpx", _httpx), ("aiohttp", _aiohttp)):
                    figures = asyncio.run(side(origin, stream=stream))
                    if number:  # the first round warms up
                        found[name].append(figures)
            excess = {name: [each[0] for each in figures] for name, figures in found.items()}
            cpu = {name: [each[1] for each in figures] for name, figures in found.items()}
            rows[what] = row(excess["ours"], excess["httpx"], "httpx, default pool", "ms p99")
            rows[f"{what}, of aiohttp"] = row(excess["ours"], excess["aiohttp"], "aiohttp", "ms p99")
            rows[f"{what}, CPU a call"] = row(cpu["ours"], cpu["aiohttp"], "aiohttp", "ms CPU")
    return rows


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))
