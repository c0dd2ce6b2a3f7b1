"""The record: the safe projection of a run. Every field is computed from the ledger; none can be entered by hand.

The first fields are what every record of a gateway's run needs: the endpoint family of each role, the sources that
were checked, whether a secret was in a prompt or a token in reach, and how the review ended. The others give the facts
behind them. No type here can hold a prompt, an output, an instruction's text, a token or a path on this machine.
"""

from dataclasses import dataclass
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.event import CommandRun, NotedFinding, StopCause, StopRule
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import (
    ContextFile,
    PinnedRoute,
    PinnedSource,
    Repository,
    RouteProof,
    RunPolicy,
    VerifiedRow,
)
from console.domain.run.reach import ReachedToken
from console.domain.run.state import RunStatus
from console.domain.run.turn import AgentTurn
from console.domain.sources.cited_page import SourceChecked


@dataclass(frozen=True, slots=True)
class RecordedStop:
    """Why a run ended before it had a candidate, and at which route."""

    cause: StopCause
    category: Category | None
    role: Role | None
    """The role whose route or call stopped the run, or at whose gate the operator did; None if none was concerned."""
    model: str | None
    """The model that the role's route asks for; None if the role has no route. So are the next two."""
    endpoint_family: EndpointFamily | None
    endpoint_path: str | None
    rule: StopRule | None
    """The setting or the check that stopped it; None in a ledger of a version that did not record it."""
    by: str | None
    """The id of the operator who stopped it; None if the console did."""
    reason: str
    """What the operator typed; for any other cause, a sentence of our own that names the cause or the rule."""
    findings: tuple[NotedFinding, ...]
    verification_rows: tuple[str, ...]
    """The ids of the verification rows that were not fresh."""
    independence: tuple[tuple[str, int], ...]
    """The pairs that were too close, such as `writer_vs_reviewer`, with their level from 0 to 3."""
    http_status: int | None
    """What the refused call was answered with; None if no call was refused. So is the next."""
    request_id: str | None


@dataclass(frozen=True, slots=True)
class RecordedMove:
    """The operator moved a role to the fallback's route."""

    role: Role
    from_route: PinnedRoute | None
    to_route: PinnedRoute
    reason: str
    proof: RouteProof | None
    """How far the fallback's route was proven before the move."""


@dataclass(frozen=True, slots=True)
class RecordedHandover:
    """An operator left the run to another one, with a note."""

    gate: Gate
    attempt: int
    by: str
    """The operator's id."""
    to: str
    """The id of the operator whom it was for; everyone else could decide too."""
    note: str
    handed_over_at_ms: int


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call of a run: the requested and reported model, the outcome and the usage."""

    call_id: str
    role: Role
    gate: Gate
    attempt: int
    model: str
    model_reported: str | None
    endpoint_family: EndpointFamily
    endpoint_path: str
    brief_sha256: str
    """The hash of the request's body: everything that was sent."""
    brief_size: int
    """In bytes."""
    outcome: str
    """`answered`, `failed`, `lost` (it may have been billed, the outcome is unknown), or `open`."""
    category: Category | None
    http_status: int | None
    request_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    ttft_ms: int | None
    total_ms: int | None
    microusd: int | None
    model_behind: str | None = None
    """The deployment behind the requested name, if the gateway's head names it."""
    finding: str | None = None
    """The id of the finding that made the answer unusable."""
    repeat_reason: str | None = None
    """Why the operator had this call made once more; None if it was not repeated."""
    turn_id: str | None = None
    """The turn of the coding agent that made it, one of `writer.turns`; None if the console made it."""


class WriterKind(StrEnum):
    """Who makes the drafts of a run."""

    ROUTE = "route"
    """The writer's route is asked for them, and the revision's for later ones."""
    AGENT = "agent"
    """A coding agent, which changes files and makes its calls on the writer's route."""
    OUTSIDE = "outside"
    """Someone else: this tool and the models of the run did not make them."""


@dataclass(frozen=True, slots=True)
class OutsideEntry:
    """A draft from outside; the first one is what the run began with."""

    attempt: int
    sha256: str
    size: int
    """In bytes."""
    made_by: str
    """Who made it, as the operator says; no one checked it, and it may be empty."""


@dataclass(frozen=True, slots=True)
class RecordedWriter:
    """Who makes the drafts of a run, in each attempt."""

    kind: WriterKind
    agent: str | None
    """The coding agent's id; `command` for a command of the operator's own. None if no agent writes."""
    call_limit: int | None
    """The most calls that it may make in one turn; None if no agent writes. So is the next."""
    time_limit_s: int | None
    turns: tuple[AgentTurn, ...]
    """The agent's turns, with what held it in each."""
    drafts: tuple[OutsideEntry, ...]
    """The drafts from outside."""


