"""The relay's server: aiohttp on loopback. `relay.py` decides what is served; this speaks HTTP with the clients."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11, RawRequestMessage

from console.domain.probes.agent_capture import Recorded
from console.domain.problem import Problem, ProblemKind
from console.domain.relay.refusal import RefusedFor, RelayRefusal, shown
from console.domain.routes.family import EndpointFamily, family_of_path, foreign_endpoint
from console.services.gateway.failure import CallError
from console.services.relay.client import CutOffError, RelayClient, client_of, key_in
from console.services.relay.client_call import AnswerHead, AnswerPart, ClientCall
from console.services.relay.model_list import anthropic_models, openai_models
from console.services.relay.relay import Relay
from console.services.system.os_reason import os_reason
from console.wire.refusal import RefusalAnswer, refusal_answer

HOST = "127.0.0.1"
BODY_LIMIT = 32 * 1024 * 1024
"""The most bytes of a request: what Anthropic's own API takes. A larger one is refused while it is read."""
_QUIET = logging.Logger("console.services.relay", logging.CRITICAL + 1)
"""aiohttp would log the contents of malformed requests, with a traceback."""
_SHUTDOWN_S = 1.0
_BACKLOG = 512
_BAD_REQUEST, _FAILED = 400, 500
_MODELS = "/models"
_COUNT = "/count_tokens"
_CUT_OFF = RelayRefusal(
    RefusedFor.CUT_OFF, "the operator has cut this client off. Ask the operator to let it in again; do not retry"
)
_COUNTED = EndpointFamily.ANTHROPIC_MESSAGES
"""The one family whose API counts a request's tokens before it is sent."""


Seen = Callable[[Recorded], None]
"""Takes a request as a client sent it."""
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


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
async def serve_relay(
    relay: Relay, clients: Sequence[RelayClient], port: int = 0, *, seen: Seen | None = None
) -> AsyncIterator[RelayListening]:
    """Serve clients on loopback while the block runs.

    Args:
        relay: The relay of an open gateway.
        clients: The clients that may call it; the caller may add to the list while it runs.
        port: The port; 0 picks a free one.
        seen: Takes every request as it came, before it is answered or refused.

    Raises:
        RelayPortError: It cannot listen on the port.

    """
    loop = asyncio.get_running_loop()
    answering = _Server(relay, clients)
    handle = answering.handle if seen is None else _shown_to(seen, answering.handle)
    # cancelled when the client leaves, so that no answer is paid for that no one reads
    server = web.Server(handle, request_factory=_request, handler_cancellation=True)

    def connected() -> "_Connection":
        return _Connection(server, answering, loop)

    try:
        listening = [await loop.create_server(connected, HOST, port, backlog=_BACKLOG)]
    except OSError as error:
        raise RelayPortError(f"cannot listen on port {port}: {os_reason(error)}. Use another --port, or 0") from None

    async def listen_on(opened: socket.socket) -> None:
        listening.append(await loop.create_server(connected, sock=opened, backlog=_BACKLOG))

    try:
        yield RelayListening(f"http://{HOST}:{listening[0].sockets[0].getsockname()[1]}", listen_on)
    finally:
        for each in listening:
            each.close()
        await asyncio.sleep(0)  # so that a request that has come is one in flight
        server.pre_shutdown()
        await server.shutdown(_SHUTDOWN_S)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=BODY_LIMIT)


