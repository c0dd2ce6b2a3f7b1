"""The lab's upstream: a provider on loopback that does what a model's name says and keeps a journal of what came.

What a gateway says of a call may be wrong, and so may the console; what the journal says came from the wire.
"""

import asyncio
import contextlib
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from support.gateway.scripted_gateway import FAMILY_OF_PATH, NOT_FOUND, UNAUTHORIZED, Steps, models
from support.gateway.servers import Peer, Request, raw_server, whole
from support.referees.lab.act import Call
from support.referees.lab.script import SCRIPTS

from console.simulator.server import serve as embedded

FORM_FIRST = "/form-first"
"""A prefix under which the upstream looks at the form of a request before its key, as lm-proxy does."""
_KEY_REFUSED = whole(403, {"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": None}})
_FORM_REFUSED = whole(422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]})


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came: its words are left out, and so are the values of its headers."""

    method: str
    path: str
    headers: frozenset[str]
    keys: frozenset[str]
    """The names of the fields of its body."""
    model: str | None
    is_streamed: bool
    has_key: bool
    """Whether it carried the upstream's own key."""


@dataclass(slots=True)
class Upstream:
    """The upstream at work."""

    base_url: str = ""
    key: str = field(default_factory=lambda: f"lab-upstream-{secrets.token_urlsafe(24)}")
    journal: list[Received] = field(default_factory=list)
    roles_url: str = ""
    """Where a second provider answers as the roles of a run have to: the embedded gateway, which keeps no journal."""
    roles_key: str = ""

    def calls(self, since: int = 0) -> Sequence[Received]:
        """Return what came to a scripted model with a key, from a place in the journal on."""
        return [each for each in self.journal[since:] if each.model in SCRIPTS and each.has_key]

    async def attend(self, peer: Peer, request: Request) -> None:
        """Note a request and answer it."""
        body = json.loads(request.body) if request.body else {}
        model = body.get("model")
        has_key = self.key in (request.header("x-api-key"), (request.header("authorization") or "")[len("Bearer ") :])
        names = frozenset(name for name, _ in request.headers)
        self.journal.append(
            Received(request.method, request.path, names, frozenset(body), model, bool(body.get("stream")), has_key)
        )
        prefix, path = _split(request.path.partition("?")[0])
        family = FAMILY_OF_PATH.get(path)
        has_form = "input" in body or "messages" in body
        if request.method == "POST" and family and prefix and not has_form:
            await peer.send(_FORM_REFUSED)
        elif not has_key and (request.method == "POST" or path == "/v1/models"):
            await peer.send(_KEY_REFUSED if prefix else UNAUTHORIZED)
        elif request.method == "POST" and family and has_form and model in SCRIPTS:
            await SCRIPTS[model].act(Call(peer, request, family, model))
        else:
            await peer.send(_STEPS.answer(request) if not prefix else NOT_FOUND)


_STEPS = Steps(lists={"/v1/models": models(*SCRIPTS)}, token=None)
"""How the upstream answers a request with its key that calls no scripted model."""


def _split(path: str) -> tuple[str, str]:
    return (FORM_FIRST, path[len(FORM_FIRST) :]) if path.startswith(f"{FORM_FIRST}/") else ("", path)


@contextlib.contextmanager
def run_upstream() -> Iterator[Upstream]:
    """Run the upstream in a thread of its own while the block runs, so that it serves the loops of all tests."""
    upstream = Upstream()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lab-upstream")
    thread.start()
    stopping = asyncio.Event()
    started = loop.create_future()

    async def serve() -> None:
        async with raw_server(upstream.attend) as server, embedded(pace=0) as roles:
            upstream.base_url = server.base_url
            upstream.roles_url, upstream.roles_key = roles.base_url, roles.token
            started.set_result(None)
            await stopping.wait()

    async def wait() -> None:
        await started

    serving = asyncio.run_coroutine_threadsafe(serve(), loop)
    try:
        asyncio.run_coroutine_threadsafe(wait(), loop).result()
        yield upstream
    finally:
        loop.call_soon_threadsafe(stopping.set)
        try:
            serving.result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
