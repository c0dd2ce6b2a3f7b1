"""What happens in a run: the closed types that the ledger keeps. No field can hold a prompt, an output or a token.

Times and durations are whole milliseconds and money whole millionths of a US dollar, because a record has no floats.
Text of models and gateways enters as a hash, a number or a word of a closed list only.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Blame, Category
from console.domain.finding import Finding, Severity
from console.domain.ledger.actor import Actor
from console.domain.money import Estimate
from console.domain.probes.served_as import ServedAs
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.role_answer import FindingSeverity
from console.domain.sources.cited_page import SourceChecked


class StopCause(StrEnum):
    """Why a run was stopped before it had a candidate. None of them is a failed draft."""

    OPERATOR = "operator"
    CALL = "call"
    """An account, drift or route error, or a refusal for safety: see the category."""
    PREFLIGHT = "preflight"
    """A check before generation found something: see the findings."""
    ROUTE_CHANGED = "route_changed"
    """The route that serves a role is no longer the one that was pinned."""
    INSTRUCTION_CHANGED = "instruction_changed"
    """An instruction file is no longer the one that was pinned."""
    BUDGET = "budget"
    SECRET_IN_PROMPT = "secret_in_prompt"  # noqa: S105  # a cause, no secret


class ArtifactRole(StrEnum):
    """What a stored artifact is in its run."""

    TASK = "task"
    PLAN = "plan"
    DRAFT = "draft"
    ANSWER = "answer"
    """A role's answer as it came, from which its gate was judged."""


@dataclass(frozen=True, slots=True)
class NotedFinding:
    """A finding without its words, which may name a file of the operator's."""

    id: str
    severity: Severity


def noted(findings: tuple[Finding, ...]) -> tuple[NotedFinding, ...]:
    """Return findings as a record keeps them."""
    return tuple(NotedFinding(finding.id, finding.severity) for finding in findings)


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a run works on, as its record names it."""

    host: str
    """The host of its remote; empty where it has none."""
    owner: str
    name: str
    commit: str
    """The commit that the run began at, in hexadecimal."""
    is_dirty: bool


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """What a run was begun under; it stays the same to the run's end."""

    threshold: int
    rubric_sha256: str
    max_attempts: int
    """Writer passes, the first one included."""
    min_independence: int
    """From the writer to the reviewer, and from both to the critic."""
    four_eyes: bool
    run_tokens: int | None = None
    """The narrower of the policy's limits for a run and for a session; the same is true of `run_microusd`."""
    run_microusd: int | None = None
    attempt_tokens: int | None = None
    attempt_microusd: int | None = None


@dataclass(frozen=True, slots=True)
class PinnedRoute:
    """A route as the run began with it."""

    role: Role
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str
    fingerprint: str
    """Of everything that changes what a call does: SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class PinnedSource:
    """An instruction file as the run began with it."""

    path: str
    scope: str
    load: str
    sha256: str
    size: int
    """In bytes; so is the next."""
    effective_size: int
    is_dirty: bool


@dataclass(frozen=True, slots=True)
class RunCreated:
    """A run began."""

    kind: str
    task_sha256: str
    task_size: int
    repository: Repository
    profile: str
    gateway_origin: str
    config_sha256: str
    console_version: str
    is_simulated: bool
    """The embedded gateway answers: nothing of it is evidence of a real gateway."""
    inputs_sha256: str
    """Of what names places on this machine, which is kept apart and is in no record."""
    policy: RunPolicy
    routes: tuple[PinnedRoute, ...]


@dataclass(frozen=True, slots=True)
class InstructionPinned:
    """The instruction source was found, and is the same from here on."""

    tool: str
    primary: str
    """The file that the writer has to name; empty where there is none."""
    scope: str
    sources: tuple[PinnedSource, ...]
    effective_sha256: str
    conflicts: tuple[str, ...]
    """Their codes."""


@dataclass(frozen=True, slots=True)
class RouteProof:
    """How far a route's checks came before the run."""

    role: Role
    rung: int
    verdict: str


@dataclass(frozen=True, slots=True)
class PreflightFinished:
    """What can be known before anything is generated is known, and nothing stands against the run."""

    proofs: tuple[RouteProof, ...]
    findings: tuple[NotedFinding, ...]
    token_state: str
    publisher_token_available: bool
    cloud_token_available: bool
    ci_token_permissions: str


@dataclass(frozen=True, slots=True)
class CallIntended:
    """A call is about to be made; from here on it may be billed, whatever happens to this process."""

    call_id: str
    role: Role
    gate: Gate
    attempt: int
    fingerprint: str
    """Of the route."""
    brief_sha256: str
    brief_size: int
    """In bytes, as sent."""
    secret_findings: int
    """What the guard found in the brief: 0, or the call is not made."""
    max_tokens: int
    max_microusd: int | None

    @property
    def cost(self) -> Estimate:
        """The most that the call can take."""
        return Estimate(self.max_tokens, self.max_microusd)


