"""The calls of a relay as events, for the screen, the log and a ledger: no field can hold a prompt or an output."""

from dataclasses import dataclass

from console.domain.probes.smoke import SmokeResult
from console.domain.relay.fields import Uncounted
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route


@dataclass(frozen=True, slots=True)
class RelayCallRefused:
    """A call was refused here; nothing of it was sent."""

    number: int
    client: str
    """The name of the client, as the operator gave it."""
    family: EndpointFamily | None
    """The family of the path; None if no family has it."""
    reason: RefusedFor
    message: str
    at: float
    """Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class RelayCallBegun:
    """A call was admitted and is about to be sent."""

    number: int
    client: str
    route: Route
    size: int
    """The body in bytes."""
    at: float
    """Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class RelayCallMoved:
    """Pieces of an answer were passed on."""

    number: int
    pieces: int
    """How many came since the last event of this kind."""
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class RelayCallEnded:
    """A call ended: what its judge found, and what it took."""

    number: int
    client: str
    result: SmokeResult
    tokens: int
    """What was booked for it; so is the next."""
    microusd: int
    is_cut: bool
    """Whether the client left, or the operator cut it off, before the answer's end."""
    uncounted: tuple[Uncounted, ...] = ()
    """What it may have cost beyond what was booked."""
    is_priced: bool = True
    """Whether the gateway's price of the model is known; if not, the micro-dollars say nothing."""


RelayEvent = RelayCallRefused | RelayCallBegun | RelayCallMoved | RelayCallEnded
