"""A gateway on loopback that fails in every way, one act after the other, and what a watch must tell of each act."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from support.gateway.scripted_gateway import NO_MODEL, UNAUTHORIZED, Steps, shaped_answer
from support.gateway.servers import HOST, Peer, Request, chunk, head, opening, whole

from console.domain.routes.family import EndpointFamily

ROUND_COUNT = 8
"""How many rounds each act has with the good ones after it: so few changes that nothing counts as flapping."""


def refusal(status: int, message: str, code: str) -> bytes:
    """Return an error as OpenAI's API writes it."""
    return whole(status, {"error": {"message": message, "type": "error", "code": code}})


def priced(*rows: dict[str, Any]) -> dict[str, bytes]:
    """Return lists with prices."""
    return {"/v1/models": whole(200, {"object": "list", "data": list(rows)})}


def row(model: str, **more: Any) -> dict[str, Any]:
    usual = {"id": model, "pricing": {"prompt": "0.000001", "completion": "0.000002"}}
    return usual | {"supported_endpoint_types": ["openai-response"]} | more


def _asked(request: Request, family: EndpointFamily) -> bytes:
    """Answer as the model that was asked for."""
    return shaped_answer(request, family, model=json.loads(request.body)["model"])


GOOD = Steps(lists=priced(row("m"), row("n")), text=_asked, shape=_asked)


@dataclass(frozen=True)
class Act:
    """One way to fail, for some rounds; good rounds follow."""

    name: str
    steps: Steps | None = None
    """What is answered; None if the bytes below are sent instead."""
    raw: bytes = b""
    """What every request gets, before the connection ends."""
    how: str = "answers"
    """What is done with connections: answers, closes after an answer, resets, is silent, is away."""
    rounds: int = 2
    told: tuple[tuple[str, str], ...] = ()
    """What must be told, in order: the kind, and the category or what else says it."""
    told_if_paid: tuple[tuple[str, str], ...] | None = None
    """What must be told if paid rungs are climbed; None if it is the same."""


def red(name: str, category: str, *, is_transient: bool, **how: Any) -> Act:
    """Return an act with a red and its recovery: of two rounds if one alone is not told."""
    return Act(name, told=(("alarm", category), ("recovered", category)), rounds=2 if is_transient else 1, **how)


def every_post(answer: bytes) -> Steps:
    """Return a gateway that answers everything that has a key, or should have one, with the same."""
    return replace(GOOD, wrong_key=UNAUTHORIZED, no_input=answer, unknown_model=answer, text=lambda *_: answer)


OVERLOAD = refusal(503, "The server is overloaded", "overloaded")
OVERLOADED = every_post(OVERLOAD)

ACTS = (
    red("is away", "upstream_unavailable", is_transient=True, how="is away"),
    red("resets connections", "upstream_unavailable", is_transient=True, how="resets"),
    red("is silent", "timeout", is_transient=True, how="is silent"),
    red("breaks off in the head", "upstream_unavailable", is_transient=True, raw=b"HTTP/1.1 200 OK\r\ncontent-"),
    red("is not HTTP", "contract_violation", is_transient=False, raw=b"SSH-2.0-OpenSSH_9.9\r\n"),
    red(
        "redirects", "origin_refused", is_transient=False,
        raw=b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n",
    ),
    red("is overloaded", "upstream_unavailable", is_transient=True, steps=replace(OVERLOADED, wrong_key=OVERLOAD)),
    Act("is overloaded behind the key", OVERLOADED, told=(("doubt", "3"), ("doubt", "")),
        told_if_paid=(("alarm", "upstream_unavailable"), ("recovered", "upstream_unavailable"))),
    red("limits the rate", "rate_limit", is_transient=True,
        steps=every_post(refusal(429, "Rate limit reached, try again later", "rate_limit_exceeded"))),
    red("has no credit", "account_quota", is_transient=False,
        steps=every_post(refusal(402, "Insufficient credits", "insufficient_quota"))),
    red("refuses the key", "account_auth", is_transient=False, steps=every_post(UNAUTHORIZED)),
    red("has no such model", "route_missing", is_transient=False, steps=every_post(NO_MODEL)),
    Act("is away for a moment", how="is away", rounds=1),
    Act("lists one model less", replace(GOOD, lists=priced(row("m"))), rounds=1,
        told=(("model_gone", "n"), ("model_listed", "n"))),
    Act("reprices", replace(GOOD, lists=priced(row("m", pricing={"prompt": "0.000003", "completion": "0.000004"}),
                                               row("n"))),
        rounds=1, told=(("repriced", "m"), ("repriced", "m"))),
    Act("declares another family",
        replace(GOOD, lists=priced(row("m"), row("n", supported_endpoint_types=["anthropic"]))),
        rounds=1, told=(("family_changed", "n"), ("family_changed", "n"))),
    Act("switches a model off", replace(GOOD, lists=priced(row("m", enabled=False), row("n"))), rounds=1,
        told=(("switched_off", "m"), ("switched_on", "m"))),
    Act("lists are torn", replace(GOOD, lists={"/v1/models": b""}), told=(("doubt", "2"), ("doubt", ""))),
)  # fmt: skip
"""Every way to fail, with what a watch to rung 3 tells of it."""


