"""One call as the transport opens it, its body still to be read."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import httpx

from console.services.gateway.arrivals import MACHINE_CLOCK, Arrivals
from console.services.gateway.transport import CURRENT, AiohttpTransport, OpenCall, content_of


@dataclass(frozen=True)
class Opened:
    """A call whose answer has begun."""

    content: aiohttp.StreamReader
    arrivals: Arrivals

    async def until_read(self, size: int) -> None:
        """Wait until so many bytes of the body have come in, without reading them."""
        while self.content.total_bytes < size:
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def opened(base_url: str, tls: ssl.SSLContext) -> AsyncIterator[Opened]:
    """Send a GET and yield its answer once the head is here."""
    written = asyncio.get_running_loop().create_future()
    call = OpenCall(MACHINE_CLOCK, written, has_body=False, arrivals=Arrivals(MACHINE_CLOCK))
    token = CURRENT.set(call)
    try:
        async with (
            httpx.AsyncClient(transport=AiohttpTransport(tls), timeout=httpx.Timeout(None)) as client,
            client.stream("GET", base_url) as response,
        ):
            yield Opened(content_of(response), call.arrivals)
    finally:
        CURRENT.reset(token)
