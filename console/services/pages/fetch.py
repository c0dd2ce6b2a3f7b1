"""Reading one public page: the only client for the pages behind claims and facts.

Every hop's address is checked, and the connection goes to exactly that address, so a name that resolves differently a
moment later (DNS rebinding) has no effect. No credentials, no cookies, no proxy or netrc from the environment, no
compression; one deadline and one cap for everything.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from console import __version__
from console.services.gateway.tls import verifying_context
from console.services.pages.failure import SourceError, SourceRefusedError, SourceUnreachableError
from console.services.pages.page_text import content_sha256, decode, visible_text
from console.services.pages.public_address import Resolve, public_addresses, resolve_host

SIZE_LIMIT = 2 * 1024 * 1024
"""The most bytes of a page."""
DEADLINE_S = 20.0
"""The longest that reading a page may take in total, in seconds, including redirects."""
REDIRECT_LIMIT = 5
_URL_LIMIT = 2048
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
_TEXT = ("application/json", "application/yaml", "application/toml", "application/javascript")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page that arrived complete."""

    url: str
    """Its URL after redirects, so possibly text from outside."""
    status: int
    """From 200 to 299."""
    content_type: str
    """The media type in lower case, without parameters; empty if the answer named none. Text from outside."""
    text: str = field(repr=False)
    """Its visible text, each run of white space as one space. Text from outside; never stored."""
    sha256: str
    """Of the text without ids and times that change with every visit, so it is equal for an unchanged page."""
    size: int = 0
    """How many bytes its body had."""


async def fetch(
    url: str,
    *,
    size_limit: int = SIZE_LIMIT,
    deadline_s: float = DEADLINE_S,
    redirect_limit: int = REDIRECT_LIMIT,
    resolve: Resolve = resolve_host,
    make_tls: Callable[[], ssl.SSLContext] = verifying_context,
    allow_loopback: bool = False,
    loopback_origins: frozenset[str] = frozenset(),
) -> Fetched:
    """Read a public page with one GET, and one more for each redirect.

    Args:
        url: `http://` or `https://`, on the public internet.
        size_limit: The most bytes of the page.
        deadline_s: The longest that it may take in total, in seconds.
        redirect_limit: The most redirects to follow.
        resolve: Resolves a host name to addresses.
        make_tls: Builds the TLS context, when it is needed.
        allow_loopback: Treat this machine's loopback as public, for tests.
        loopback_origins: Treat these origins on this machine's loopback, such as `http://127.0.0.1:4000`, as public. A
            page of another origin cannot redirect there.

    Raises:
        SourceRefusedError: The URL, or one that it redirects to, must not be read.
        SourceUnreachableError: There was no complete page of text.

    """
    fetcher = _Fetcher(
        size_limit,
        redirect_limit,
        resolve,
        make_tls,
        allow_loopback=allow_loopback,
        loopback_origins=loopback_origins,
    )
    try:
        async with asyncio.timeout(deadline_s):
            return await fetcher.follow(url)
    except TimeoutError:
        raise SourceUnreachableError(f"no complete page within {deadline_s:g} s") from None


