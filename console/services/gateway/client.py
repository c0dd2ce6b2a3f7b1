"""The gateway client: one request out, its answer's bytes in, with accurate times and hard caps.

httpx's requests over aiohttp's connections: a quarter of the CPU per streamed event, and a pool that stays flat with
hundreds of calls in flight. httpx's client is not between them: a call wants nothing of what it does, and it takes a
quarter of a short call's CPU. The body is read from aiohttp itself. No retry, no redirect, no proxy or netrc from the
environment, no cookies, no compression. No connection is reused: if the gateway has closed it meanwhile, that looks
like a call that was sent and never answered.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from console import __version__
from console.domain.problem import ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.tokens.secret import Secret
from console.services.gateway.address import canonical_origin
from console.services.gateway.arrivals import MACHINE_CLOCK, Arrivals, Clock
from console.services.gateway.bound_transport import BoundTransport
from console.services.gateway.call import CallPart, Chunk, KeyUse, Started, Written
from console.services.gateway.call_watch import CallWatch
from console.services.gateway.failure import (
    CallError,
    deadline_passed,
    disconnected,
    given_up,
    other_origin,
    redirected,
    unreachable,
)
from console.services.gateway.http_library import httpx
from console.services.gateway.options import BEARERS, CallTimes, GatewayOptions
from console.services.gateway.tls import verifying_context
from console.services.gateway.transport import CURRENT, AiohttpTransport, OpenCall, content_of
from console.services.system.directories import absolute
from console.services.system.leak_guard import LEAK_GUARD

BODY_LIMIT = 8 * 1024 * 1024
"""The most bytes of one answer."""

_USER_AGENT = f"gateway-console/{__version__}"
_CA_FILE_LIMIT = 4 * 1024 * 1024
_PIECE = 16_384
"""The most bytes of a body that are passed on at once: while they are judged, the screen waits."""
_PIECES_AT_ONCE = 16
"""How many reads may follow each other before others run."""

WRONG_KEY = "gateway-console-negative-control"
"""The key that a gateway must refuse: it opens nothing anywhere, and names its sender in the gateway's log."""


