"""Opening a relay in an open gateway: with the gateway's prices, and with one client for each agent."""

import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue
from console.domain.relay.call import RelayEvent
from console.domain.routes.route import Route
from console.services.config.settings import RelaySettings
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.relay.client import RelayClient
from console.services.relay.relay import Relay, RelayRules
from console.services.relay.server import Seen, serve_relay


@dataclass(frozen=True, slots=True)
class OpenRelay:
    """A relay that listens."""

    origin: str
    """Where, as `http://127.0.0.1:PORT`."""
    relay: Relay
    clients: Sequence[RelayClient]
    listen_on: Callable[[socket.socket], Awaitable[None]]
    """Listens on one more socket, such as one in an agent's own network."""


def rules_of(settings: RelaySettings) -> RelayRules:
    """Return what a profile holds every client to."""
    return RelayRules(
        refuses_suspected_secrets=settings.suspected_secrets == "refuse",
        max_output_tokens=settings.max_output_tokens,
        cool_down_s=settings.breaker_s,
        deadline_s=settings.deadline_s,
        idle_timeout_s=settings.idle_timeout_s,
    )


@contextlib.asynccontextmanager
async def open_relay(
    gateway: Gateway,
    clients: Sequence[RelayClient],
    reservations: Reservations,
    tell: Callable[[RelayEvent], None],
    *,
    rules: RelayRules,
    catalogue: Catalogue | None = None,
    port: int = 0,
    seen: Seen | None = None,
) -> AsyncIterator[OpenRelay]:
    """Relay while the block runs.

    Args:
        gateway: The open client, which alone holds the token.
        clients: Who may call.
        reservations: The session's budget.
        tell: Takes each event; it must not block.
        rules: What every client is held to.
        catalogue: Where to look up prices, if the gateway's lists were read.
        port: The port; 0 picks a free one.
        seen: Takes every request as a client sent it.

    Raises:
        RelayPortError: It cannot listen on the port.

    """

    def price_of(route: Route) -> Price | None:
        entry = None if catalogue is None else catalogue.get(route.model)
        return None if entry is None else entry.price

    relay = Relay(gateway, reservations, tell, rules=rules, clock=time.monotonic, now=time.time, price_of=price_of)
    async with serve_relay(relay, clients, port, seen=seen) as listening:
        yield OpenRelay(listening.origin, relay, clients, listening.listen_on)
