"""The relay's server: aiohttp on loopback. `relay.py` decides what is served; this speaks HTTP with the clients."""

import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from aiohttp import web

from console.domain.problem import Problem, ProblemKind
from console.domain.relay.refusal import RefusedFor, RelayRefusal
from console.domain.routes.family import EndpointFamily, family_of_path, foreign_endpoint
from console.domain.text.safe import safe
from console.services.gateway.failure import CallError
from console.services.relay.client import RelayClient, client_of, key_in
from console.services.relay.model_list import anthropic_models, openai_models
from console.services.relay.relay import AnswerHead, AnswerPart, ClientCall, Relay
from console.services.system.os_reason import os_reason
from console.wire.refusal import RefusalAnswer

HOST = "127.0.0.1"
BODY_LIMIT = 32 * 1024 * 1024
"""The most bytes of a request: what Anthropic's own API takes. A larger one is refused while it is read."""
_QUIET = logging.Logger("console.services.relay", logging.CRITICAL + 1)
"""aiohttp would log the contents of malformed requests, with a traceback."""
_SHUTDOWN_S = 1.0
_MODELS = "/models"
_COUNT = "/count_tokens"
_COUNTED = EndpointFamily.ANTHROPIC_MESSAGES
"""The one family whose API counts a request's tokens before it is sent."""


class RelayPortError(Problem):
    """The relay cannot listen on its port."""

    kind = ProblemKind.USAGE


@dataclass(frozen=True, slots=True)
class RelayListening:
    """A running relay."""

    origin: str
    """Where it listens, as `http://127.0.0.1:PORT`."""
    listen_on: Callable[[socket.socket], Awaitable[None]]
    """Listens on one more socket, such as one in an agent's own network."""


@contextlib.asynccontextmanager
async def serve_relay(relay: Relay, clients: Sequence[RelayClient], port: int = 0) -> AsyncIterator[RelayListening]:
    """Serve clients on loopback while the block runs.

    Args:
        relay: The relay of an open gateway.
        clients: The clients that may call it; the caller may add to the list while it runs.
        port: The port; 0 picks a free one.

    Raises:
        RelayPortError: It cannot listen on the port.

    """
    application = web.Application(client_max_size=BODY_LIMIT)
    application.router.add_route("*", "/{path:.*}", _Server(relay, clients).handle)
    # cancelled when the client leaves, so that no answer is paid for that no one reads
    runner = web.AppRunner(
        application, access_log=None, logger=_QUIET, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            raise RelayPortError(
                f"cannot listen on port {port}: {os_reason(error)}. Use another --port, or 0"
            ) from None

        async def listen_on(listening: socket.socket) -> None:
            await web.SockSite(runner, listening).start()

        yield RelayListening(f"http://{HOST}:{runner.addresses[0][1]}", listen_on)
    finally:
        await runner.cleanup()


class _Server:
    def __init__(self, relay: Relay, clients: Sequence[RelayClient]) -> None:
        self._relay = relay
        self._clients = clients

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request: a family's call, the list of models, or the first knock of a client."""
        if request.method == "HEAD":
            return web.Response()  # a client looks whether anyone is there; it says nothing and learns nothing
        path = request.path.rstrip("/")
        family = family_of_path(path.removesuffix(_COUNT))
        shape = family or _family_by_headers(request.headers)
        client = client_of(self._clients, key_in(request.headers))
        if client is None:
            words = "this key is not one that the relay gave out. Set the client up with `gateway-console relay --for`"
            return _whole(self._relay.refuse(shape, RelayRefusal(RefusedFor.CLIENT, words)))
        if request.method == "GET" and path.endswith(_MODELS):
            return _models(client, shape)
        is_count = path.endswith(_COUNT)
        if request.method != "POST" or family is None or (is_count and family is not _COUNTED):
            return _whole(self._relay.refuse(shape, _unknown_path(request), client.name))
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            words = f"the request is larger than {BODY_LIMIT // 1024 // 1024} MB. Nothing was sent"
            return _whole(self._relay.refuse(family, RelayRefusal(RefusedFor.SIZE, words), client.name))
        headers = [(name, value) for name, value in request.headers.items()]
        call = ClientCall(client, family, request.rel_url.raw_query_string, headers, body)
        return await self._pass_on(request, self._relay.count(call) if is_count else self._relay.answer(call))

    async def _pass_on(self, request: web.Request, answer: AsyncGenerator[AnswerPart, None]) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        try:
            async with aclosing(answer) as parts:
                async for part in parts:
                    if isinstance(part, AnswerHead):
                        response = web.StreamResponse(status=part.status, headers=part.headers)
                        await response.prepare(request)
                    elif response is not None:
                        await response.write(part)
        except (CallError, ConnectionError):
            # The answer broke off at the gateway, or the client is gone: it must not end as if it were whole.
            if request.transport is not None:
                request.transport.abort()
        else:
            if response is not None:
                await response.write_eof()
        return response or web.Response(status=502)


def _family_by_headers(headers: Mapping[str, str]) -> EndpointFamily:
    """Return the family whose error shape a client reads when its path names none."""
    return EndpointFamily.ANTHROPIC_MESSAGES if "anthropic-version" in headers else EndpointFamily.CHAT_COMPLETIONS


def _unknown_path(request: web.Request) -> RelayRefusal:
    place = safe(f"{request.method} {request.path}", limit=120)
    other = foreign_endpoint(request.path)
    what = f"{place} is {other}, which the relay does not serve" if other else f"the relay does not serve {place}"
    served = ", ".join(family.standard_path for family in EndpointFamily)
    return RelayRefusal(RefusedFor.PATH, f"{what}. It serves {served} and /v1/models")


def _whole(refused: RefusalAnswer) -> web.Response:
    return web.Response(status=refused.status, headers=refused.headers, body=refused.body)


def _models(client: RelayClient, shape: EndpointFamily) -> web.Response:
    listed = anthropic_models if shape is EndpointFamily.ANTHROPIC_MESSAGES else openai_models
    return web.json_response(listed(client.desk.routes))
