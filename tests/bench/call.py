"""What a whole call costs an event, beside a raw socket with msgspec: `python -m tests.bench.call [ROUNDS]`.

A whole call is what the console does: the network, masking with a token, decoding, judging, and the fold of what is
drawn. The server is a process of its own that sends a good stream at full speed, one HTTP chunk an event. The anchor
reads the same bytes from a socket and decodes each event's JSON. Both run in turn, and CPU time is compared, because
on a shared machine wall time swings two- to fivefold. The vendors' clients join where they are installed.
"""

import asyncio
import contextlib
import importlib.util
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from multiprocessing.connection import Connection

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
from console.view.console_state import ConsoleState

from .harness.measuring import Row, interleaved, missing, print_rows, rounds_of, row
from .judging import stream_of

DELTAS = 20_000
UNIT = "s CPU/100k events"
SDKS = {
    EndpointFamily.RESPONSES: "openai",
    EndpointFamily.CHAT_COMPLETIONS: "openai",
    EndpointFamily.ANTHROPIC_MESSAGES: "anthropic",
}
Side = Callable[[int, EndpointFamily], Coroutine[None, None, None]]
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


def _sides(family: EndpointFamily) -> dict[str, Side]:
    sides: dict[str, Side] = {"call": _ours, "raw": _raw}
    sdk = SDKS[family]
    if importlib.util.find_spec(sdk) is not None:
        sides[sdk] = _anthropic if sdk == "anthropic" else _openai
    return sides


def measure(rounds: int) -> dict[str, Row]:
    """Return the CPU seconds for 100,000 events: two rows a family, against the vendor's SDK and the raw socket."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    rows: dict[str, Row] = {}
    try:
        for family in EndpointFamily:

            def cpu_s(read: Side, family: EndpointFamily = family) -> float:
                start = time.process_time()
                asyncio.run(read(port, family))
                return (time.process_time() - start) * 100_000 / DELTAS

            found = interleaved(rounds, {name: partial(cpu_s, side) for name, side in _sides(family).items()})
            sdk = SDKS[family]
            rows[f"{family}, of the SDK"] = (
                row(found["call"], found[sdk], f"{sdk} SDK", UNIT)
                if sdk in found
                else missing(f"{sdk} is not installed: pip install -e '.[bench]'", f"{sdk} SDK")
            )
            rows[f"{family}, of raw socket"] = row(found["call"], found["raw"], "raw socket + msgspec", UNIT)
    finally:
        server.terminate()
    return rows


if __name__ == "__main__":
    print_rows(measure(rounds_of(sys.argv[1:])))