class Gateway:
    """Calls one gateway under one token. Use as an async context manager."""

    def __init__(
        self,
        base_url: str,
        secret: Secret | None,
        options: GatewayOptions,
        *,
        clock: Clock = MACHINE_CLOCK,
        bound_origin: str | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        """Prepare a client; nothing is sent and no connection is made.

        Args:
            base_url: A checked base URL, without the endpoint's path.
            secret: The token, or None for a gateway that takes none.
            options: How to call the gateway, such as a profile's gateway settings.
            clock: The monotonic clock for all times.
            bound_origin: The origin that the token is bound to, in canonical form; None binds it to the base URL's.
            body_limit: The most bytes of one answer.

        Raises:
            OSError: The CA file cannot be read.
            ssl.SSLError: The CA file holds no certificate.

        """
        self._base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).netloc
        self._secret = secret
        LEAK_GUARD.add(secret)
        self._options = options
        self._times = CallTimes(options.deadline_s, options.idle_timeout_s)
        self._clock = clock
        self._body_limit = body_limit
        is_tls = urlsplit(base_url).scheme == "https"
        self._tls = _tls(options) if is_tls or options.ca_file is not None else None
        self._transport = BoundTransport(
            AiohttpTransport(self._tls), bound_origin or canonical_origin(base_url), secret, _key_header(options)
        )
        self._extensions = {"timeout": {"connect": options.connect_timeout_s}}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    @property
    def secret(self) -> Secret | None:
        """The token that calls use, so that it can be masked in answers."""
        return self._secret

    @property
    def own_headers(self) -> frozenset[str]:
        """The names, in lower case, of the headers that the operator has set for every call."""
        return frozenset(name.lower() for name in self._options.headers)

    @property
    def base_url(self) -> str:
        """The base URL, without a trailing slash."""
        return self._base_url

    @property
    def whole_deadline_s(self) -> float:
        """The longest that a call without a stream may take, in seconds: its answer comes at once, or not."""
        return min(self._options.deadline_s, self._options.idle_timeout_s)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The verifying TLS context of every call; None for plain HTTP, which spares loading the authorities."""
        return self._tls

    async def call(
        self,
        path: str,
        family: EndpointFamily | None,
        body: bytes | None,
        *,
        stream: bool = False,
        key: KeyUse = KeyUse.OWN,
        headers: Mapping[str, str] | None = None,
        body_limit: int | None = None,
        times: CallTimes | None = None,
    ) -> AsyncGenerator[CallPart, None]:
        """Send one request and yield its parts as they arrive: written, started, then the body's chunks.

        If you do not read it to the end, close it: that ends the call.

        Args:
            path: The path after the base URL, with its query.
            family: The endpoint family; None for a path that belongs to none.
            body: The body of a POST; None sends a GET.
            stream: Ask for the answer as a stream of events.
            key: Which key to send.
            headers: More headers for this call, such as those that a coding agent sends.
            body_limit: The most bytes of its answer, if not the client's own limit.
            times: How long it may take, if not as long as the options say.

        Raises:
            CallError: There was no whole answer.

        """
        start = self._clock()
        watch = CallWatch(times or self._times, is_stream=stream)
        own = self._headers(family, stream=stream, has_body=body is not None)
        sent = own | {name.lower(): value for name, value in (headers or {}).items()}
        request = self._request(path, body, sent | self._authorization(key))
        opened = OpenCall(
            self._clock, asyncio.get_running_loop().create_future(), body is not None, Arrivals(self._clock)
        )
        token = CURRENT.set(opened)
        sending = asyncio.create_task(self._send(request, opened))
        CURRENT.reset(token)
        try:
            await watch.wait_for({sending, opened.written_at}, opened.written_at)
            if opened.is_written:
                yield Written((opened.written_at.result() - start) * 1000)
            await watch.wait_for({sending}, opened.written_at)
            response = sending.result()
            head_at, _ = opened.arrivals.head
            received = dict(response.headers.items())
            yield Started(response.status_code, received, (head_at - start) * 1000)
            async for chunk in self._body(response, watch, opened.arrivals, start, body_limit or self._body_limit):
                yield chunk
        except CallError as error:
            error.elapsed_ms = (self._clock() - start) * 1000
            error.was_sent = opened.is_written or error.http_status is not None
            raise
        finally:
            watch.end()
            await _end(sending)

    def _request(self, path: str, body: bytes | None, headers: dict[str, str]) -> httpx.Request:
        try:
            url = _parsed(self._base_url + path)
        except httpx.InvalidURL:
            raise other_origin() from None  # such as a path that changes the base URL's port
        method = "GET" if body is None else "POST"
        return httpx.Request(method, url, content=body, headers=headers, extensions=self._extensions)

    async def _send(self, request: httpx.Request, call: OpenCall) -> httpx.Response:
        try:
            response = await self._transport.handle_async_request(request)
        except aiohttp.ClientResponseError:
            raise given_up("it is not valid HTTP, or its head exceeds 128 lines of 8 kB") from None
        except aiohttp.ClientError as error:
            raise self._failure(error, call) from None
        if response.status_code < 200:
            await response.aclose()
            raise given_up("it switches to another protocol, which was not asked for")
        if 300 <= response.status_code < 400:
            await response.aclose()
            raise redirected(response.status_code)
        return response

    def _failure(self, cause: aiohttp.ClientError, call: OpenCall) -> CallError:
        """Say what ended a call before its answer."""
        if call.is_written:
            return disconnected(answered=False)
        if isinstance(cause, TimeoutError):
            return deadline_passed(self._options.connect_timeout_s, written=False)
        return unreachable(cause, self._host)

    async def _body(
        self, response: httpx.Response, watch: CallWatch, arrivals: Arrivals, start: float, limit: int
    ) -> AsyncGenerator[Chunk, None]:
        """Yield the body as it arrived, at most 16 kB at once."""
        content = content_of(response)
        if str(response.headers.get("content-encoding", "")).strip().lower() not in ("", "identity"):
            raise given_up("it is compressed, but we asked for it uncompressed")
        watch.guard(content)
        place = unyielded = 0
        try:
            while data := await content.read(_PIECE):
                if watch.take(len(data)) > limit:
                    raise given_up(f"it is larger than {limit / 1024 / 1024:g} MB")
                begin = 0
                for end, (at, stamped_by) in arrivals.stamps(place, len(data)):
                    yield Chunk(data[begin:end], (at - start) * 1000, stamped_by)
                    begin = end
                place += len(data)
                unyielded += 1
                if len(data) == _PIECE or unyielded == _PIECES_AT_ONCE:
                    unyielded = 0
                    await asyncio.sleep(0)  # reading what is already here does not let others run
        except aiohttp.ClientError:
            raise disconnected(answered=True) from None

    def _headers(self, family: EndpointFamily | None, *, stream: bool, has_body: bool) -> dict[str, str]:
        headers = {
            "accept": "text/event-stream" if stream else "application/json",
            "accept-encoding": "identity",
            "connection": "keep-alive",
            "user-agent": _USER_AGENT,
            **({"content-type": "application/json"} if has_body else {}),
            **{name.lower(): value for name, value in self._options.headers.items()},
        }
        if family is EndpointFamily.ANTHROPIC_MESSAGES:
            headers["anthropic-version"] = self._options.anthropic_version
        return headers

    def _authorization(self, key: KeyUse) -> dict[str, str]:
        """Return the header that carries the token: the only place in the transport that reveals a `Secret`."""
        if key is KeyUse.NONE or self._secret is None:
            return {}
        token = WRONG_KEY if key is KeyUse.WRONG else self._secret.reveal()
        name = _key_header(self._options)
        return {name: f"Bearer {token}" if name in BEARERS else token}


@lru_cache(maxsize=256)
def _parsed(address: str) -> httpx.URL:
    return httpx.URL(address)


def _key_header(options: GatewayOptions) -> str:
    return "authorization" if options.auth == "bearer" else options.auth


async def _end(sending: "asyncio.Task[httpx.Response]") -> None:
    """End a call's sending half: cancel it if it still runs, and release its connection."""
    if not sending.done():
        sending.cancel()
        await asyncio.wait({sending})
    if not sending.cancelled() and sending.exception() is None:
        await sending.result().aclose()


def _tls(options: GatewayOptions) -> ssl.SSLContext:
    context = verifying_context()
    if options.ca_file is not None:
        context.load_verify_locations(cadata=_read_certificates(absolute(options.ca_file, ProblemKind.CONFIG)))
    return context


def _read_certificates(path: Path) -> str:
    """Read a PEM file; refuse a pipe or device, which could keep the screen waiting."""
    if not path.is_file() or path.stat().st_size > _CA_FILE_LIMIT:
        raise OSError(f"not a regular file of at most {_CA_FILE_LIMIT} bytes")
    return path.read_text(encoding="ascii", errors="replace")
