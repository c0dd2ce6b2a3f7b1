"""The embedded gateway for tests of runs: in the test's own process, counted, and held on demand."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from support.gateway.servers import Peer, RawServer, Request, raw_server

from console.domain.routes.family import EndpointFamily
from console.simulator.server import Listening, serve

STAGES = ("received", "begun", "halfway", "almost")
"""Where an answer can be held: nothing of it sent, its head, half of its body, all but its last bytes."""
_FAMILY_PATHS = {family.standard_path for family in EndpointFamily}
_ROLE = re.compile(r"^Role: (\w+)$", re.MULTILINE)
_ATTEMPT = re.compile(r"^Attempt: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Generation:
    """A request that the gateway answered with 200 on a family's path: one that a real gateway would have billed."""

    role: str
    attempt: int
    model: str
    body: str
    path: str = ""


Hold = Callable[[Generation, str], Awaitable[None]]


async def _never(_: Generation, __: str) -> None:
    """Hold no answer."""


@dataclass
class RunGateway:
    """An embedded gateway at work."""

    token: str
    upstream: str
    server: RawServer | None = None
    hold: Hold = _never
    """Called at each stage of each generation's answer, before what comes after it is sent."""
    generations: list[Generation] = field(default_factory=list)
    on_request: Callable[[Request], None] = lambda _: None
    instead: Callable[[Request], bytes | None] = lambda _: None
    """Returns the whole answer to a request that the embedded gateway is not to answer."""
    is_gone: bool = False
    """Ends every connection without an answer, as a gateway does that is not there any more."""

    @property
    def base_url(self) -> str:
        assert self.server is not None
        return self.server.base_url

    @property
    def roles(self) -> list[str]:
        """The roles that were generated for, in order."""
        return [each.role for each in self.generations]

    def prompts_of(self, role: str) -> list[str]:
        return [each.body for each in self.generations if each.role == role]

    async def answer(self, peer: Peer, request: Request) -> None:
        self.on_request(request)
        if self.is_gone:
            peer.reset()
            return
        if (other := self.instead(request)) is not None:
            await peer.send(other)
            return
        answer = await _forward(self.upstream, request)
        asked = _generation_in(request, answer)
        if asked is None:
            await peer.send(answer)
            return
        self.generations.append(asked)
        head = answer.index(b"\r\n\r\n") + 4
        ends = (0, head, (head + len(answer)) // 2, len(answer) - 7)
        sent = 0
        for stage, end in zip(STAGES, ends, strict=True):
            await peer.send(answer[sent:end])
            await self.hold(asked, stage)
            sent = end
        await peer.send(answer[sent:])


@contextlib.asynccontextmanager
async def run_gateway() -> AsyncIterator[RunGateway]:
    """Serve an embedded gateway without any wait while the block runs."""
    async with serve(pace=0) as listening, in_front_of(listening) as gateway:
        yield gateway


@contextlib.asynccontextmanager
async def in_front_of(listening: Listening) -> AsyncIterator[RunGateway]:
    """Serve a further address of an embedded gateway, which counts and holds for itself."""
    gateway = RunGateway(listening.token, listening.base_url)
    async with raw_server(gateway.answer) as server:
        gateway.server = server
        yield gateway


async def _forward(base_url: str, request: Request) -> bytes:
    target = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    head = [f"{request.method} {request.path} HTTP/1.1", "connection: close"]
    head += [f"{name}: {value}" for name, value in request.headers if name != "connection"]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + request.body)
    try:
        return await reader.read()
    finally:
        writer.close()


def _generation_in(request: Request, answer: bytes) -> Generation | None:
    if request.method != "POST" or request.path not in _FAMILY_PATHS or not answer.startswith(b"HTTP/1.1 200"):
        return None
    text = "\n".join(_texts(json.loads(request.body)))
    role, attempt = _ROLE.search(text), _ATTEMPT.search(text)
    model = json.loads(request.body)["model"]
    return Generation(role[1] if role else "", int(attempt[1]) if attempt else 0, model, text, request.path)


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for each in value for text in _texts(each)]
        case dict():
            return [text for each in value.values() for text in _texts(each)]
    return []
