"""The transport: httpx's API over aiohttp's connections, one new connection a call, its arrivals stamped.

It is ours and not httpx-aiohttp's because a call needs three things of aiohttp itself: the body as it came from the
socket, the exceptions as aiohttp raises them (what they are translated to is too coarse to tell who failed), and the
socket, for the kernel's stamps.
"""

import asyncio
import io
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from console.services.gateway.arrivals import Arrivals, Clock, StampedSocket, keep_stamping
from console.services.gateway.http_library import httpx

CONNECTION_LIMIT = 500
"""The most connections at once. Callers limit the calls in flight; a lower limit here would only hide the wait for
another call in the time to connect."""
_CONTENT = "gateway_console_content"
_WRITTEN_AT_ONCE = 1024 * 1024
"""The most bytes of a body that are written in one go. A longer one is written in pieces, and others run between."""
_NAME_KEPT_S = 30
"""How long a name's addresses are kept, in seconds: many calls at once look it up once, and a gateway that moves is
found again soon."""


@dataclass(slots=True)
class OpenCall:
    """A call as its transport sees it: when its request was written, and when its answer's bytes arrived."""

    clock: Clock
    written_at: asyncio.Future[float]
    has_body: bool
    arrivals: Arrivals
    unwritten: int = 0
    """The bytes of the request's body that are still to be written."""
    is_tried: bool = False
    """Whether a connection was asked to send it."""

    @property
    def is_written(self) -> bool:
        """Whether the request was written."""
        return self.written_at.done()


CURRENT: ContextVar[OpenCall] = ContextVar("current call")
"""The call that the current task sends."""


class _Body(httpx.AsyncByteStream):
    """What ends an answer; `content_of` has its bytes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        """Take over an answer whose head has arrived."""
        self._response = response

    async def aclose(self) -> None:
        """End the answer; its connection is closed."""
        self._response.close()


def content_of(response: httpx.Response) -> aiohttp.StreamReader:
    """Return the body of an answer of this transport, which is read from aiohttp itself."""
    content: aiohttp.StreamReader = response.extensions[_CONTENT]
    return content


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends requests of httpx over aiohttp. Raises aiohttp's own exceptions."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        """Prepare a transport; nothing is opened before the first request.

        Args:
            tls: The context of every connection; None where none has TLS.

        """
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._stamping: socket.socket | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer's head; the body is still to be read.

        Raises:
            aiohttp.ClientError: There was no answer.

        """
        if self._session is None:
            self._session, self._stamping = self._open_session(), keep_stamping()
        content = request.content
        CURRENT.get().unwritten = len(content)
        response = await self._session.request(
            request.method,
            str(request.url),
            headers=request.headers,
            data=io.BytesIO(content) if len(content) > _WRITTEN_AT_ONCE else content or None,
            allow_redirects=False,
            auto_decompress=False,
            compress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=request.extensions["timeout"]["connect"]),
        )
        CURRENT.get().arrivals.follow(response.content)
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            request=request,
            extensions={_CONTENT: response.content},
        )

    async def aclose(self) -> None:
        """Close what is still open."""
        if self._session is not None:
            await self._session.close()
        if self._stamping is not None:
            self._stamping.close()

    def _open_session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_stamp_headers)
        trace.on_request_chunk_sent.append(_stamp_written)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTION_LIMIT,
                limit_per_host=0,
                ssl=self._tls or True,
                ttl_dns_cache=_NAME_KEPT_S,
                force_close=True,
                socket_factory=_open_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            trace_configs=[trace],
            trust_env=False,
        )


def _open_socket(address: aiohttp.AddrInfoType) -> StampedSocket:
    return StampedSocket(CURRENT.get().arrivals, address)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp sends a GET a second time if there was no answer (RFC 9112, 9.3)."""
    call = CURRENT.get()
    if call.is_tried:
        raise aiohttp.ServerDisconnectedError
    call.is_tried = True
    return await handler(request)


async def _stamp_headers(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    call = CURRENT.get()
    if not call.has_body and not call.is_written:
        call.written_at.set_result(call.clock())


async def _stamp_written(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestChunkSentParams
) -> None:
    call = CURRENT.get()
    call.unwritten -= len(params.chunk)
    if call.unwritten <= 0 and not call.is_written:
        call.written_at.set_result(call.clock())
