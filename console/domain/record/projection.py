"""The projection of a run into its record: every field is computed from the run's events."""

from collections.abc import Iterator, Sequence

from console.domain.record.record import (
    OutsideEntry,
    Record,
    RecordedCall,
    RecordedGate,
    RecordedHandover,
    RecordedMove,
    RecordedWriter,
    VerdictPart,
    WriterKind,
)
from console.domain.record.stop import recorded_stop
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.run.call_event import CallFailed, CallLost, CallRecorded
from console.domain.run.event import DraftBrought, GateOpened, StopCause
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.needed_roles import asked_roles
from console.domain.run.pinned import PinnedRoute
from console.domain.run.reach import Reach
from console.domain.run.state import CallEnd, Decision, RunState, RunStatus
from console.domain.run.turn import turns_of
from console.domain.workflows.token_kind import TokenKind


def record_of(state: RunState) -> Record:
    """Return the record of a run so far."""
    created, instruction, preflight = state.created, state.instruction, state.preflight
    sources = () if state.sources is None else state.sources.sources
    verified = () if preflight is None else preflight.verified_rows
    reach = _reach(state)
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
        source_urls_checked=tuple(
            dict.fromkeys((*(source.url for source in sources), *(row.source_url for row in verified)))
        ),
        secrets_in_prompt=_has_secrets(state),
        publisher_token_available=_is_in_reach(state, TokenKind.PUBLISHER),
        cloud_token_available=_is_in_reach(state, TokenKind.CLOUD),
        ci_token_permissions=_ci_permissions(state),
        review_status=review_status(state),
        status=state.status,
        gate=state.gate,
        attempt=state.attempt,
        started_at_ms=state.started_at_ms,
        updated_at_ms=state.updated_at_ms,
        stop_cause=None if state.stopped is None else state.stopped.cause,
        stop_category=None if state.stopped is None else state.stopped.category,
        stop=recorded_stop(state),
        tokens_in_reach=None if reach is None else reach.tokens,
        kind=None if created is None else created.kind,
        profile=None if created is None else created.profile,
        gateway_origin=None if created is None else created.gateway_origin,
        is_simulated=created is not None and created.is_simulated,
        console_version=None if created is None else created.console_version,
        config_sha256=None if created is None else created.config_sha256,
        repository_state=None if created is None else created.repository,
        policy=None if created is None else created.policy,
        instruction_tool=None if instruction is None else instruction.tool,
        instructions=() if instruction is None else instruction.sources,
        instructions_sha256=None if instruction is None else instruction.effective_sha256,
        instruction_conflicts=() if instruction is None else instruction.conflicts,
        context=() if created is None else created.context,
        proofs=(
            *(() if preflight is None else preflight.proofs),
            *(move.proof for move in state.moves if move.proof is not None),
        ),
        preflight_findings=() if preflight is None else tuple(dict.fromkeys(preflight.findings)),
        verified_rows=verified,
        routes=state.routes,
        moves=tuple(_moves(state)),
        sources=sources,
        independence=_independence(state.openings),
        unproven_independence=_unproven(state.openings),
        writer=_writer(state),
        gates=tuple(_gates(state)),
        calls=tuple(_calls(state)),
        spent_tokens=state.spent.tokens,
        spent_microusd=state.spent.microusd,
        is_spent_exact=state.spent.is_exact,
        candidate_sha256=None if state.sealed is None else state.sealed.artifact_sha256,
        candidate_tree=_candidate_tree(state),
        four_eyes=state.sealed is not None and state.sealed.four_eyes,
        chosen_routes=() if created is None else created.chosen_routes,
        handovers=tuple(_handovers(state)),
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
    """Return the family of the route that did a role's newest work, or would do it; None if the run never asks it."""
    used = next((call.fingerprint for call in reversed(state.calls) if call.role is role), None)
    if used is not None:
        return _routes(state)[used].endpoint_family
    route = state.route(role) if role in asked_roles(state) else None
    return None if route is None else route.endpoint_family


def _writer(state: RunState) -> RecordedWriter:
    """Return who makes the drafts; a ledger that does not say so is of a run whose route was asked."""
    agent, outside = state.writer, state.outside
    brought = state.brought or (() if outside is None else (DraftBrought(1, outside),))
    kind = WriterKind.OUTSIDE if outside is not None else WriterKind.ROUTE if agent is None else WriterKind.AGENT
    return RecordedWriter(
        kind,
        agent=None if agent is None else agent.agent,
        call_limit=None if agent is None else agent.call_limit,
        time_limit_s=None if agent is None else agent.time_limit_s,
        turns=turns_of(state),
        drafts=tuple(
            OutsideEntry(each.attempt, each.draft.sha256, each.draft.size, each.draft.made_by) for each in brought
        ),
    )


