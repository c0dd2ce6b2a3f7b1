"""The fold of a run: its state after all events. The transition table gives the phase and the gate."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from console.domain.money import Estimate, Spent, took_nothing
from console.domain.run.event import (
    ArtifactStored,
    CallFailed,
    CallIntended,
    CallLost,
    CallRecorded,
    CallRepeatAllowed,
    CandidateSealed,
    Entry,
    GateDecided,
    GateOpened,
    InstructionPinned,
    OperatorSigned,
    PreflightFinished,
    ProofPaid,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunCreated,
    RunStopped,
    SourcesChecked,
)
from console.domain.run.gate import Gate
from console.domain.run.pinned import ProofSpent
from console.domain.run.refusal import Refusal
from console.domain.run.state import CallEnd, Decision, Phase, RunState, RunStatus
from console.domain.run.transition import Move, Transition, transition_of


def fold(run_id: str, entries: Iterable[Entry]) -> RunState:
    """Return the state of a run after all its events."""
    return reduce(apply, entries, RunState(run_id))


def apply(state: RunState, entry: Entry) -> RunState:
    """Return the state after an event. Total: an event that cannot follow changes nothing but the head."""
    signed = state.signed if isinstance(entry.event, GateDecided) else None
    transition = transition_of(state, entry.event)
    stamped = replace(state, seq=entry.seq, head=entry.head, updated_at_ms=entry.at_ms, signed=signed)
    return stamped if isinstance(transition, Refusal) else _moved(_noted(stamped, entry), transition)


def _moved(state: RunState, transition: Transition) -> RunState:
    """Return the state with the phase and gate of a transition."""
    moved = replace(state, phase=transition.to, opened=state.opened if transition.to is Phase.WAITING else None)
    if transition.move is Move.STAY:
        return moved
    arrived = replace(moved, intended=None, failure=None, calls_here=0)
    if transition.move is Move.BACK:
        again = Gate.PLANNER if state.gate is Gate.PLANNER else Gate.WRITER
        return replace(arrived, gate=again, attempt=state.attempt + 1, spent_in_attempt=Spent())
    following = replace(arrived, gate=state.gate.after or state.gate)
    return replace(following, attempt=1, spent_in_attempt=Spent()) if state.gate is Gate.PLANNER else following


def _noted(state: RunState, entry: Entry) -> RunState:  # one line per event
    """Return the state with an event's data added."""
    match entry.event:
        case RunCreated() as event:
            return replace(state, created=event, creator=entry.actor, started_at_ms=entry.at_ms, routes=event.routes)
        case InstructionPinned() as event:
            return replace(state, instruction=event)
        case PreflightFinished() as event:
            return _plus(replace(state, preflight=event), event.spent)
        case CallIntended() as event:
            return _call_intended(state, event)
        case CallRecorded() | CallFailed() | CallLost() as event:
            return _call_ended(state, event)
        case CallRepeatAllowed():
            return state
        case ProofPaid(spent):
            return _plus(state, spent)
        case RouteMoved() as event:
            routes = tuple(event.route if route.role is event.role else route for route in state.routes)
            return _plus(replace(state, routes=routes, moves=(*state.moves, event)), event.spent)
        case ArtifactStored() as event:
            return replace(state, artifacts=(*state.artifacts, event))
        case SourcesChecked() as event:
            return replace(state, sources=event)
        case GateOpened() as event:
            return replace(state, opened=event, openings=(*state.openings, event))
        case OperatorSigned() as event:
            is_for_decision = state.phase is Phase.WAITING
            return replace(state, signed=event) if is_for_decision else replace(state, begun=event)
        case GateDecided() as event:
            decision = Decision(event, entry.actor, entry.at_ms, state.signed)
            return replace(state, decisions=(*state.decisions, decision), signed=None)
        case RunBlocked() as event:
            return replace(state, status=RunStatus.BLOCKED, blocked=event)
        case RunStopped() as event:
            # An open call is cut off: it may be billed, and its outcome stays unknown.
            cut = _booked(state) if state.phase is Phase.CALLING else state
            return _plus(replace(cut, status=RunStatus.STOPPED, stopped=event), event.spent)
        case CandidateSealed() as event:
            return replace(state, sealed=event)
        case RunClosed():
            return replace(state, status=RunStatus.CLOSED)


def _call_intended(state: RunState, event: CallIntended) -> RunState:
    return replace(
        state,
        intended=event,
        failure=None,
        calls=(*state.calls, event),
        calls_here=state.calls_here + 1,
        sources=None if event.gate is Gate.WRITER else state.sources,
    )


def _call_ended(state: RunState, event: CallEnd) -> RunState:
    """Record how a call ended, and book its usage."""
    ended = replace(state, ends=(*state.ends, event))
    match event:
        case CallLost():
            return _booked(ended)
        case CallFailed():
            failed = replace(ended, failure=event)
            is_unnamed = _tokens(event) is None and event.counted_tokens is None
            is_free = is_unnamed and took_nothing(event.requests_sent, event.http_status)
            return failed if is_free else _booked(failed, event)
        case CallRecorded():
            return _booked(ended, event)


def _tokens(event: CallRecorded | CallFailed) -> int | None:
    counts = (event.input_tokens, event.output_tokens)
    known = [count for count in counts if count is not None and count >= 0]
    return sum(known) if len(known) == len(counts) else None


def _booked(state: RunState, event: CallRecorded | CallFailed | None = None) -> RunState:
    """Book a call's usage; if it is unknown, what was sent and received, or else its reservation."""
    if state.intended is None:
        return state
    cost = state.intended.cost
    tokens = None if event is None else _tokens(event)
    if event is None:
        taken = cost.taken()
    elif tokens is None and event.counted_tokens is not None:
        taken = cost.counted(Estimate(event.counted_tokens, _known(event.counted_microusd)))
    else:
        taken = cost.taken(tokens, _known(event.microusd))
    return _plus(state, taken)


def _plus(state: RunState, spent: ProofSpent | Spent | None) -> RunState:
    if spent is None:
        return state
    taken = Spent(spent.tokens, spent.microusd, is_exact=spent.is_exact)
    return replace(state, spent=state.spent.plus(taken), spent_in_attempt=state.spent_in_attempt.plus(taken))


def _known(microusd: int | None) -> int | None:
    return None if microusd is None or microusd < 0 else microusd
