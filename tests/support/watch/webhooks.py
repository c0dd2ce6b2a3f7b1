"""A webhook on loopback that has moods: it takes what it gets, hangs, refuses, breaks off, or answers with a fault."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import cycle

from support.gateway.servers import HOST, Peer, Request, whole

MOODS = ("takes", "500", "takes", "closes", "redirects", "takes", "half", "takes", "takes")
"""In this order. What breaks off has read the request, and forgets it."""


@dataclass
class MoodyWebhook:
    """A webhook, and what it took."""

    moods_in_order: tuple[str, ...] = MOODS
    is_good: bool = False
    """Whether it takes everything from now on."""
    port: int = 0
    ids: list[str] = field(default_factory=list)
    """The ids of the changes that it took, in their order."""
    requests: list[Request] = field(default_factory=list)
    keeps_requests: bool = False
    moods: Counter[str] = field(default_factory=Counter)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["MoodyWebhook"]:
        """Serve while the block runs."""
        mood = cycle(self.moods_in_order)
        tasks: set[asyncio.Task[None]] = set()

        async def attend(peer: Peer) -> None:
            try:
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
                    request = await peer.read_request()
                    if request is not None:
                        await self._answer(peer, request, "takes" if self.is_good else next(mood))
            finally:
                peer.writer.close()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(attend(Peer(reader, writer)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, peer: Peer, request: Request, mood: str) -> None:
        self.moods[mood] += 1
        if self.keeps_requests:
            self.requests.append(request)
        self.came.set()
        match mood:
            case "takes":
                document = json.loads(request.body)
                self.ids += [each["id"] for each in document.get("events", ())]
                await peer.send(whole(204, b""))
            case "500":
                await peer.send(whole(500, b"oops"))
            case "redirects":
                await peer.send(whole(307, b"", f"location: http://{HOST}:{self.port}/elsewhere"))
            case "half":
                await peer.send(b"HTTP/1.1 200 OK\r\ncontent-le")
            case "hangs":
                await peer.wait_until_left()
            case _:
                return
