"""The outcome and results of a smoke test of one route."""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Classification
from console.domain.exchange.shape import ExchangeShape
from console.domain.finding import Finding
from console.domain.money import Price, cost_of
from console.domain.probes.arrival import Arrival
from console.domain.probes.ladder import RungStatus
from console.domain.probes.served_as import ServedAs, Service
from console.domain.probes.token_limit import TokenLimit
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape


class SmokeStatus(StrEnum):
    """The outcome of a smoke test of one route."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    """Stopped before generation: drift, or an account or route error. Not the model's fault."""
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """Sent, but interrupted: the outcome is unknown and the call may have been billed."""


class StampedBy(StrEnum):
    """Whose time an arrival has."""

    KERNEL = "kernel"
    """The kernel's own stamp of the segment: right, however busy this process is."""
    PROCESS = "process"
    """This process's time when it read: late by the lag of its event loop."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What this console itself counted of an answered call, for an answer that names no usage."""

    sent_bytes: int
    """The request's body."""
    received_bytes: int
    """The answer's text and reasoning."""


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """The result of one live smoke test of a route. Safe to store: no prompt, no output, no upstream text."""

    key: RouteKey
    model: str
    endpoint_family: str
    endpoint_path: str
    status: SmokeStatus
    classification: Classification | None = None
    model_reported: str | None = None
    http_status: int | None = None
    requests_sent: int = 0
    """Requests sent; never above 1, because nothing is retried."""
    request_written_ms: float | None = None
    """From the start of the call until the request's last byte was passed to the kernel, including connect time."""
    first_byte_ms: float | None = None
    """From request written until the answer's headers arrived."""
    ttft_ms: float | None = None
    """Time to first token: from request written until the first content delta; headers and pings do not count."""
    ttft_stamped_by: StampedBy | None = None
    """Who took the time of the first content; None without content."""
    total_ms: float | None = None
    """From the start of the call until its end."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish: str | None = None
    request_id: str | None = None
    findings: tuple[Finding, ...] = ()
    shape: Shape = Shape.TEXT
    service: Service | None = None
    """The service that answered; None if there was no answer."""
    arrival: Arrival | None = None
    """How the content arrived; None if there was none."""
    limit: TokenLimit = TokenLimit(0, "")
    """The request's token limit."""
    counted: Counted | None = None
    """What was sent and received; None if the answer is not complete or brought no text."""
    is_eventless: bool = False
    """Whether a successful stream ended before its first event."""
    exchange: ExchangeShape | None = None
    """What the answer was like, without its content; None if nothing was sent."""

    @property
    def is_at_limit(self) -> bool:
        """Whether the answer ended at the request's token limit."""
        return self.limit.ended(self.finish, self.output_tokens)

    @property
    def is_ttft_models(self) -> bool:
        """Whether the time to first token is the model's: not if something on the way collected the content."""
        return self.arrival is None or not self.arrival.is_collected

    @property
    def rung_status(self) -> RungStatus:
        """What the call means for the rung that made it: an answer from another model proves nothing."""
        if self.status is SmokeStatus.PASSED:
            return RungStatus.UNPROVEN if self.is_swapped else RungStatus.PASSED
        return RungStatus.BLOCKED if self.status is SmokeStatus.BLOCKED else RungStatus.FAILED

    @property
    def tokens(self) -> int | None:
        """The tokens that the call took; None if a call was sent and its answer does not name both counts."""
        if self.input_tokens is not None and self.output_tokens is not None:
            return self.input_tokens + self.output_tokens
        return None if self.requests_sent else 0

    def cost(self, price: Price | None) -> int | None:
        """Return what the call cost in micro-dollars; None if its tokens or their price are unknown."""
        return cost_of(price, self.input_tokens, self.output_tokens) if self.requests_sent else 0

    @property
    def is_swapped(self) -> bool:
        """Whether another model answered than the one that was asked for."""
        return self.service is not None and self.service.served_as is ServedAs.SWAPPED

    @property
    def output_tokens_per_s(self) -> float | None:
        """The generation speed after the first token, in tokens per second."""
        if self.output_tokens is None or self.ttft_ms is None or self.total_ms is None or not self.is_ttft_models:
            return None
        generating_ms = self.total_ms - (self.request_written_ms or 0.0) - self.ttft_ms
        return (self.output_tokens - 1) / generating_ms * 1000 if generating_ms > 1 and self.output_tokens > 1 else None
