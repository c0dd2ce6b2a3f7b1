"""A forwarder that knows the messages of PostgreSQL's protocol, and cuts a connection at one of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import Enum

from support.postgres.server import HOST

_ANSWERED = b"QS"
"""A query, and the end of a batch: after these the server says that it is ready."""
_READY = b"Z"


class When(Enum):
    """When a connection is cut."""

    BEFORE = "before the server gets the message"
    AFTER = "after the server has answered it, and before the answer arrives"


@dataclass
class Wire:
    """What passes, counted from `arm` on."""

    port: int = 0
    has_cut: bool = False
    last: bytes = b""
    """The message at which it was cut."""
    _when: When = When.BEFORE
    _is_it: Callable[[int, bytes], bool] | None = None
    _count: int = 0

    def arm(self, when: When, is_it: Callable[[int, bytes], bool]) -> None:
        """Cut once, at the first message that is meant; `is_it` gets its number, counted from now on, and its bytes."""
        self.has_cut, self._count, self._when, self._is_it = False, 0, when, is_it

    def disarm(self) -> None:
        self._is_it = None

    def is_time(self, message: bytes) -> When | None:
        """Return when to cut, if this message of the console is the one."""
        if self._is_it is None or self.has_cut or (self._when is When.AFTER and message[:1] not in _ANSWERED):
            return None
        self._count += 1
        if not self._is_it(self._count - 1, message):
            return None
        self.has_cut, self.last = True, message
        return self._when


@contextlib.asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """Forward a free port to a server that is asked without TLS."""
    wire = Wire()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection(HOST, port)
        writers.extend((writer, upstream))
        swallows = asyncio.Event()
        answers = asyncio.create_task(_answers(upstream_reader, writer, swallows))
        answers.add_done_callback(lambda _: writer.transport.abort())  # the server has ended, or what it says is lost
        try:
            upstream.write(await _first(reader))
            while message := await _next(reader):
                match wire.is_time(message):
                    case When.BEFORE:
                        return
                    case When.AFTER:
                        swallows.set()
                        upstream.write(message)
                        await answers
                        return
                upstream.write(message)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            answers.cancel()
            for each in (writer, upstream):
                each.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accept, HOST, 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallows: asyncio.Event) -> None:
    """Pass on what the server says; once it is to be swallowed, read up to where it is ready and pass on nothing."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while message := await _next(reader):
            if not swallows.is_set():
                writer.write(message)
            elif message[:1] == _READY:
                return


async def _first(reader: asyncio.StreamReader) -> bytes:
    """Return the message that begins a connection, which has no type."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size) - 4)


async def _next(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)