class _Connection(web.RequestHandler):
    """A client's connection. What is not valid HTTP is refused in a shape that clients read."""

    __slots__ = ("_server",)

    def __init__(self, manager: web.Server, server: "_Server", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(manager, loop=loop, access_log=_QUIET, logger=_QUIET)
        self._server = server

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what cannot be read as a request, and close the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError  # the client has the beginning of an answer: its connection has to break off
        return self._server.unreadable(request, status)


def _shown_to(seen: Seen, handle: _Handler) -> _Handler:
    """Return a handler that shows each request before it handles it."""

    async def show(request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = b""
        if "expect" not in headers:  # who expects to be told to go on sends no body before
            with contextlib.suppress(web.HTTPRequestEntityTooLarge, web.RequestPayloadError):  # refused in its turn
                body = await request.read()  # aiohttp keeps it for the handler
        seen(Recorded(request.method, request.raw_path, headers, body))
        return await handle(request)

    return show


class _Server:
    def __init__(self, relay: Relay, clients: Sequence[RelayClient]) -> None:
        self._relay = relay
        self._clients = clients

    def unreadable(self, request: web.BaseRequest, status: int) -> web.Response:
        """Answer what is not valid HTTP, or what we failed at."""
        shape = family_of_path(request.path) or _family_by_headers(request.headers)
        if status < _FAILED:
            words = "the request is not valid HTTP, or could be read in two ways. Nothing was sent. Correct the client"
            refused = self._relay.refuse(shape, RelayRefusal(RefusedFor.BODY, words))
        else:
            words = "the relay failed at this call, and does not know whether it was sent. Report this"
            refused = refusal_answer(shape, RelayRefusal(RefusedFor.BODY, words), "relay-failed")
        answer = _whole(replace(refused, status=status))
        answer.force_close()
        return answer

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
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
        if client.is_cut_off:
            return _whole(self._relay.refuse(shape, _CUT_OFF, client.name))
        if request.method == "GET" and path.endswith(_MODELS):
            return _models(client, shape)
        is_count = path.endswith(_COUNT)
        if request.method != "POST" or family is None or (is_count and family is not _COUNTED):
            return _whole(self._relay.refuse(shape, _unknown_path(request), client.name))
        if (request.content_length or 0) > BODY_LIMIT:
            return self._too_large(family, client)
        if request.headers.get("expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the answer itself has not begun
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._too_large(family, client)
        except web.RequestPayloadError:  # not framed or compressed as its head says
            return self.unreadable(request, _BAD_REQUEST)
        headers = [(name, value) for name, value in request.headers.items()]
        call = ClientCall(client, family, request.rel_url.raw_query_string, headers, body)
        return await self._pass_on(request, call, self._relay.count(call) if is_count else self._relay.answer(call))

    def _too_large(self, family: EndpointFamily, client: RelayClient) -> web.Response:
        words = f"the request is larger than {BODY_LIMIT // 1024 // 1024} MB. Nothing was sent"
        return _whole(self._relay.refuse(family, RelayRefusal(RefusedFor.SIZE, words), client.name))

    async def _pass_on(
        self, request: web.BaseRequest, call: ClientCall, answer: AsyncGenerator[AnswerPart, None]
    ) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        try:
            async with call.client.until_cut_off(), aclosing(answer) as parts:
                async for part in parts:
                    if isinstance(part, AnswerHead):
                        response = web.StreamResponse(status=part.status, headers=part.headers)
                        if request.version < HttpVersion11:
                            response.force_close()  # the end of a stream of unknown length is the connection's
                        await response.prepare(request)
                    elif response is not None:
                        await response.write(part)
        except CutOffError:
            if response is None:
                return _whole(refusal_answer(call.family, _CUT_OFF, "relay-cut-off"))
            if request.transport is not None:
                request.transport.abort()
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


def _unknown_path(request: web.BaseRequest) -> RelayRefusal:
    place = f"{request.method} {shown(request.path, is_address=True)}"
    other = foreign_endpoint(request.path)
    what = f"{place} is {other}, which the relay does not serve" if other else f"the relay does not serve {place}"
    served = ", ".join(family.standard_path for family in EndpointFamily)
    return RelayRefusal(RefusedFor.PATH, f"{what}. It serves {served} and /v1/models")


def _whole(refused: RefusalAnswer) -> web.Response:
    return web.Response(status=refused.status, headers=refused.headers, body=refused.body)


def _models(client: RelayClient, shape: EndpointFamily) -> web.Response:
    listed = anthropic_models if shape is EndpointFamily.ANTHROPIC_MESSAGES else openai_models
    return web.json_response(listed(client.desk.routes))
