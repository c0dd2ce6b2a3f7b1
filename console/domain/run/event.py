"""The events of a run: the closed types that the ledger stores. No field can hold a prompt, an output or a token.

Times and durations are whole milliseconds and money is whole millionths of a US dollar, because a record has no floats.
Text from models and gateways enters only as a hash, a number or a word from a closed list.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.answers.role_answer import FindingSeverity
from console.domain.errors.category import Category
from console.domain.finding import Finding, Severity
from console.domain.ledger.actor import Actor
from console.domain.routes.role import Role
from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost, AgentWriter, OutsideDraft
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import (
    ContextFile,
    PinnedRoute,
    PinnedSource,
    ProofSpent,
    Repository,
    RouteProof,
    RunPolicy,
    VerifiedRow,
    later,
)
from console.domain.run.reach import Reach
from console.domain.sources.cited_page import SourceChecked


class StopCause(StrEnum):
    """Why a run stopped before it had a candidate. None of these is a failed draft."""

    OPERATOR = "operator"
    CALL = "call"
    """An account, drift or route error, or a safety refusal: see the category."""
    PREFLIGHT = "preflight"
    """A check before generation found something: see the findings."""
    ROUTE_CHANGED = "route_changed"
    """A role's route has changed since the run began."""
    INSTRUCTION_CHANGED = "instruction_changed"
    """An instruction file has changed since the run pinned it."""
    BUDGET = "budget"
    SECRET_IN_PROMPT = "secret_in_prompt"  # noqa: S105  # a cause, not a secret


class StopRule(StrEnum):
    """The rule that stopped a run, by the setting or the check that holds it."""

    WITHHELD_TOKENS = "withheld_tokens"
    """A token that no role may reach is in the environment."""
    CI_BOUNDARY = "ci_boundary"
    REQUIRE_VERIFICATION = "require_verification"
    INDEPENDENCE = "independence"
    NEEDED_ROLES = "needed_roles"
    """A role that every run needs has no route."""
    CONTRACT = "contract"
    """A route cannot serve its model, or a rung of the ladder does not hold."""
    REQUIRE_PRICE = "require_price"
    REQUIRE_LISTED_MODEL = "require_listed_model"
    REPOSITORY = "repository"
    """The repository is not as it was when the run began."""
    REFUSED_CALL = "refused_call"
    """The gateway refused a call for a reason that stops a run: see the category."""


class ArtifactRole(StrEnum):
    """The role of a stored artifact in its run."""

    TASK = "task"
    PLAN = "plan"
    DRAFT = "draft"
    ANSWER = "answer"
    """A role's raw answer, from which its gate was judged."""


@dataclass(frozen=True, slots=True)
class NotedFinding:
    """A finding without its message, which may name one of the operator's files."""

    id: str
    severity: Severity


def noted(findings: tuple[Finding, ...]) -> tuple[NotedFinding, ...]:
    """Return findings as a record stores them."""
    return tuple(NotedFinding(finding.id, finding.severity) for finding in findings)


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
    """Whether the embedded gateway answers: this is not evidence about a real gateway."""
    inputs_sha256: str
    """The hash of the local paths, which are stored separately and are in no record."""
    policy: RunPolicy
    routes: tuple[PinnedRoute, ...]
    chosen_routes: tuple[str, ...] = later(())
    """The keys of the routes that the operator chose instead of their roles' own, such as `writer.fast`."""
    context: tuple[ContextFile, ...] = later(())
    """The files that the planner and the writer are given beside the task."""
    writer: AgentWriter | None = later(None)
    """The coding agent that writes the drafts; None if the writer's route is asked for them."""
    outside: OutsideDraft | None = later(None)
    """The draft that the run begins with; None if the run makes it."""


@dataclass(frozen=True, slots=True)
class InstructionPinned:
    """The instruction source was found, and is fixed from now on."""

    tool: str
    primary: str
    """The file that the writer has to name; empty if there is none."""
    scope: str
    sources: tuple[PinnedSource, ...]
    effective_sha256: str
    conflicts: tuple[str, ...]
    """The codes of the conflicts."""


@dataclass(frozen=True, slots=True)
class PreflightFinished:
    """All checks before generation passed."""

    proofs: tuple[RouteProof, ...]
    findings: tuple[NotedFinding, ...]
    token_state: str
    publisher_token_available: bool
    cloud_token_available: bool
    ci_token_permissions: str
    spent: ProofSpent | None = later(None)
    """What the preflight's own calls took; None if they took nothing."""
    reach: Reach | None = later(None)
    """The tokens that roles could have reached; lines of older versions have the three fields above alone."""
    notes_sha256: str | None = later(None)
    """The rungs and findings with their words, stored separately."""
    needs_human: bool = later(False)
    """Whether a person has to decide before anything is generated."""
    verified_rows: tuple[VerifiedRow, ...] = later(())
    """The rows that the policy required to be verified, all of them fresh; empty if it required none."""


@dataclass(frozen=True, slots=True)
class ProofPaid:
    """Calls that prove routes were paid for, and led to no event that says so: the run is held, or a move refused."""

    spent: ProofSpent


