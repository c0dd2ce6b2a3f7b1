"""The clients of a relay: each has a random key of its own, routes that it may use, and limits."""

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from console.domain.money import Budget, Estimate, Price
from console.domain.probes.agent import Agent
from console.domain.probes.smoke import SmokeResult
from console.domain.relay.admission import RouteDesk
from console.domain.relay.refusal import RelayRefusal
from console.domain.routes.route import Route
from console.services.gateway.reservations import Reservations

_KEY_BYTES = 24


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A call that was admitted, and for which its cost is set aside."""

    number: int
    route: Route
    body_sha256: str
    body_size: int
    cost: Estimate
    price: Price | None


class CallBook(Protocol):
    """Where a client's calls are recorded, each before it is sent."""

    async def begin(self, call: BookedCall) -> RelayRefusal | None:
        """Record a call that is about to be sent, or return why it must not be."""

    def end(self, call: BookedCall, result: SmokeResult, *, is_cut: bool) -> None:
        """Record how it ended; it must not block."""


class CutOffError(Exception):
    """The operator has cut the client off."""


@dataclass(slots=True)
class RelayClient:
    """A client of a relay."""

    name: str
    desk: RouteDesk
    key: str = field(default_factory=lambda: f"gwc-{secrets.token_urlsafe(_KEY_BYTES)}", repr=False)
    """Random; it opens this relay alone, for as long as it runs, and no gateway."""
    budgets: Sequence[Budget] = ()
    """Narrower budgets than the session's that its calls must keep to."""
    call_limit: int | None = None
    """The most calls that are sent for it in all; None means no limit."""
    in_flight_limit: int = 64
    agent: Agent | None = None
    """The agent that it is, by whose vendor's contract its answers are judged too; None if that is not known."""
    book: CallBook | None = None
    """Where its calls are recorded before they are sent; None if they need not be."""
    sent: int = 0
    """The calls that were admitted so far."""
    in_flight: int = 0
    is_cut_off: bool = False
    """Whether the operator has cut it off: its key opens nothing until it is let in again."""
    _calls: set[asyncio.Timeout] = field(default_factory=set, init=False, repr=False)
    overlong: set[str] = field(default_factory=set, init=False, repr=False)
    """The hashes of bodies whose answers were cut off for their length: asked again, each would be paid again."""
    _own: Reservations | None = field(default=None, init=False, repr=False)

    def within(self, session: Reservations) -> Reservations:
        """Return the session's reservations, in which all of its calls together keep to its own budgets."""
        if self._own is None:
            self._own = session.narrowed(self.budgets) if self.budgets else session
        return self._own

    def cut_off(self) -> None:
        """End its calls in flight, and take none from it until it is let in again."""
        self.is_cut_off = True
        self.end_calls()

    def end_calls(self) -> None:
        """End its calls in flight."""
        calls, self._calls = self._calls, set()
        for call in calls:
            call.reschedule(0)  # long past

    @contextlib.asynccontextmanager
    async def until_cut_off(self) -> AsyncIterator[None]:
        """Let the block answer a call until the client is cut off.

        Raises:
            CutOffError: It was, or is now.

        """
        if self.is_cut_off:
            raise CutOffError
        call = asyncio.timeout(None)
        try:
            async with call:
                self._calls.add(call)
                yield
        except TimeoutError:
            if call.expired():
                raise CutOffError from None
            raise
        finally:
            self._calls.discard(call)


def key_in(headers: Mapping[str, str]) -> str:
    """Return the key that a request carries, in whichever header its client uses; empty if it carries none."""
    own = headers.get("x-api-key") or headers.get("api-key")
    if own:
        return own
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else headers.get("x-goog-api-key", "")


def client_of(clients: Iterable[RelayClient], key: str) -> RelayClient | None:
    """Return the client that a key belongs to; None if it belongs to none. Compares in constant time."""
    given = key.encode("utf-8", "replace")
    return next((each for each in clients if hmac.compare_digest(each.key.encode(), given)), None)
