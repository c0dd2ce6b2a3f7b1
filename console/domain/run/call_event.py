"""The events of a call in a run. From its intention on it may be billed, whatever happens to this process."""

from dataclasses import dataclass

from console.domain.errors.category import Blame, Category
from console.domain.money import Estimate
from console.domain.probes.served_as import ServedAs
from console.domain.routes.role import Role
from console.domain.run.gate import Gate
from console.domain.run.pinned import later


@dataclass(frozen=True, slots=True)
class CallIntended:
    """A call is about to be made; from now on it may be billed, whatever happens to this process."""

    call_id: str
    role: Role
    gate: Gate
    attempt: int
    fingerprint: str
    """The fingerprint of the route."""
    brief_sha256: str
    brief_size: int
    """In bytes, as sent."""
    secret_findings: int
    """The secrets that the guard found in the brief; unless 0, the call is not made."""
    max_tokens: int
    max_microusd: int | None
    content_sha256: str = later("")
    """The hash of what the brief says, without what is random per call; equal for two calls that ask the same."""
    turn_id: str = later("")
    """The turn of the coding agent that makes it; empty if the console makes it. An agent may ask the same twice."""

    @property
    def cost(self) -> Estimate:
        """The upper bound of the call."""
        return Estimate(self.max_tokens, self.max_microusd)


@dataclass(frozen=True, slots=True)
class CallRecorded:
    """A call was answered completely."""

    call_id: str
    role: Role
    model_reported: str | None
    served_as: ServedAs | None
    http_status: int | None
    request_id: str | None
    finish: str | None
    input_tokens: int | None
    output_tokens: int | None
    ttft_ms: int | None
    total_ms: int | None
    microusd: int | None
    counted_tokens: int | None = later(None)
    """What was sent and received, by its bytes, if the answer names no usage; it is booked in its place."""
    counted_microusd: int | None = later(None)
    model_behind: str | None = later(None)
    """The deployment behind the requested name, if the gateway's head names it."""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call ended without a usable answer."""

    call_id: str
    role: Role
    category: Category
    blame: Blame
    stops: bool
    """Whether the category, or one of its possible readings, stops a run."""
    requests_sent: int
    http_status: int | None
    request_id: str | None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_ms: int | None = None
    microusd: int | None = None
    counted_tokens: int | None = later(None)
    """As in `CallRecorded`; None also if the answer is not complete."""
    counted_microusd: int | None = later(None)
    model_reported: str | None = later(None)
    """The name of the model that answered, if any did."""
    served_as: ServedAs | None = later(None)
    finding: str | None = later(None)
    """The id of the finding that made the answer unusable."""
    ttft_ms: int | None = later(None)
    exchange_sha256: str | None = later(None)
    """What is kept of the exchange without its content, stored separately."""


@dataclass(frozen=True, slots=True)
class CallLost:
    """The process that made a call is gone: the outcome is unknown, and the call may have been billed."""

    call_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class CallRepeatAllowed:
    """The operator allows one more call at the gate, on the same route."""

    call_id: str
    reason: str