@dataclass(frozen=True, slots=True)
class RouteMoved:
    """The operator moved a role to the fallback route."""

    role: Role
    route: PinnedRoute
    """The fallback's route, under this role."""
    reason: str
    proof: RouteProof | None = later(None)
    """How far the fallback's route was proven before the move."""
    spent: ProofSpent | None = later(None)
    """What proving it took; None if it took nothing."""


@dataclass(frozen=True, slots=True)
class ArtifactStored:
    """An artifact of a role was stored outside the ledger, under its hash."""

    role: ArtifactRole
    attempt: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class DraftBrought:
    """A draft from outside enters at the deterministic checks."""

    attempt: int
    draft: OutsideDraft


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One of the operator's own commands ran on the draft."""

    name: str
    exit_code: int | None
    """None if it was stopped."""
    duration_ms: int
    is_passed: bool
    output_sha256: str | None = later(None)
    """The last lines that a failed command wrote, stored separately."""
    with_base_tests: bool = later(False)
    """Whether it ran with the repository's own copy of the test files that the draft edits."""


@dataclass(frozen=True, slots=True)
class SourcesChecked:
    """The source of every claim was fetched. Why one could not be read is for display only and not stored."""

    sources: tuple[SourceChecked, ...]


@dataclass(frozen=True, slots=True)
class GateOpened:
    """The work of a gate is done; it waits for a decision."""

    gate: Gate
    attempt: int
    verdict: GateVerdict
    """The verdict that our code computed."""
    findings: tuple[NotedFinding, ...] = ()
    needs_human: bool = False
    """Whether a person has to decide, however good the verdict."""
    is_final: bool = False
    """Whether no operator may decide better than the verdict."""
    artifact_sha256: str | None = None
    """The artifact that the verdict is about."""
    notes_sha256: str | None = None
    """The findings with their messages, stored separately."""
    total: int | None = None
    scores: tuple[tuple[str, int], ...] = ()
    severities: tuple[tuple[FindingSeverity, int], ...] = ()
    independence: tuple[tuple[str, int], ...] = ()
    """Pairs such as `writer_vs_reviewer` with their level from 0 to 3."""
    unproven: tuple[str, ...] = later(())
    """The pairs whose level rests on names that may be aliases."""
    commands: tuple[CommandRun, ...] = ()
    failure: Category | None = None
    """Why the gate's call produced nothing to judge."""
    own: GateVerdict | None = later(None)
    """The verdict from the critic's own points alone, if the gate's verdict combines it with another."""
    tree: str = later("")
    """At the candidate's gate: the id of git's tree that the patch makes of the run's commit; empty for other kinds."""


@dataclass(frozen=True, slots=True)
class OperatorSigned:
    """An operator signed the beginning of the run, or the decision in the next line."""

    key_fingerprint: str
    """The fingerprint of the key in the signature."""
    signature: str
    """The output of `ssh-keygen -Y sign`, in base64 on one line; see `signature.decision_statement` for its input."""
    signers_sha256: str
    """The hash of the list of signers that verified it."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An operator left the run to another one, with a note. It changes no one's rights: everyone may still decide."""

    gate: Gate
    attempt: int
    to: str
    """Whom it is for, by the id that operators have in the ledger."""
    note: str
    """What they have to know; typed by the operator."""
    to_key: str | None = later(None)
    """The fingerprint of their key, where the store has a list of operators; None where it has none."""


@dataclass(frozen=True, slots=True)
class GateDecided:
    """A decision was made at a gate."""

    gate: Gate
    attempt: int
    verdict: GateVerdict
    reason: str
    is_machine: bool
    """Whether `--auto` accepted the machine's verdict."""
    is_override: bool
    """Whether it is better than the computed verdict."""
    saw: str
    """The ledger head that the operator had seen."""
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
    spent: ProofSpent | None = later(None)
    """What the preflight's own calls took before it stopped the run."""
    role: Role | None = later(None)
    """The role whose route or call stopped it."""
    rule: StopRule | None = later(None)
    independence: tuple[tuple[str, int], ...] = later(())
    """The pairs that were too close, such as `writer_vs_reviewer`, with their level from 0 to 3."""
    verification_rows: tuple[str, ...] = later(())
    """The ids of the verification rows that held it up."""
    reach: Reach | None = later(None)
    """The tokens that roles could have reached when a preflight stopped it."""
    notes_sha256: str | None = later(None)
    """A preflight's rungs and findings with their words, stored separately."""


@dataclass(frozen=True, slots=True)
class CandidateSealed:
    """One artifact passed every gate. This tool does not publish it."""

    artifact_sha256: str
    four_eyes: bool
    """Whether two operators, told apart by their keys, passed it."""


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
    | AgentBegun
    | AgentEnded
    | AgentLost
    | DraftBrought
    | ProofPaid
    | RouteMoved
    | ArtifactStored
    | SourcesChecked
    | GateOpened
    | OperatorSigned
    | HandedOver
    | GateDecided
    | RunBlocked
    | RunStopped
    | CandidateSealed
    | RunClosed
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as stored in the ledger."""

    seq: int
    at_ms: int
    """Unix time from the writer's clock, in milliseconds; the order comes from `seq`."""
    actor: Actor
    head: str
    """The hash of the ledger line."""
    event: RunEvent
