"""A server for the benches that streams at a pace, in a process of its own on 127.0.0.1.

`python -m tests.bench.harness.paced` prints its port. A path's query says who asks and what for: `id`, `wait_ms` before
the first delta, `gap_ms` between deltas, and how many (`deltas`). Where a proxy drops the query, the content of the
first message says it. It notes the monotonic clock right before it hands each call's first delta to the kernel;
`GET /stamps` gives these times by `id`, and forgets them. CLOCK_MONOTONIC is one clock for all processes of a machine
(clock_gettime(2)); on Linux, Python's `time.monotonic` and `time.perf_counter` both read it.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

from console.domain.routes.family import EndpointFamily

from ..judging import stream_of
from .measuring import REPOSITORY

PATH = "/v1/chat/completions"
MOST_DELTAS = 5_000
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"


def path_of(call_id: str, *, wait_ms: float, gap_ms: float, deltas: int) -> str:
    """Return the path of a call that the server is to answer in this way."""
    return f"{PATH}?{order_of(call_id, wait_ms=wait_ms, gap_ms=gap_ms, deltas=deltas)}"


def order_of(call_id: str, *, wait_ms: float, gap_ms: float, deltas: int) -> str:
    """Return how the server is to answer a call, as a query."""
    return f"id={call_id}&wait_ms={wait_ms}&gap_ms={gap_ms}&deltas={deltas}"


def stamps(base_url: str) -> dict[str, float]:
    """Return when the first delta of each call was sent, in seconds of the monotonic clock, by its id."""
    with urllib.request.urlopen(f"{base_url}/stamps") as answer:
        found = json.load(answer)
    assert isinstance(found, dict)
    return found


async def serve() -> None:
    """Serve until the process is ended."""
    events = [event + b"\n\n" for event in stream_of(EndpointFamily.CHAT_COMPLETIONS, MOST_DELTAS).split(b"\n\n")[:-1]]
    opening, *deltas = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    closing = b"".join(deltas[MOST_DELTAS:]) + b"0\r\n\r\n"
    sent_at: dict[str, float] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0))
            target = head.split(b" ", 2)[1].decode()
            if target == "/stamps":
                told = json.dumps(sent_at).encode()
                sent_at.clear()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (len(told), told)
                )
            elif order := target.partition("?")[2] or (body and json.loads(body)["messages"][0]["content"]):
                await stream(writer, dict(parse_qsl(order)))
            await writer.drain()
        writer.close()

    async def stream(writer: asyncio.StreamWriter, asked: dict[str, str]) -> None:
        writer.write(_HEAD + opening)
        await asyncio.sleep(float(asked["wait_ms"]) / 1000)
        begun, gap_s = time.monotonic(), float(asked["gap_ms"]) / 1000
        for number, delta in enumerate(deltas[: int(asked["deltas"])]):
            await asyncio.sleep(max(0.0, begun + number * gap_s - time.monotonic()))
            if number == 0:
                sent_at[asked["id"]] = time.monotonic()
            writer.write(delta)
        writer.write(closing)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def paced() -> Iterator[str]:
    """Start the server and yield its address, without a path; it is ended afterwards."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.harness.paced"], stdout=subprocess.PIPE, cwd=REPOSITORY
    ) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


if __name__ == "__main__":
    asyncio.run(serve())