@dataclass(frozen=True, slots=True)
class CallRecorded:
    """A call was answered to its end."""

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


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call ended without an answer that can be used."""

    call_id: str
    role: Role
    category: Category
    blame: Blame
    stops: bool
    """The category, or one of its readings, stops a run."""
    requests_sent: int
    http_status: int | None
    request_id: str | None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_ms: int | None = None
    microusd: int | None = None


@dataclass(frozen=True, slots=True)
class CallLost:
    """The process that made a call is gone: the outcome is unknown, and it may have been billed."""

    call_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class CallRepeatAllowed:
    """The operator allows the gate's call to be made once more, on the same route."""

    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RouteMoved:
    """The operator moved a role to the fallback route."""

    role: Role
    route: PinnedRoute
    """The fallback's, under this role."""
    reason: str


@dataclass(frozen=True, slots=True)
class ArtifactStored:
    """Something that a role made is kept apart from the ledger, by its hash."""

    role: ArtifactRole
    attempt: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One of the operator's own commands on the draft."""

    name: str
    exit_code: int | None
    """None where it was stopped."""
    duration_ms: int
    is_passed: bool


@dataclass(frozen=True, slots=True)
class SourcesChecked:
    """Every claim's source was fetched. Why one was not read is for display, and not in it."""

    sources: tuple[SourceChecked, ...]


@dataclass(frozen=True, slots=True)
class GateOpened:
    """A gate's work is done; it waits for a decision."""

    gate: Gate
    attempt: int
    verdict: GateVerdict
    """What our code computed."""
    findings: tuple[NotedFinding, ...] = ()
    needs_human: bool = False
    """No machine may decide, however good the verdict."""
    is_final: bool = False
    """No operator may say better than the verdict."""
    artifact_sha256: str | None = None
    """What the verdict is about."""
    notes_sha256: str | None = None
    """The findings in words, kept apart."""
    total: int | None = None
    scores: tuple[tuple[str, int], ...] = ()
    severities: tuple[tuple[FindingSeverity, int], ...] = ()
    independence: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer` with their level, 0 to 3."""
    commands: tuple[CommandRun, ...] = ()
    failure: Category | None = None
    """Why the gate's call gave nothing to judge."""


@dataclass(frozen=True, slots=True)
class OperatorSigned:
    """An operator signed what the run began with, or the decision that follows in the next line."""

    key_fingerprint: str
    """Of the key in the signature."""
    signature: str
    """As `ssh-keygen -Y sign` makes it, in base64 and one line; `signature.decision_statement` says of what."""
    signers_sha256: str
    """The hash of the list of signers by which it was verified."""


@dataclass(frozen=True, slots=True)
class GateDecided:
    """A verdict was given at a gate."""

    gate: Gate
    attempt: int
    verdict: GateVerdict
    reason: str
    is_machine: bool
    """The machine's verdict was taken as it was, by `--auto`."""
    is_override: bool
    """It is better than what our code computed."""
    saw: str
    """The ledger's head that the operator had seen."""
    artifact_sha256: str | None


@dataclass(frozen=True, slots=True)
class RunBlocked:
    """A gate ended the run."""

    gate: Gate
    attempt: int
    attempts_used_up: bool = False


@dataclass(frozen=True, slots=True)
class RunStopped:
    """The run ended before it had a candidate; this does not count as a failed draft."""

    cause: StopCause
    category: Category | None = None
    reason: str = ""
    findings: tuple[NotedFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateSealed:
    """One artifact passed every gate. This tool does not publish it."""

    artifact_sha256: str
    four_eyes: bool
    """Two operators, told apart by their keys, stand behind it."""


@dataclass(frozen=True, slots=True)
class RunClosed:
    """The run is over, with its candidate."""


RunEvent = (
    RunCreated
    | InstructionPinned
    | PreflightFinished
    | CallIntended
    | CallRecorded
    | CallFailed
    | CallLost
    | CallRepeatAllowed
    | RouteMoved
    | ArtifactStored
    | SourcesChecked
    | GateOpened
    | OperatorSigned
    | GateDecided
    | RunBlocked
    | RunStopped
    | CandidateSealed
    | RunClosed
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the ledger."""

    seq: int
    at_ms: int
    """Unix time of the writer's clock, in milliseconds; the order comes from `seq`."""
    actor: Actor
    head: str
    """The hash of the ledger's line."""
    event: RunEvent
