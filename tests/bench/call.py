"""What a whole call costs an event, beside a raw socket with msgspec: `python -m tests.bench.call [ROUNDS]`.

A whole call is what the console does: the network, masking with a token, decoding, judging, and the fold of what is
drawn. The server is a process of its own that sends a good stream at full speed, one HTTP chunk an event. The anchor
reads the same bytes from a socket and decodes each event's JSON. Both run in turn, and CPU time is compared, because
on a shared machine wall time swings two- to fivefold. The vendors' clients join where they are installed.
"""

import asyncio
import contextlib
import importlib.util
import json
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from judging import stream_of

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
from console.view.console_state import ConsoleState

DELTAS = 20_000
_TOKEN = "sk-bench-Qw3rTy7uIoPaSdFg8hJk"
_PATHS = {
    EndpointFamily.RESPONSES: "/v1/responses",
    EndpointFamily.CHAT_COMPLETIONS: "/v1/chat/completions",
    EndpointFamily.ANTHROPIC_MESSAGES: "/v1/messages",
}
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: r-1\r\nconnection: close\r\n"


def _answer(family: EndpointFamily) -> bytes:
    events = stream_of(family, DELTAS).split(b"\n\n")[:-1]
    chunks = (b"%x\r\n%s\n\n\r\n" % (len(event) + 2, event) for event in events)
    return _HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\n\r\n"


def _serve(port: Connection) -> None:
    """Answer each request with its family's stream until the process is ended."""
    answers = {_PATHS[family].encode(): _answer(family) for family in EndpointFamily}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port.send(listening.getsockname()[1])
        while True:
            peer, _ = listening.accept()
            with peer:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += peer.recv(65_536)
                head, _, body = request.partition(b"\r\n\r\n")
                size = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
                )
                while len(body) < size:
                    body += peer.recv(65_536)
                with contextlib.suppress(OSError):  # a client may leave once the answer is complete
                    peer.sendall(answers[head.split(b" ")[1]])


async def _ours(port: int, family: EndpointFamily) -> None:
    route = Route(Role.WRITER, "m", family, _PATHS[family])
    state = ConsoleState("bench").apply(RoutesChecked(check(RouteTable((route,)))))
    async with Gateway(f"http://127.0.0.1:{port}", Secret(_TOKEN), GatewaySettings()) as gateway:
        async for event in call_route(route, gateway, text_request(route, 32)):
            state = state.apply(event)
            if isinstance(event, SmokeFinished):
                assert event.result.status is SmokeStatus.PASSED, event.result
    assert state.smoke(Role.WRITER).pieces == DELTAS


async def _raw(port: int, family: EndpointFamily) -> None:
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(f"POST {_PATHS[family]} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        rest, count = b"", 0
        while data := peer.recv(262_144):
            *blocks, rest = (rest + data).split(b"\n\n")
            for block in blocks:
                place = block.find(b"data: {")
                if place >= 0:
                    msgspec.json.decode(block[place + 6 :])
                    count += 1
    assert count >= DELTAS


async def _openai(port: int, family: EndpointFamily) -> None:
    import openai

    client = openai.AsyncOpenAI(api_key=_TOKEN, base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)
    async with client:
        if family is EndpointFamily.RESPONSES:
            stream = await client.responses.create(model="m", input="hi", stream=True)
        else:
            words = [{"role": "user", "content": "hi"}]
            stream = await client.chat.completions.create(model="m", messages=words, stream=True)  # type: ignore[call-overload]
        async for _ in stream:
            pass


async def _anthropic(port: int, family: EndpointFamily) -> None:
    import anthropic

    client = anthropic.AsyncAnthropic(api_key=_TOKEN, base_url=f"http://127.0.0.1:{port}", max_retries=0)
    async with client:
        words = [{"role": "user", "content": "hi"}]
        stream = await client.messages.create(model="m", max_tokens=9, messages=words, stream=True)  # type: ignore[call-overload]
        async for _ in stream:
            pass


def _sides(family: EndpointFamily) -> dict[str, Callable[[int, EndpointFamily], Awaitable[None]]]:
    sides = {"call": _ours, "raw": _raw}
    sdk = "anthropic" if family is EndpointFamily.ANTHROPIC_MESSAGES else "openai"
    if importlib.util.find_spec(sdk) is not None:
        sides[sdk] = _anthropic if sdk == "anthropic" else _openai
    return sides


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the CPU seconds for 100,000 events of each round, by family and side."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    found: dict[str, dict[str, list[float]]] = {}
    try:
        for family in EndpointFamily:
            sides = _sides(family)
            times = found[str(family)] = {name: [] for name in sides}
            for number in range(rounds + 1):
                for name, read in list(sides.items())[:: 1 if number % 2 else -1]:
                    start = time.process_time()
                    asyncio.run(read(port, family))  # type: ignore[arg-type]
                    times[name].append((time.process_time() - start) * 100_000 / DELTAS)
            for each in times.values():
                del each[0]  # the first round warms up
    finally:
        server.terminate()
    return found


def main() -> int:
    """Print each side's median and range, and its ratio to the whole call."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    for family, sides in found.items():
        for name, times in sides.items():
            ratio = statistics.median(mine / each for mine, each in zip(sides["call"], times, strict=True))
            spread = f"({min(times):.2f}..{max(times):.2f})"
            print(f"{family:20} {name:10} {statistics.median(times):6.2f} s/100k {spread:16} call is {ratio:6.3f}x")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
