"""The embedded gateway as its own process: announces itself on stdout, and serves until it is told to end."""

import asyncio
import json
import signal
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from console.simulator.breach import Breach
from console.simulator.scenario import Scenario
from console.simulator.server import Listening, serve


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """The line that a process of the embedded gateway writes once it listens."""

    schema: Literal["gateway-console/simulate/v1"] = "gateway-console/simulate/v1"
    base_url: str
    token: str
    """It exists for this process alone, and opens nothing but this gateway on loopback."""


def announcement(listening: Listening) -> str:
    """Return the JSON line that the embedded gateway's process writes to stdout once it listens.

    It passes the token to the process that started it: the token exists for this process alone, and opens only a
    loopback server on this machine that makes up its answers.
    """
    return json.dumps(asdict(Announcement(base_url=listening.base_url, token=listening.token)))


async def simulate(
    port: int = 0,
    *,
    until_stdin_closes: bool = False,
    pace: float = 1.0,
    breaches: Collection[Breach] = (),
    scenarios: Sequence[Scenario] = (),
) -> None:
    """Serve until a signal arrives or stdin closes, after announcing the URL on stdout.

    Args:
        port: The port; 0 picks a free one.
        until_stdin_closes: Whether to end when stdin closes.
        pace: A factor on all waits.
        breaches: How to break Claude Code's gateway contract.
        scenarios: Rows that come before the built-in ones.

    Raises:
        OSError: It cannot listen on the port.

    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    async with serve(port, pace=pace, breaches=breaches, scenarios=scenarios) as listening:
        print(announcement(listening), flush=True)  # noqa: T201  # the one line of data on stdout
        watching = asyncio.create_task(_wait_for_end_of_stdin(stop)) if until_stdin_closes else None
        await stop.wait()
        if watching is not None:
            watching.cancel()


async def _wait_for_end_of_stdin(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        await reader.read()
    finally:
        transport.close()
        stop.set()
