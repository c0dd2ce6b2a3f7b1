"""The last hop before the wire: a request goes only to the token's own origin, and without a token in its content."""

from collections.abc import Iterator
from urllib.parse import unquote

from console.domain.tokens.secret import Secret
from console.services.gateway.address import canonical_origin
from console.services.gateway.failure import carries_token, other_origin
from console.services.gateway.http_library import httpx
from console.services.gateway.options import BEARERS
from console.services.system.leak_guard import LEAK_GUARD

_QUOTED_AT_MOST = 3
"""How many layers of quoting to look through, as in a URL within a URL within a URL."""


class BoundTransport(httpx.AsyncBaseTransport):
    """Compares every request with the origin that the token belongs to, and searches what it carries for tokens."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        origin: str | None,
        secret: Secret | None = None,
        key_header: str = "authorization",
    ) -> None:
        """Wrap a transport.

        Args:
            inner: The transport that connects.
            origin: The only origin that requests may go to, in canonical form; None refuses all requests.
            secret: The token that belongs to the origin; with None, no token may be sent.
            key_header: The only header, in lower case, that may carry the token.

        """
        self._inner = inner
        self._origin = origin
        self._secret = secret
        self._key_header = key_header

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Forward a request.

        Raises:
            CallError: It would go to another origin, or carries a token as content. Nothing was sent.

        """
        if self._origin is None or canonical_origin(str(request.url)) != self._origin:
            raise other_origin()
        if (place := self._place_of_token(request)) is not None:
            raise carries_token(place)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._inner.aclose()

    def _place_of_token(self, request: httpx.Request) -> str | None:
        """Say where a request carries a token as content, or return None."""
        if any(map(LEAK_GUARD.is_hit, _readings(str(request.url)))):
            return "address"
        if LEAK_GUARD.is_hit(request.content.decode("utf-8", "replace")):
            return "body"
        headers = request.headers.items()  # a repeated name appears once, with both values
        if any(LEAK_GUARD.is_hit(f"{name}: {value}") and not self._is_key(name, value) for name, value in headers):
            return "headers"
        return None

    def _is_key(self, name: str, value: str) -> bool:
        """Return whether a header is the one meant to carry the token, and carries nothing else."""
        scheme = "Bearer " if name in BEARERS else ""
        return (
            name == self._key_header
            and value.startswith(scheme)
            and self._secret is not None
            and Secret(value.removeprefix(scheme)) == self._secret
        )


def _readings(address: str) -> Iterator[str]:
    """Yield a URL as it is sent, and as it reads each time it is unquoted: clients differ in how much they quote."""
    for _ in range(_QUOTED_AT_MOST):
        yield address
        before, address = address, unquote(address)
        if address == before:
            return
    yield address
