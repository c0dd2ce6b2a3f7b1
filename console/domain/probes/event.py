"""Every event of a gateway: services yield them, `ConsoleState.apply` folds them, both faces draw them."""

from dataclasses import dataclass

from console.domain.money import Budget, Estimate
from console.domain.probes.catalogue import Catalogue, Change
from console.domain.probes.ladder import Rung, RungResult
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.tokens.state import TokenState


@dataclass(frozen=True, slots=True)
class RoutesChecked:
    """The route table was checked offline."""

    checks: tuple[RouteCheck, ...]


@dataclass(frozen=True, slots=True)
class GatewayClosed:
    """The gateway's address and token are no longer held; calls need it to be opened first."""


@dataclass(frozen=True, slots=True)
class GatewayOpened:
    """The profile's gateway has an address; nothing was sent to it."""

    origin: str
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class GatewayFailed:
    """The profile's gateway could not be given an address."""

    reason: str


@dataclass(frozen=True, slots=True)
class TokenResolved:
    """The profile's token references were asked."""

    state: TokenState
    reference: str
    """The reference that answered, or the last one asked; never a token."""
    advice: str = ""
    """What to do next, where the token was not found, or was found and is bound to no origin."""
    source: str = ""
    """What the token came from, in words, where it was found."""
    origin: str | None = None
    """The origin that the token is bound to, as scheme://host:port; None where the source binds none."""


@dataclass(frozen=True, slots=True)
class SmokeQueued:
    """A smoke test of a route was asked for and waits for its place."""

    role: Role


@dataclass(frozen=True, slots=True)
class SmokeStarted:
    """A call through a route began; nothing is written yet."""

    route: Route
    at: float
    """Unix time in seconds."""

    @property
    def role(self) -> Role:
        """The role whose route is called."""
        return self.route.role


@dataclass(frozen=True, slots=True)
class RequestWritten:
    """The request's last byte was handed to the kernel."""

    role: Role
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The answer's status and headers arrived."""

    role: Role
    http_status: int
    first_byte_ms: float


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """A piece of output arrived. Display only: never kept in a record."""

    role: Role
    text: str
    is_reasoning: bool
    ttft_ms: float
    """Time to the stream's first token; the same in every piece of one stream."""


@dataclass(frozen=True, slots=True)
class RefusalRead:
    """The gateway refused a call and said why. Display only: never kept in a record."""

    role: Role
    excerpt: str
    """Its message, scrubbed of what looks like a secret, made safe and cut short."""


@dataclass(frozen=True, slots=True)
class SmokeFinished:
    """A call through a route ended."""

    result: SmokeResult

    @property
    def role(self) -> Role:
        """The role whose route was called."""
        return self.result.role


@dataclass(frozen=True, slots=True)
class LoopLagMeasured:
    """How far this console's own event loop lagged while it measured: the error of its own figures."""

    p99_ms: float


@dataclass(frozen=True, slots=True)
class RungStarted:
    """A rung of the probe ladder is being climbed for a route."""

    role: Role
    rung: Rung
    price_before: Estimate


@dataclass(frozen=True, slots=True)
class RungFinished:
    """A rung of the probe ladder held, or did not."""

    result: RungResult

    @property
    def role(self) -> Role:
        """The role for whose route it was climbed."""
        return self.result.role


@dataclass(frozen=True, slots=True)
class CatalogueRead:
    """The gateway's lists were read."""

    catalogue: Catalogue
    changes: tuple[Change, ...]
    """What changed since the last check of this profile; empty where there was none."""
    is_first: bool
    """There was no earlier check to compare with."""


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """A call was booked on the session's budget."""

    budget: Budget


CallEvent = SmokeQueued | SmokeStarted | RequestWritten | AnswerStarted | OutputReceived | RefusalRead | SmokeFinished
"""What happens to one call, a smoke test's or a run's."""
SmokeEvent = CallEvent | BudgetSpent | LoopLagMeasured
CheckEvent = SmokeEvent | RungStarted | RungFinished | CatalogueRead
Event = RoutesChecked | GatewayClosed | GatewayOpened | GatewayFailed | TokenResolved | CheckEvent
