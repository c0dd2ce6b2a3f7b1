"""The recorder: sits in front of the drill's gateway and keeps every byte that the console sent there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from console.services.leak_drill.canary import Canary

_HOST = "127.0.0.1"


@dataclass(slots=True)
class Recorder:
    """The bytes sent, connection by connection."""

    canary: Canary
    gateway_port: int
    base_url: str = ""
    stalled_url: str = ""
    """The URL that accepts calls and never answers."""
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a call with the canary waits at `stalled_url`."""
    posts: int = 0
    """The number of calls passed on so far."""
    received: list[bytearray] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Record the request and pass it to the gateway, and its answer back."""
        kept = self._keep(writer)
        there, back = await asyncio.open_connection(_HOST, self.gateway_port)
        self._writers.append(back)

        async def forward() -> None:
            while data := await reader.read(65_536):
                kept.extend(data)
                self.posts += data.count(b"POST /v1/")
                back.write(data)
                await back.drain()
            back.write_eof()

        async def answer() -> None:
            while data := await there.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.close()

        await asyncio.gather(_until_gone(forward()), _until_gone(answer()))

    async def stall(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Record the request and never answer."""
        kept = self._keep(writer)

        async def take() -> None:
            while data := await reader.read(65_536):
                kept.extend(data)
                if self.canary.is_in(bytes(kept)):
                    self.held.set()
            writer.close()

        await _until_gone(take())

    def _keep(self, writer: asyncio.StreamWriter) -> bytearray:
        kept = bytearray()
        self.received.append(kept)
        self._writers.append(writer)
        return kept

    def close(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.transport.abort()


async def _until_gone(work: Coroutine[None, None, None]) -> None:
    with contextlib.suppress(ConnectionError):
        await work


@contextlib.asynccontextmanager
async def recording(canary: Canary, gateway_url: str) -> AsyncIterator[Recorder]:
    """Sit in front of a gateway on loopback while the block runs.

    Raises:
        OSError: It cannot listen on a port.

    """
    recorder = Recorder(canary, urlsplit(gateway_url).port or 0)
    async with (
        await asyncio.start_server(recorder.pass_on, _HOST, 0) as passing,
        await asyncio.start_server(recorder.stall, _HOST, 0) as stalling,
    ):
        recorder.base_url = f"http://{_HOST}:{passing.sockets[0].getsockname()[1]}"
        recorder.stalled_url = f"http://{_HOST}:{stalling.sockets[0].getsockname()[1]}"
        try:
            yield recorder
        finally:
            recorder.close()


@dataclass(frozen=True, slots=True)
class Sent:
    """The data of one connection, without the headers that a token belongs in."""

    rest: bytes
    key_headers: int
    """How often the canary was alone in its header."""


def split_sent(data: bytes, canary: Canary) -> Sent:
    """Remove the canary's own headers from a connection's data; the rest is left to be searched."""
    values = {"authorization": f"bearer {canary.value}", "x-api-key": canary.value, "api-key": canary.value}
    own = {f"{name}:{value}".lower() for name, value in values.items()}
    rest, keys, place = bytearray(), 0, 0
    while (end := data.find(b"\r\n\r\n", place)) >= 0:
        length = 0
        for line in data[place:end].split(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            plain = f"{name.strip()}:{value.strip()}"
            if plain.lower() in own and canary.value in plain:
                keys += 1
                continue
            if name.lower() == "content-length" and value.strip().isdigit():
                length = int(value)
            rest += line + b"\r\n"
        place = end + 4
        rest += data[place : place + length]
        place += length
    return Sent(bytes(rest + data[place:]), keys)
