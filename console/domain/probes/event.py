"""All events of a gateway: services yield them, `ConsoleState.apply` folds them, both user interfaces show them."""

from dataclasses import dataclass

from console.domain.money import Budget, Estimate
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.catalogue import Catalogue, Change
from console.domain.probes.ladder import Rung, RungResult
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.state import TokenState


@dataclass(frozen=True, slots=True)
class RoutesChecked:
    """The route table was checked offline."""

    checks: tuple[RouteCheck, ...]


@dataclass(frozen=True, slots=True)
class GatewayClosed:
    """The gateway's origin and token were dropped; open it again before a call."""


@dataclass(frozen=True, slots=True)
class GatewayOpened:
    """The profile's gateway has an origin; nothing was sent to it."""

    origin: str
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class GatewayFailed:
    """The profile's gateway has no usable origin."""

    reason: str


@dataclass(frozen=True, slots=True)
class TokenResolved:
    """The profile's token references were looked up."""

    state: TokenState
    reference: str
    """The reference that gave a token, or the last one tried; never a token."""
    advice: str = ""
    """What to do next, if the token was not found or is not bound to an origin."""
    source: str = ""
    """A description of the token's source, if it was found."""
    origin: str | None = None
    """The origin that the token is bound to, as scheme://host:port; None if it is not bound."""


@dataclass(frozen=True, slots=True)
class SmokeQueued:
    """A smoke test of a route was requested and is in the queue."""

    key: RouteKey


@dataclass(frozen=True, slots=True)
class SmokeStarted:
    """A call through a route began; nothing has been sent yet."""

    route: Route
    at: float
    """Unix time in seconds."""

    @property
    def key(self) -> RouteKey:
        """The key of the route that is called."""
        return self.route.key


@dataclass(frozen=True, slots=True)
class RequestWritten:
    """The request's last byte was passed to the kernel."""

    key: RouteKey
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The answer's status and headers arrived."""

    key: RouteKey
    http_status: int
    first_byte_ms: float


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """Output arrived: what one read of the socket brought of one kind. Display only: never stored in a record."""

    key: RouteKey
    text: str
    is_reasoning: bool
    ttft_ms: float
    """Time to the stream's first token; the same in every piece of a stream."""
    pieces: int = 1
    """How many pieces the stream had it in."""


@dataclass(frozen=True, slots=True)
class RefusalRead:
    """The gateway refused a call and said why. Display only: never stored in a record."""

    key: RouteKey
    excerpt: str
    """Its message, scrubbed of suspected secrets, made safe and shortened."""


@dataclass(frozen=True, slots=True)
class SmokeFinished:
    """A call through a route ended."""

    result: SmokeResult

    @property
    def key(self) -> RouteKey:
        """The key of the route that was called."""
        return self.result.key


@dataclass(frozen=True, slots=True)
class LoopLagMeasured:
    """The lag of this console's own event loop during a measurement: the error of its figures."""

    p99_ms: float


@dataclass(frozen=True, slots=True)
class RungStarted:
    """A rung of the probe ladder was started for a route."""

    key: RouteKey
    rung: Rung
    price_before: Estimate


@dataclass(frozen=True, slots=True)
class RungFinished:
    """A rung of the probe ladder ended."""

    result: RungResult

    @property
    def key(self) -> RouteKey:
        """The key of the probed route."""
        return self.result.key


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """Routes climbed the ladder as far as they can; what each rung showed was told before."""

    keys: tuple[RouteKey, ...]
    top: Rung
    """The highest rung that was asked for."""


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """A call in an agent's shape was begun; nothing was sent yet."""

    agent: str
    """The agent's name and version."""
    keys: tuple[RouteKey, ...]
    """The routes on which it is the same call."""
    price_before: Estimate


@dataclass(frozen=True, slots=True)
class AgentFinished:
    """A call in an agent's shape ended, or was not made."""

    result: AgentResult


@dataclass(frozen=True, slots=True)
class CatalogueRead:
    """The gateway's lists were read."""

    catalogue: Catalogue
    changes: tuple[Change, ...]
    """The changes since the last check of this profile; empty if there was none."""
    is_first: bool
    """Whether this was the first check, with nothing to compare with."""


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """A call was booked on the session's budget."""

    budget: Budget


CallEvent = SmokeQueued | SmokeStarted | RequestWritten | AnswerStarted | OutputReceived | RefusalRead | SmokeFinished
"""The events of one call, of a smoke test or a run."""
SmokeEvent = CallEvent | BudgetSpent | LoopLagMeasured
CheckEvent = SmokeEvent | RungStarted | RungFinished | CheckFinished | AgentStarted | AgentFinished | CatalogueRead
Event = RoutesChecked | GatewayClosed | GatewayOpened | GatewayFailed | TokenResolved | CheckEvent
