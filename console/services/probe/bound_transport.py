"""The last hop before the wire: a request leaves for the token's own origin only, and with no token in its content."""

import httpx

from console.domain.category import Category, judged
from console.services.address import canonical_origin
from console.services.leak_guard import LEAK_GUARD
from console.services.probe.failure import CallError

_KEY_HEADERS = frozenset({"authorization", "x-api-key"})


class BoundTransport(httpx.AsyncBaseTransport):
    """Compares every request with the origin that the token belongs to, and looks through what it carries."""

    def __init__(self, inner: httpx.AsyncBaseTransport, origin: str | None) -> None:
        """Wrap the way to the wire.

        Args:
            inner: The transport that connects.
            origin: The one origin that requests may go to, in canonical form; None refuses them all.

        """
        self._inner = inner
        self._origin = origin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on.

        Raises:
            CallError: It would go to another origin, or carries a token as content. Not a byte of it was sent.

        """
        if self._origin is None or canonical_origin(str(request.url)) != self._origin:
            raise CallError(
                judged(
                    Category.ORIGIN_REFUSED,
                    "the request would have gone to another origin than the token belongs to; nothing was sent",
                    action="Correct base_url. Where the gateway has moved, bind the token anew: token rebind.",
                )
            )
        if (where := _secret_place(request)) is not None:
            raise CallError(judged(Category.SECRET_IN_PROMPT, f"a token stands in the request's {where}"))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the way to the wire."""
        await self._inner.aclose()


def _secret_place(request: httpx.Request) -> str | None:
    """Say where a request carries a token as content, or None where it does not."""
    if LEAK_GUARD.is_hit(str(request.url)):
        return "address"
    if LEAK_GUARD.is_hit(request.content.decode("utf-8", "replace")):
        return "body"
    if any(LEAK_GUARD.is_hit(value) for name, value in request.headers.items() if name not in _KEY_HEADERS):
        return "headers"
    return None