def _candidate_tree(state: RunState) -> str | None:
    opened = None if state.sealed is None else state.opening(Gate.CANDIDATE)
    return None if opened is None else opened.tree or None


def _has_secrets(state: RunState) -> bool:
    """Return whether a brief seemed to contain a secret; it is then not sent, and the run stops."""
    is_stopped_by_one = state.stopped is not None and state.stopped.cause is StopCause.SECRET_IN_PROMPT
    return is_stopped_by_one or any(call.secret_findings for call in state.calls)


def _routes(state: RunState) -> dict[str, PinnedRoute]:
    """Return every route that served the run, by its fingerprint."""
    begun = () if state.created is None else state.created.routes
    return {route.fingerprint: route for route in (*state.routes, *(move.route for move in state.moves), *begun)}


def _reach(state: RunState) -> Reach | None:
    """Return the tokens that the newest preflight found in reach; None if none recorded them."""
    stopped = None if state.stopped is None else state.stopped.reach
    return stopped or (None if state.preflight is None else state.preflight.reach)


def _is_in_reach(state: RunState, kind: TokenKind) -> bool | None:
    """Return whether a publisher's or a cloud's token was in reach; None if the ledger does not say."""
    if (reach := _reach(state)) is not None:
        return reach.has(kind)
    if (passed := state.preflight) is not None:
        return passed.publisher_token_available if kind is TokenKind.PUBLISHER else passed.cloud_token_available
    found = () if state.stopped is None else state.stopped.findings  # a ledger of a version that kept no reach
    return True if any(each.id == kind.finding_id for each in found) else None


def _ci_permissions(state: RunState) -> str | None:
    if (reach := _reach(state)) is not None:
        return reach.ci_token_permissions
    return None if state.preflight is None else state.preflight.ci_token_permissions


def _moves(state: RunState) -> Iterator[RecordedMove]:
    serving = {route.role: route for route in (() if state.created is None else state.created.routes)}
    for move in state.moves:
        yield RecordedMove(move.role, serving.get(move.role), move.route, move.reason, move.proof)
        serving[move.role] = move.route


def _handovers(state: RunState) -> Iterator[RecordedHandover]:
    for each in state.handovers:
        handed = each.handed
        yield RecordedHandover(handed.gate, handed.attempt, each.actor.id, handed.to, handed.note, each.at_ms)


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
        here, review = (opened.gate, opened.attempt), (Gate.REVIEWER, opened.attempt)
        # A gate whose call was repeated opens twice: the decision is about the second opening.
        given = decisions.get(here) if opened is newest[here] else None
        decided = None if given is None else given.decided
        yield RecordedGate(
            gate=opened.gate,
            attempt=opened.attempt,
            computed=opened.verdict,
            parts=_parts(opened, newest.get(review), decisions.get(review)),
            decided=None if decided is None else decided.verdict,
            decided_by=None if given is None else _author(given),
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
            failure=opened.failure,
            commands=opened.commands,
        )


def _author(decision: Decision) -> str:
    return "machine" if decision.decided.is_machine else decision.actor.id


def _parts(opened: GateOpened, review: GateOpened | None, decided: Decision | None) -> tuple[VerdictPart, ...]:
    """Return the critic's own verdict and the one on the review of the same attempt; nothing for another gate."""
    if opened.own is None:
        return ()
    own = VerdictPart(opened.gate, opened.own, None, None)
    if review is None:
        return (own,)
    given = (None, None) if decided is None else (decided.decided.verdict, _author(decided))
    return (own, VerdictPart(Gate.REVIEWER, review.verdict, *given))


def _calls(state: RunState) -> Iterator[RecordedCall]:
    ends = {end.call_id: end for end in state.ends}
    routes = _routes(state)
    reasons = {each.call_id: each.reason for each in state.allowed_repeats}
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
            endpoint_path=route.endpoint_path,
            brief_sha256=call.brief_sha256,
            brief_size=call.brief_size,
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
            repeat_reason=reasons.get(call.call_id),
            turn_id=call.turn_id or None,
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
