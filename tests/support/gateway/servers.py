"""Raw servers on loopback: a test decides every byte that they send, and sees every byte that they got."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from console.domain.routes.family import EndpointFamily

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One request, as its bytes came."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    version: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class Peer:
    """The client's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    has_left: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_request(self) -> Request | None:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, version = first.split(" ")
        pairs = [line.partition(":") for line in lines]
        headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        return Request(method, path, headers, await self.reader.readexactly(length), version)

    async def wait_until_left(self) -> None:
        """Wait until the client has closed its end."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass
        self.has_left.set()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawServer:
    """A server at work, and what reached it."""

    base_url: str
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the first whole request."""


Script = Callable[[Peer, Request], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_server(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serve while the block runs; the script answers each request of a connection, until one side closes it.

    An error within the script, such as a failed assert, is raised at the block's end.
    """

    async def converse(peer: Peer) -> None:
        while True:
            try:
                request = await peer.read_request()
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, ConnectionError):
                return
            server.requests.append(request)
            server.came.set()
            await script(peer, request)
            if peer.writer.is_closing():
                return

    async with connection_server(converse, tls=tls) as server:
        yield server


@contextlib.asynccontextmanager
async def connection_server(
    converse: Callable[[Peer], Awaitable[None]], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Serve while the block runs; `converse` has each connection from its first byte on."""
    tasks: set[asyncio.Task[None]] = set()
    failures: list[BaseException] = []

    async def attend(peer: Peer) -> None:
        try:
            await converse(peer)
        except ConnectionError:
            pass  # the client has gone, which many tests want
        except Exception as error:  # noqa: BLE001  # raised at the block's end
            failures.append(error)
        finally:
            peer.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        server.connections += 1
        server.peers.append(peer)
        tasks.add(asyncio.create_task(attend(peer)))

    listening = await asyncio.start_server(accept, HOST, 0, ssl=tls, limit=1024 * 1024)
    server = RawServer(f"{'https' if tls else 'http'}://{HOST}:{listening.sockets[0].getsockname()[1]}")
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for peer in server.peers:
            peer.writer.transport.abort()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await peer.writer.wait_closed()
    if failures:
        raise failures[0]


def unused_port() -> socket.socket:
    """Return a socket that holds a port on which nobody listens; close it after the test."""
    holder = socket.socket()
    holder.bind((HOST, 0))
    return holder


# --- Answers ---------------------------------------------------------------------------------------------------------


def head(status: int = 200, *headers: str, content_type: str = "text/event-stream") -> bytes:
    """Return the head of a chunked answer."""
    lines = [f"HTTP/1.1 {status} Told", f"content-type: {content_type}", "transfer-encoding: chunked", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """Frame a piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


END = b"0\r\n\r\n"
"""The end of a chunked body."""


def whole(status: int, body: bytes | dict[str, object], *headers: str, content_type: str = "application/json") -> bytes:
    """Return a whole answer with its length; the connection stays open."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Told", f"content-type: {content_type}", f"content-length: {len(data)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + data


def streamed(*events: bytes, headers: tuple[str, ...] = ("x-request-id: req-1",), status: int = 200) -> bytes:
    """Return a whole streamed answer."""
    return head(status, *headers) + b"".join(chunk(event) for event in events) + END


def sse(value: dict[str, object] | str, name: str = "") -> bytes:
    """Frame one server-sent event."""
    data = value if isinstance(value, str) else json.dumps(value)
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def typed(kind: str, **fields: object) -> bytes:
    """Frame an event of a family whose events carry their name as `type`."""
    return sse({"type": kind, **fields}, kind)


def opening(family: EndpointFamily, model: str = "m") -> list[bytes]:
    """Return the events before the first content: a role chunk, an opened item or block, a ping."""
    match family:
        case EndpointFamily.RESPONSES:
            item = {"id": "i1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
            return [
                typed("response.created", response=_response("in_progress", model)),
                typed("response.output_item.added", output_index=0, item=item),
                typed("response.content_part.added", **_PLACE, part={"type": "output_text", "text": ""}),
            ]
        case EndpointFamily.ANTHROPIC_MESSAGES:
            message = {
                "id": "a1",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [],
                "stop_reason": None,
                "usage": {"input_tokens": 3, "output_tokens": 1},
            }
            begin = typed("content_block_start", index=0, content_block={"type": "text", "text": ""})
            return [typed("message_start", message=message), typed("ping"), begin]
        case EndpointFamily.CHAT_COMPLETIONS:
            return [chat_chunk({"role": "assistant", "content": ""}, model=model)]


def content(family: EndpointFamily, text: str, *, reasoning: bool = False, model: str = "m") -> bytes:
    """Return one event with content."""
    match family:
        case EndpointFamily.RESPONSES:
            return typed(f"response.{'reasoning' if reasoning else 'output'}_text.delta", **_PLACE, delta=text)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            kind = "thinking" if reasoning else "text"
            return typed("content_block_delta", index=0, delta={"type": f"{kind}_delta", kind: text})
        case EndpointFamily.CHAT_COMPLETIONS:
            return chat_chunk({"reasoning_content" if reasoning else "content": text}, model=model)


def closing(family: EndpointFamily, text: str = "O", model: str = "m") -> list[bytes]:
    """Return the events after the last content, the terminal marker among them; `text` is the whole content."""
    match family:
        case EndpointFamily.RESPONSES:
            part = {"type": "output_text", "text": text, "annotations": []}
            item = {"id": "i1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
            usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
            response = _response("completed", model) | {"output": [item], "usage": usage}
            return [
                typed("response.output_text.done", **_PLACE, text=text),
                typed("response.content_part.done", **_PLACE, part=part),
                typed("response.output_item.done", output_index=0, item=item),
                typed("response.completed", response=response),
            ]
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return [
                typed("content_block_stop", index=0),
                typed("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
                typed("message_stop"),
            ]
        case EndpointFamily.CHAT_COMPLETIONS:
            usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
            finish = chat_chunk({}, finish="stop", model=model)
            return [finish, sse({**_CHUNK, "model": model, "choices": [], "usage": usage}), sse("[DONE]")]


_PLACE = {"item_id": "i1", "output_index": 0, "content_index": 0}
_CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1}


def _response(status: str, model: str) -> dict[str, object]:
    base = {"id": "r1", "object": "response", "created_at": 1, "model": model, "status": status, "output": []}
    return base | {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def chat_chunk(delta: dict[str, object], *, finish: str | None = None, model: str = "m") -> bytes:
    """Return one chunk of a Chat Completions stream."""
    return sse({**_CHUNK, "model": model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def good_stream(family: EndpointFamily, *texts: str, model: str = "m") -> bytes:
    """Return a whole streamed answer that meets its family's contract."""
    texts = texts or ("O", "K")
    pieces = [content(family, text, model=model) for text in texts]
    return streamed(*opening(family, model), *pieces, *closing(family, "".join(texts), model))


def answer_with(data: bytes) -> Script:
    """Return a script that answers every request with the same bytes and leaves the connection open."""

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(data)

    return script


def answer_and_close(data: bytes) -> Script:
    """Return a script that sends bytes and then closes the connection in good order."""

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(data)
        peer.writer.close()

    return script


def answer_and_reset(data: bytes) -> Script:
    """Return a script that sends bytes and then resets the connection."""

    async def script(peer: Peer, _: Request) -> None:
        await peer.send(data)
        peer.reset()

    return script


async def stay_silent(peer: Peer, _: Request) -> None:
    """Answer nothing, until the client gives up."""
    await peer.wait_until_left()
