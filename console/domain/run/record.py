"""The record: the safe projection of a run. Every field is computed from the ledger; none can be entered by hand.

The first fields have the names from the article that the product implements; the others give the facts behind them. No
type here can hold a prompt, an output, an instruction's text, a token or a path on this machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.errors.category import Category
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.call_event import CallFailed, CallLost, CallRecorded
from console.domain.run.event import CommandRun, GateOpened, NotedFinding, StopCause
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import PinnedRoute, PinnedSource, Repository, RouteProof, RunPolicy
from console.domain.run.state import CallEnd, RunState, RunStatus
from console.domain.sources.cited_page import SourceChecked


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


@dataclass(frozen=True, slots=True)
class RecordedGate:
    """The computed verdict of a gate, and the decision."""

    gate: Gate
    attempt: int
    computed: GateVerdict
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
    secrets_in_prompt: bool
    publisher_token_available: bool | None
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
    kind: str | None
    profile: str | None
    gateway_origin: str | None
    is_simulated: bool
    console_version: str | None
    config_sha256: str | None
    repository_state: Repository | None
    policy: RunPolicy | None
    instructions: tuple[PinnedSource, ...]
    instructions_sha256: str | None
    instruction_conflicts: tuple[str, ...]
    proofs: tuple[RouteProof, ...]
    routes: tuple[PinnedRoute, ...]
    sources: tuple[SourceChecked, ...]
    independence: tuple[tuple[str, int], ...]
    unproven_independence: tuple[str, ...]
    """The pairs whose level rests on names that may be aliases."""
    gates: tuple[RecordedGate, ...]
    calls: tuple[RecordedCall, ...]
    spent_tokens: int
    spent_microusd: int
    is_spent_exact: bool
    candidate_sha256: str | None
    four_eyes: bool
    """Whether two operators, told apart by their keys, passed the candidate."""
    chosen_routes: tuple[str, ...]
    """The routes that `run start --route` named, each by its key, as in `writer.fast`; absent if it named none."""
    lines: int
    """The number of lines in the run's ledger; the next field is the hash of the last line."""
    head: str


def record_of(state: RunState) -> Record:
    """Return the record of a run so far."""
    created, instruction, preflight = state.created, state.instruction, state.preflight
    sources = () if state.sources is None else state.sources.sources
    return Record(
        run_id=state.run_id,
        repository="" if created is None else created.repository.name,
        instruction_source=None if instruction is None else instruction.primary,
        instruction_scope=None if instruction is None else instruction.scope,
        planner_endpoint_family=_family(state, Role.PLANNER),
        writer_endpoint_family=_family(state, Role.WRITER),
        revision_endpoint_family=_family(state, Role.REVISION),
        reviewer_endpoint_family=_family(state, Role.REVIEWER),
        critic_endpoint_family=_family(state, Role.CRITIC),
        source_urls_checked=tuple(dict.fromkeys(source.url for source in sources)),
        secrets_in_prompt=_has_secrets(state),
        publisher_token_available=None if preflight is None else preflight.publisher_token_available,
        cloud_token_available=None if preflight is None else preflight.cloud_token_available,
        ci_token_permissions=None if preflight is None else preflight.ci_token_permissions,
        review_status=review_status(state),
        status=state.status,
        gate=state.gate,
        attempt=state.attempt,
        started_at_ms=state.started_at_ms,
        updated_at_ms=state.updated_at_ms,
        stop_cause=None if state.stopped is None else state.stopped.cause,
        stop_category=None if state.stopped is None else state.stopped.category,
        kind=None if created is None else created.kind,
        profile=None if created is None else created.profile,
        gateway_origin=None if created is None else created.gateway_origin,
        is_simulated=created is not None and created.is_simulated,
        console_version=None if created is None else created.console_version,
        config_sha256=None if created is None else created.config_sha256,
        repository_state=None if created is None else created.repository,
        policy=None if created is None else created.policy,
        instructions=() if instruction is None else instruction.sources,
        instructions_sha256=None if instruction is None else instruction.effective_sha256,
        instruction_conflicts=() if instruction is None else instruction.conflicts,
        proofs=(
            *(() if preflight is None else preflight.proofs),
            *(move.proof for move in state.moves if move.proof is not None),
        ),
        routes=state.routes,
        sources=sources,
        independence=_independence(state.openings),
        unproven_independence=_unproven(state.openings),
        gates=tuple(_gates(state)),
        calls=tuple(_calls(state)),
        spent_tokens=state.spent.tokens,
        spent_microusd=state.spent.microusd,
        is_spent_exact=state.spent.is_exact,
        candidate_sha256=None if state.sealed is None else state.sealed.artifact_sha256,
        four_eyes=state.sealed is not None and state.sealed.four_eyes,
        chosen_routes=() if created is None else created.chosen_routes,
        lines=state.seq,
        head=state.head,
    )