def _broken_off(_: Request, family: EndpointFamily) -> bytes:
    return head() + b"".join(chunk(event) for event in opening(family))


def _other_model(request: Request, family: EndpointFamily) -> bytes:
    return shaped_answer(request, family, model="another-model")


PAID_ACTS = (
    red("breaks off within a stream", "upstream_unavailable", is_transient=True,
        how="closes", steps=replace(GOOD, text=_broken_off)),
    red("has no credit for more", "account_quota", is_transient=False,
        steps=replace(GOOD, text=lambda *_: refusal(402, "Insufficient credits", "insufficient_quota"))),
    red("is overloaded when it generates", "upstream_unavailable", is_transient=True,
        steps=replace(GOOD, text=lambda *_: OVERLOAD)),
    Act("answers as another model", replace(GOOD, text=_other_model, shape=_other_model), rounds=1,
        told=(("verdict", "proven"), ("verdict", "unproven"))),
    Act("refuses the role's shape",
        replace(GOOD, shape=lambda *_: refusal(400, "Unsupported parameter: text.format", "unsupported_parameter")),
        rounds=1, told=(("verdict", "proven"), ("verdict", "conditional"))),
)  # fmt: skip
"""Ways to fail that only a generated answer shows."""


@dataclass
class FailingGateway:
    """The gateway, at an address of its own for as long as it is served."""

    act: Act = Act("is good", GOOD)
    port: int = 0
    requests: int = 0
    generating: int = 0
    """How many requests asked it to generate."""
    _listening: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def play(self, act: Act) -> None:
        """Behave as an act says, from now on."""
        self.act = act
        if act.how == "is away":
            await self._leave()
        elif self._listening is None:
            await self.listen()

    async def listen(self) -> None:
        """Listen, on the same port as before."""
        self._listening = await asyncio.start_server(self._accept, HOST, self.port, limit=1024 * 1024)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def end(self) -> None:
        """Listen no more, and end every connection."""
        await self._leave()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._attend(Peer(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, peer: Peer) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
                while (request := await peer.read_request()) is not None and await self._answer(peer, request):
                    pass
        finally:
            peer.writer.transport.abort()

    async def _answer(self, peer: Peer, request: Request) -> bool:
        """Answer a request as the act says; return whether the connection goes on."""
        self.requests += 1
        self.generating += _generates(request)
        act = self.act
        if act.how == "resets":
            linger = struct.pack("ii", 1, 0)
            peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if act.how == "is silent":
            await peer.wait_until_left()
            return False
        answer = act.raw if act.steps is None else act.steps.answer(request)
        await peer.send(answer)
        return bool(answer) and act.steps is not None and act.how != "closes"


def _generates(request: Request) -> bool:
    if request.method != "POST":
        return False
    body = json.loads(request.body)
    return bool(body.get("stream")) and ("input" in body or "messages" in body)


@contextlib.asynccontextmanager
async def failing_gateway() -> AsyncIterator[FailingGateway]:
    """Serve a gateway that begins well, while the block runs."""
    gateway = FailingGateway()
    await gateway.listen()
    try:
        yield gateway
    finally:
        await gateway.end()
