"""Every event: the vocabulary of the product. Services yield them, `state.apply` folds them, both faces draw them."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Classification
from console.domain.money import Budget, Estimate
from console.domain.probes.catalogue import Catalogue, Change
from console.domain.probes.ladder import Rung, RungResult
from console.domain.probes.served_as import Service
from console.domain.routes.contract import Finding, RouteCheck
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape


class TokenState(StrEnum):
    """What asking a token's reference led to. Only an absent token moves on to the next reference."""

    UNASKED = "unasked"
    FOUND = "found"
    ABSENT = "absent"
    LOCKED = "locked"
    UNAVAILABLE = "unavailable"
    """The store cannot be reached, or what it holds cannot be used."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """For safety: the token is bound to another origin, or others may read or change where it is kept."""


class SmokeStatus(StrEnum):
    """How a smoke test of one route ended."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    """Stopped before generation: drift, or an account or route error. Not a failure of the model."""
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """Sent, but interrupted before its end: the outcome is unknown and the call may have been billed."""


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """What one live smoke test of a route showed. Safe to keep: no prompt, no output, no upstream text."""

    role: Role
    model: str
    endpoint_family: str
    endpoint_path: str
    status: SmokeStatus
    classification: Classification | None = None
    model_reported: str | None = None
    http_status: int | None = None
    requests_sent: int = 0
    """Requests written to the wire; never above 1, because nothing is retried."""
    request_written_ms: float | None = None
    """From the start of the call until the request's last byte was handed to the kernel: connect time included."""
    first_byte_ms: float | None = None
    """From request written until the answer's headers had arrived."""
    ttft_ms: float | None = None
    """Time to first token: from request written until the first content delta; headers and pings do not count."""
    total_ms: float | None = None
    """From the start of the call until its end."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish: str | None = None
    request_id: str | None = None
    findings: tuple[Finding, ...] = ()
    shape: Shape = Shape.TEXT
    service: Service | None = None
    """Who answered; None where nobody did."""

    @property
    def output_tokens_per_s(self) -> float | None:
        """The pace of generation after the first token, in tokens a second."""
        if self.output_tokens is None or self.ttft_ms is None or self.total_ms is None:
            return None
        generating_ms = self.total_ms - (self.request_written_ms or 0.0) - self.ttft_ms
        return (self.output_tokens - 1) / generating_ms * 1000 if generating_ms > 1 and self.output_tokens > 1 else None


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
    """A smoke test of a route began; nothing is written yet."""

    route: Route
    at: float
    """Unix time in seconds."""


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
    """A piece of output arrived. For the eye only: never kept in a record."""

    role: Role
    text: str
    is_reasoning: bool
    ttft_ms: float
    """Time to the stream's first token; the same in every piece of one stream."""


@dataclass(frozen=True, slots=True)
class RefusalRead:
    """The gateway refused a call and said why. For the eye only: never kept in a record."""

    role: Role
    excerpt: str
    """Its message, scrubbed of what looks like a secret, made safe and cut short."""


@dataclass(frozen=True, slots=True)
class SmokeFinished:
    """A smoke test of a route ended."""

    result: SmokeResult


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


SmokeEvent = (
    SmokeQueued
    | SmokeStarted
    | RequestWritten
    | AnswerStarted
    | OutputReceived
    | RefusalRead
    | SmokeFinished
    | BudgetSpent
    | LoopLagMeasured
)
CheckEvent = SmokeEvent | RungStarted | RungFinished | CatalogueRead
Event = RoutesChecked | GatewayClosed | GatewayOpened | GatewayFailed | TokenResolved | CheckEvent