def review_status(state: RunState) -> GateVerdict | None:
    """Return the result of the review so far; None if no judge has answered or the run was stopped."""
    match state.status:
        case RunStatus.CLOSED:
            return GateVerdict.READY
        case RunStatus.BLOCKED:
            return GateVerdict.BLOCK
        case RunStatus.STOPPED:
            return None
        case RunStatus.ACTIVE:
            judged = [each.decided for each in state.decisions if each.decided.gate in (Gate.REVIEWER, Gate.CRITIC)]
            return judged[-1].verdict if judged else None


def _family(state: RunState, role: Role) -> EndpointFamily | None:
    """Return the family of the route that did a role's newest work, or would do it."""
    used = next((call.fingerprint for call in reversed(state.calls) if call.role is role), None)
    route = state.route(role) if used is None else _routes(state)[used]
    return None if route is None else route.endpoint_family


def _has_secrets(state: RunState) -> bool:
    """Return whether a brief seemed to contain a secret; it is then not sent, and the run stops."""
    is_stopped_by_one = state.stopped is not None and state.stopped.cause is StopCause.SECRET_IN_PROMPT
    return is_stopped_by_one or any(call.secret_findings for call in state.calls)


def _routes(state: RunState) -> dict[str, PinnedRoute]:
    """Return every route that served the run, by its fingerprint."""
    begun = () if state.created is None else state.created.routes
    return {route.fingerprint: route for route in (*state.routes, *(move.route for move in state.moves), *begun)}


def _independence(openings: Sequence[GateOpened]) -> tuple[tuple[str, int], ...]:
    """Return the newest level of each pair."""
    return tuple(dict(pair for opened in openings for pair in opened.independence).items())


def _unproven(openings: Sequence[GateOpened]) -> tuple[str, ...]:
    """Return the pairs whose newest level is not proven."""
    newest = {pair: pair in opened.unproven for opened in openings for pair, _ in opened.independence}
    return tuple(pair for pair, is_unproven in newest.items() if is_unproven)


def _gates(state: RunState) -> Iterator[RecordedGate]:
    decisions = {(each.decided.gate, each.decided.attempt): each for each in state.decisions}
    newest = {(opened.gate, opened.attempt): opened for opened in state.openings}
    for opened in state.openings:
        here = (opened.gate, opened.attempt)
        # A gate whose call was repeated opens twice: the decision is about the second opening.
        given = decisions.get(here) if opened is newest[here] else None
        decided = None if given is None else given.decided
        by = None if given is None else ("machine" if given.decided.is_machine else given.actor.id)
        yield RecordedGate(
            gate=opened.gate,
            attempt=opened.attempt,
            computed=opened.verdict,
            decided=None if decided is None else decided.verdict,
            decided_by=by,
            key_fingerprint=None if given is None else given.actor.key_fingerprint,
            is_signed=given is not None and given.signed is not None,
            decided_at_ms=None if given is None else given.at_ms,
            reason="" if decided is None else decided.reason,
            is_override=decided is not None and decided.is_override,
            saw=None if decided is None else decided.saw,
            artifact_sha256=opened.artifact_sha256,
            total=opened.total,
            threshold=None if opened.total is None or state.created is None else state.created.policy.threshold,
            scores=opened.scores,
            findings=opened.findings,
            needs_human=opened.needs_human,
            commands=opened.commands,
        )


def _calls(state: RunState) -> Iterator[RecordedCall]:
    ends = {end.call_id: end for end in state.ends}
    routes = _routes(state)
    for call in state.calls:
        end = ends.get(call.call_id)
        route = routes[call.fingerprint]
        answered = end if isinstance(end, CallRecorded) else None
        known = end if isinstance(end, CallRecorded | CallFailed) else None
        yield RecordedCall(
            call_id=call.call_id,
            role=call.role,
            gate=call.gate,
            attempt=call.attempt,
            model=route.model,
            model_reported=None if known is None else known.model_reported,
            endpoint_family=route.endpoint_family,
            outcome=_outcome(end),
            category=end.category if isinstance(end, CallFailed) else None,
            http_status=None if known is None else known.http_status,
            request_id=None if known is None else known.request_id,
            input_tokens=None if known is None else known.input_tokens,
            output_tokens=None if known is None else known.output_tokens,
            ttft_ms=None if known is None else known.ttft_ms,
            total_ms=None if known is None else known.total_ms,
            microusd=None if known is None else known.microusd,
            model_behind=None if answered is None else answered.model_behind,
            finding=end.finding if isinstance(end, CallFailed) else None,
        )


def _outcome(end: CallEnd | None) -> str:
    match end:
        case None:
            return "open"
        case CallRecorded():
            return "answered"
        case CallFailed():
            return "failed"
        case CallLost():
            return "lost"
