"""A network between a client and a server on loopback, which a test cuts and mends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Network:
    """Passes on what a client and the server say, as long as it is whole."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        """Where clients connect."""
        self._target = target
        self._is_whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break all connections, and take no new one until `mend`."""
        self._is_whole = False
        for each in self._writers:
            each.transport.abort()

    def mend(self) -> None:
        self._is_whole = True

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_whole:
            writer.transport.abort()
            return
        self._writers.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(upstream)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, upstream))
                both.create_task(_pass_on(answers, writer))
        except OSError:
            return
        finally:
            for each in (writer, upstream):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()  # either side has ended: so does the other


@contextlib.asynccontextmanager
async def network_to(port: int) -> AsyncIterator[Network]:
    """Put a network of its own before a port of this machine while the block runs."""
    network: Network | None = None

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert network is not None
        network.accept(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    network = Network(server.sockets[0].getsockname()[1], port)
    try:
        yield network
    finally:
        server.close()
        await network.close()
