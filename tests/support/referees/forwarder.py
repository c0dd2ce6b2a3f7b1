"""A forwarder between a client and a server on loopback: passes the bytes on as they are and keeps a copy."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it went over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class Connection:
    """The bytes of one connection, each way."""

    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Forwarder:
    """Counts what passes. Its requests are parsed from the copy, so that nothing on the wire is touched."""

    base_url: str
    on_answer: Callable[[bytes], None]
    """Called with each piece of an answer before it is passed on."""
    connections: list[Connection] = field(default_factory=list)

    @property
    def requests(self) -> list[Request]:
        """All requests, in the order of their connections."""
        return [request for connection in self.connections for request in _requests_in(bytes(connection.asked))]

    def answer_to(self, path: str) -> bytes:
        """Return the bytes of the one connection that asked for a path."""
        (found,) = [each for each in self.connections if [r.path for r in _requests_in(bytes(each.asked))] == [path]]
        return bytes(found.answered)


@contextlib.asynccontextmanager
async def forward_to(url: str, on_answer: Callable[[bytes], None] = lambda data: None) -> AsyncIterator[Forwarder]:
    """Forward a free loopback port to another one while the block runs."""
    target = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        tasks.add(asyncio.create_task(serve(reader, writer)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection()
        forwarder.connections.append(connection)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(target.hostname, target.port)
        except OSError:
            writer.transport.abort()
            return
        writers.append(upstream_writer)
        asking = asyncio.create_task(_pump(reader, upstream_writer, connection.asked.extend))
        try:
            await _pump(upstream_reader, writer, connection.answered.extend, forwarder.on_answer)
        except ConnectionError:
            writer.transport.abort()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            # Not waited for here: a task cancelled while it waits would cancel the stream's own future too.
            writer.close()
            upstream_writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    forwarder = Forwarder(f"http://{host}:{port}", on_answer)
    try:
        yield forwarder
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # also of a connection that came just before the end
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *listeners: Callable[[bytes], None]
) -> None:
    while data := await reader.read(65_536):
        for listen in listeners:
            listen(data)
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _requests_in(data: bytes) -> list[Request]:
    requests = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert separator, "a request's head is not whole"
        assert "transfer-encoding" not in headers, "requests are expected to name their length"
        length = int(headers.get("content-length", "0"))
        assert len(rest) >= length, "a request's body is not whole"
        requests.append(Request(method, path, headers, rest[:length]))
        data = rest[length:]
    return requests