class _Fetcher:
    """Follows one page's redirects to the end."""

    def __init__(
        self,
        size_limit: int,
        redirect_limit: int,
        resolve: Resolve,
        make_tls: Callable[[], ssl.SSLContext],
        *,
        allow_loopback: bool,
        loopback_origins: frozenset[str],
    ) -> None:
        self._size_limit = size_limit
        self._redirect_limit = redirect_limit
        self._resolve = resolve
        self._make_tls = make_tls
        self._tls: ssl.SSLContext | None = None
        self._allow_loopback = allow_loopback
        self._loopback_origins = loopback_origins

    async def follow(self, text: str) -> Fetched:
        url = _parse(text)
        if str(url.origin()) not in self._loopback_origins:
            self._loopback_origins = frozenset()
        for _ in range(self._redirect_limit + 1):
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            if url.scheme == "https" and found.scheme != "https":
                raise SourceRefusedError("the page redirects from https to plain http; not followed")
            url = found
        raise SourceUnreachableError(f"the page redirects more than {self._redirect_limit} times")

    async def _get(self, url: URL) -> Fetched | URL:
        """Request one URL in its own session; return the page, or the URL that it redirects to."""
        host, port = str(url.host), url.port or 0
        allow_loopback = self._allow_loopback or str(url.origin()) in self._loopback_origins
        addresses = await public_addresses(host, port, self._resolve, allow_loopback=allow_loopback)
        if url.scheme == "https" and self._tls is None:
            self._tls = self._make_tls()
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(addresses), ssl=self._tls or True, use_dns_cache=False, force_close=True
        )
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                    auto_decompress=False,
                    trust_env=False,
                ) as session,
                session.get(url, headers=_HEADERS, allow_redirects=False) as response,
            ):
                if response.status in _REDIRECTS:
                    return _destination(url, response)
                return await self._page(url, response)
        except SourceError:
            raise
        except aiohttp.ClientPayloadError:
            raise SourceUnreachableError("the connection ended in the middle of the page") from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            raise SourceUnreachableError("the page's host has no trusted certificate, or does not speak TLS") from None
        except aiohttp.ClientResponseError:
            raise SourceUnreachableError("the answer is not valid HTTP") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise SourceUnreachableError("the page's host cannot be reached from this machine") from None

    async def _page(self, url: URL, response: aiohttp.ClientResponse) -> Fetched:
        _require_text(response)
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > self._size_limit:
                raise SourceUnreachableError(f"the page is larger than {self._size_limit / 1024 / 1024:g} MB")
        # In a thread: 2 MB of hostile markup takes a second, and a screen may be waiting.
        return await asyncio.to_thread(_read, url, response, bytes(body))


_HEADERS = {
    "accept": "text/html, text/plain;q=0.9, */*;q=0.5",
    "accept-encoding": "identity",
    "user-agent": f"gateway-console/{__version__}",
}


class _Pinned(AbstractResolver):
    """Returns only the checked addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


def _parse(text: str) -> URL:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text or len(text) > _URL_LIMIT:
        raise SourceRefusedError("the page's URL has a character that a URL cannot have, or is too long")
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise SourceRefusedError("the page's address is not a valid URL") from None
    if url.scheme not in ("http", "https") or not url.host or not port:
        raise SourceRefusedError("the page's URL, or one that it redirects to, is neither http nor https")
    if url.user is not None or url.password is not None:
        raise SourceRefusedError("the page's URL contains a user name or password")
    return url.with_fragment(None)


def _destination(url: URL, response: aiohttp.ClientResponse) -> URL:
    """Return the URL that a redirect leads to."""
    location = response.headers.get("location", "").strip()
    if not location:
        raise SourceUnreachableError("the page redirects, but names no URL", http_status=response.status)
    try:
        target = url.join(URL(location))
    except ValueError:
        raise SourceRefusedError("the page redirects to something that is not a URL") from None
    return _parse(str(target))


def _require_text(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if not 200 <= status < 300:
        raise SourceUnreachableError(f"the page's host answered with HTTP status {status}", http_status=status)
    if response.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise SourceUnreachableError("the page is compressed, but we asked for it uncompressed", http_status=status)
    kind = _media_type(response)
    if kind and not (kind.startswith("text/") or kind in (*_MARKUP, *_TEXT) or kind.endswith(("+json", "+xml"))):
        raise SourceUnreachableError("the page is not text that can be compared", http_status=status)


def _read(url: URL, response: aiohttp.ClientResponse, body: bytes) -> Fetched:
    kind = _media_type(response)
    page = decode(body, response.charset or "")
    is_markup = kind in _MARKUP or kind.endswith("+xml") or (not kind and page.lstrip().startswith("<"))
    text = visible_text(page, is_markup=is_markup)
    if not text:
        raise SourceUnreachableError("the page has no text without a browser", http_status=response.status)
    return Fetched(str(url), response.status, kind, text, content_sha256(text), len(body))


def _media_type(response: aiohttp.ClientResponse) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