@dataclass(frozen=True, slots=True)
class VerdictPart:
    """One of the verdicts by which an attempt got past its critic, or did not."""

    gate: Gate
    computed: GateVerdict
    """What our code computed from the answer of this gate's own role."""
    decided: GateVerdict | None
    """What was decided on it; None for the critic's own part, on which the gate's decision stands."""
    decided_by: str | None
    """An operator's id, or `machine`."""


@dataclass(frozen=True, slots=True)
class RecordedGate:
    """The computed verdict of a gate, and the decision."""

    gate: Gate
    attempt: int
    computed: GateVerdict
    parts: tuple[VerdictPart, ...]
    """At the critic's gate, its verdict from its own points alone, and the review's; else empty."""
    decided: GateVerdict | None
    decided_by: str | None
    """The operator's id, or `machine`."""
    key_fingerprint: str | None
    is_signed: bool
    """The key that signed the decision; `record verify` verifies the signature."""
    decided_at_ms: int | None
    reason: str
    is_override: bool
    saw: str | None
    artifact_sha256: str | None
    total: int | None
    threshold: int | None
    scores: tuple[tuple[str, int], ...]
    findings: tuple[NotedFinding, ...]
    needs_human: bool
    failure: Category | None
    """Why the gate's call produced nothing to judge."""
    commands: tuple[CommandRun, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The data of a run that may be stored and shown."""

    run_id: str
    repository: str
    instruction_source: str | None
    instruction_scope: str | None
    planner_endpoint_family: EndpointFamily | None
    writer_endpoint_family: EndpointFamily | None
    revision_endpoint_family: EndpointFamily | None
    reviewer_endpoint_family: EndpointFamily | None
    critic_endpoint_family: EndpointFamily | None
    source_urls_checked: tuple[str, ...]
    """The pages that claims of the draft cite, and those of the verification rows that the policy required."""
    secrets_in_prompt: bool
    publisher_token_available: bool | None
    """Whether the environment held such a token; None if no preflight looked. So are the next two."""
    cloud_token_available: bool | None
    ci_token_permissions: str | None
    review_status: GateVerdict | None
    """The result of the review: ready with a candidate, block, or a judge's newest verdict."""
    status: RunStatus
    gate: Gate
    attempt: int
    started_at_ms: int
    updated_at_ms: int
    stop_cause: StopCause | None
    stop_category: Category | None
    stop: RecordedStop | None
    """Why the run was stopped; None if it was not."""
    tokens_in_reach: tuple[ReachedToken, ...] | None
    """The tokens that the environment held when a preflight looked; None if none looked, or did not record them."""
    kind: str | None
    profile: str | None
    gateway_origin: str | None
    is_simulated: bool
    console_version: str | None
    config_sha256: str | None
    repository_state: Repository | None
    policy: RunPolicy | None
    instruction_tool: str | None
    """The coding agent whose rules say which instruction files count."""
    instructions: tuple[PinnedSource, ...]
    instructions_sha256: str | None
    instruction_conflicts: tuple[str, ...]
    context: tuple[ContextFile, ...]
    """The files that the planner and the writer are given beside the task."""
    proofs: tuple[RouteProof, ...]
    preflight_findings: tuple[NotedFinding, ...]
    """What a preflight that passed found."""
    verified_rows: tuple[VerifiedRow, ...]
    """The rows of the verification table that the policy required to be fresh."""
    routes: tuple[PinnedRoute, ...]
    moves: tuple[RecordedMove, ...]
    sources: tuple[SourceChecked, ...]
    independence: tuple[tuple[str, int], ...]
    unproven_independence: tuple[str, ...]
    """The pairs whose level rests on names that may be aliases."""
    writer: RecordedWriter
    gates: tuple[RecordedGate, ...]
    calls: tuple[RecordedCall, ...]
    spent_tokens: int
    spent_microusd: int
    is_spent_exact: bool
    candidate_sha256: str | None
    candidate_tree: str | None
    """The id of git's tree that the sealed patch makes of the run's commit: a commit with this tree has exactly it."""
    four_eyes: bool
    """Whether two operators, told apart by their keys, passed the candidate."""
    chosen_routes: tuple[str, ...]
    """The routes that `run start --route` named, each by its key, as in `writer.fast`; absent if it named none."""
    handovers: tuple[RecordedHandover, ...]
    """Whom the run was left to, and with which notes; absent if it was left to no one."""
    lines: int
    """The number of lines in the run's ledger; the next field is the hash of the last line."""
    head: str
