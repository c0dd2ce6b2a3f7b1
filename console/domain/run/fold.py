"""The fold of a run: its state after all events. The transition table gives the phase and the gate.

What an event changes has two parts: what the transitions read, which alone says whether later events can follow, and
all else that is known of a run. `fold` keeps both, `Course` the first.
"""

from collections.abc import Callable, Iterable
from typing import Any

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.money import Estimate, Spent, took_nothing
from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    CandidateSealed,
    DraftBrought,
    Entry,
    GateDecided,
    GateOpened,
    HandedOver,
    InstructionPinned,
    OperatorSigned,
    PreflightFinished,
    ProofPaid,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunCreated,
    RunEvent,
    RunStopped,
    SourcesChecked,
)
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import ProofSpent
from console.domain.run.refusal import Refusal
from console.domain.run.state import CallEnd, Decision, Handover, Phase, RunState, RunStatus, changed
from console.domain.run.transition import Move, Transition, transition_of


def fold(run_id: str, entries: Iterable[Entry]) -> RunState:
    """Return the state of a run after all its events."""
    state = RunState(run_id)
    fields = vars(state)  # one state, which changes with each event instead of being copied
    for entry in entries:
        fields.update(_changes(state, entry, transition_of(state, entry.event)))
    return state


def apply(state: RunState, entry: Entry) -> RunState:
    """Return the state after an event. Total: an event that cannot follow changes nothing but the head."""
    return changed(state, _changes(state, entry, transition_of(state, entry.event)))


def next_state(state: RunState, opened: GateOpened) -> RunState:
    """Return the state after a gate opened with a verdict and that verdict was accepted without a reason."""
    decided = GateDecided(
        opened.gate, opened.attempt, opened.verdict, "", True, False, state.head, opened.artifact_sha256
    )
    now = apply(state, Entry(state.seq, state.updated_at_ms, _MACHINE, state.head, opened))
    signed = changed(now, {"signed": OperatorSigned("", "", "")})  # who has to sign it does not change where it leads
    return apply(signed, Entry(state.seq, state.updated_at_ms, _MACHINE, state.head, decided))


class Course:
    """A run of which only the order of events is followed, from its beginning."""

    def __init__(self, run_id: str) -> None:
        self.state = RunState(run_id)
        """Of the state after the events so far, what the transitions read. It changes with each event."""
        self._fields = vars(self.state)

    def take(self, event: RunEvent, kind: type[RunEvent] | None = None) -> Refusal | None:
        """Add an event; return why it cannot follow.

        Args:
            event: The event, or its form: what has its name and its fields.
            kind: Its type; needed for a form alone.

        """
        kind = kind or type(event)
        transition = transition_of(self.state, event, kind)
        self._fields.update(_order(self.state, event, kind, transition))
        return transition if type(transition) is Refusal else None


_MACHINE = Actor(ActorKind.CONSOLE, "gateway-console")
_Changes = dict[str, Any]
"""New values of the fields of a RunState, by name."""


def _changes(state: RunState, entry: Entry, transition: Transition | Refusal) -> _Changes:
    """Return what an event changes."""
    new = _order(state, entry.event, type(entry.event), transition)
    new.update(seq=entry.seq, head=entry.head, updated_at_ms=entry.at_ms)
    if isinstance(transition, Refusal):
        return new
    if transition.to is not Phase.WAITING:
        new["opened"] = None
    _note(state, entry, new)
    if "attempt" in new:
        new["spent_in_attempt"] = Spent()
    return new


# --- What the transitions read ---------------------------------------------------------------------------------------


def _order(state: RunState, event: Any, kind: type[RunEvent], transition: Transition | Refusal) -> _Changes:
    """Return what an event changes of the fields that the transitions read."""
    if type(transition) is not Transition:
        return {"signed": state.signed if kind is GateDecided else None}
    new: _Changes = {"signed": None, "phase": transition.to}
    if (note := _NOTES.get(kind)) is not None:
        note(state, event, new)
    if transition.move is not _STAY:
        _move(state, transition.move, new)
    return new


_STAY = Move.STAY


def _move(state: RunState, move: Move, new: _Changes) -> None:
    """Lead the run to another gate, or to the same one with a new attempt."""
    new.update(intended=None, failure=None, is_lost=False)
    if move is Move.BACK:
        again = Gate.PLANNER if state.gate is Gate.PLANNER else Gate.WRITER
        new.update(gate=again, attempt=state.attempt + 1)
        return
    if state.gate is Gate.PREFLIGHT and state.outside is not None:
        new["gate"] = Gate.WRITER
        return
    new["gate"] = state.gate.after or state.gate
    if state.gate is Gate.PLANNER:
        new["attempt"] = 1


def _note_created(_: RunState, event: RunCreated, new: _Changes) -> None:
    new.update(created=event, routes=event.routes)


def _note_signed(state: RunState, event: OperatorSigned, new: _Changes) -> None:
    new["signed" if state.phase is Phase.WAITING else "begun"] = event


def _note_stored(state: RunState, event: ArtifactStored, new: _Changes) -> None:
    new["artifacts"] = (*state.artifacts, event)


def _note_brought(state: RunState, event: DraftBrought, new: _Changes) -> None:
    stored = ArtifactStored(ArtifactRole.DRAFT, event.attempt, event.draft.sha256, event.draft.size)
    new.update(artifacts=(*state.artifacts, stored), failure=None)


def _note_moved(state: RunState, event: RouteMoved, new: _Changes) -> None:
    new["routes"] = tuple(event.route if route.role is event.role else route for route in state.routes)


def _note_intended(state: RunState, event: CallIntended, new: _Changes) -> None:
    new["calls"] = (*state.calls, event)
    if not event.turn_id:
        new.update(intended=event, failure=None, is_lost=False)


def _note_recorded(state: RunState, event: CallRecorded, new: _Changes) -> None:
    new["ends"] = (*state.ends, event)


def _note_failed(state: RunState, event: CallFailed, new: _Changes) -> None:
    new["ends"] = (*state.ends, event)
    if not _call(state, event).turn_id:
        new["failure"] = event


def _note_lost(state: RunState, event: CallLost, new: _Changes) -> None:
    new["ends"] = (*state.ends, event)
    new["is_lost"] = not _call(state, event).turn_id


def _note_begun(state: RunState, event: AgentBegun, new: _Changes) -> None:
    new.update(turns=(*state.turns, event), intended=event, failure=None, is_lost=False)


def _note_ended(_: RunState, event: AgentEnded, new: _Changes) -> None:
    new["failure"] = event if event.failure is not None else None


def _note_cut_off(_: RunState, __: AgentLost, new: _Changes) -> None:
    new["is_lost"] = True


def _note_decided(_: RunState, event: GateDecided, new: _Changes) -> None:
    new["verdict"] = event.verdict


def _note_sealed(_: RunState, event: CandidateSealed, new: _Changes) -> None:
    new["sealed"] = event


def _note_over(status: RunStatus) -> Callable[[RunState, Any, _Changes], None]:
    def note(_: RunState, __: RunEvent, new: _Changes) -> None:
        new["status"] = status

    return note


_NOTES: dict[type[RunEvent], Callable[[RunState, Any, _Changes], None]] = {
    RunCreated: _note_created,
    OperatorSigned: _note_signed,
    ArtifactStored: _note_stored,
    DraftBrought: _note_brought,
    RouteMoved: _note_moved,
    CallIntended: _note_intended,
    CallRecorded: _note_recorded,
    CallFailed: _note_failed,
    CallLost: _note_lost,
    AgentBegun: _note_begun,
    AgentEnded: _note_ended,
    AgentLost: _note_cut_off,
    GateDecided: _note_decided,
    CandidateSealed: _note_sealed,
    RunBlocked: _note_over(RunStatus.BLOCKED),
    RunStopped: _note_over(RunStatus.STOPPED),
    RunClosed: _note_over(RunStatus.CLOSED),
}


def _call(state: RunState, end: CallEnd) -> CallIntended:
    """Return the call that an event ends; the transitions allow no other."""
    return next(each for each in reversed(state.calls) if each.call_id == end.call_id)


# --- What else is known of a run -------------------------------------------------------------------------------------


def _note(state: RunState, entry: Entry, new: _Changes) -> None:  # one case per event
    """Add an event's other data."""
    match entry.event:
        case GateOpened() as event:
            new["opened"] = event
            new["openings"] = (*state.openings, event)
        case GateDecided() as event:
            new["decisions"] = (*state.decisions, Decision(event, entry.actor, entry.at_ms, state.signed))
            is_on = (
                state.is_asked and event.verdict is GateVerdict.READY
            )  # to send work back again is not what was asked
            new["is_asked"] = is_on or (not event.is_machine and bool(event.reason))
        case HandedOver() as event:
            new["handovers"] = (*state.handovers, Handover(event, entry.actor, entry.at_ms))
        case CallIntended(turn_id="") | AgentBegun() as event:
            _begin_work(event, new)
        case AgentEnded() | AgentLost() as event:
            new["turn_ends"] = (*state.turn_ends, event)  # what the turn took is in its calls
        case DraftBrought() as event:
            new.update(brought=(*state.brought, event), sources=None, is_asked=False)
        case CallRecorded() | CallFailed() | CallLost() as event:
            _book_end(state, event, new)
        case RunCreated() as event:
            new.update(creator=entry.actor, started_at_ms=entry.at_ms)
        case InstructionPinned() as event:
            new["instruction"] = event
        case PreflightFinished() as event:
            new["preflight"] = event
            _add(state, event.spent, new)
        case CallRepeatAllowed() as event:
            new.update(is_asked=True, allowed_repeats=(*state.allowed_repeats, event))
        case ProofPaid(spent):
            _add(state, spent, new)
        case RouteMoved() as event:
            new["moves"] = (*state.moves, event)
            _add(state, event.spent, new)
        case SourcesChecked() as event:
            new["sources"] = event
        case RunBlocked() as event:
            new["blocked"] = event
        case RunStopped() as event:
            _stop(state, entry, event, new)


def _begin_work(event: CallIntended | AgentBegun, new: _Changes) -> None:
    """Note the gate's call, or the agent's turn; what a writer begins again makes the sources of its draft old."""
    new["is_asked"] = False
    if event.gate is Gate.WRITER:
        new["sources"] = None


def _stop(state: RunState, entry: Entry, event: RunStopped, new: _Changes) -> None:
    for call in state.open_calls:  # they are cut off: they may be billed, and their outcome is unknown
        _book(state, call, None, new)
    new.update(stopped=event, stopped_by=entry.actor)
    _add(state, event.spent, new)


def _book_end(state: RunState, event: CallEnd, new: _Changes) -> None:
    """Book the usage of a call that ended."""
    call = _call(state, event)
    match event:
        case CallLost():
            _book(state, call, None, new)
        case CallFailed():
            is_unnamed = _tokens(event) is None and event.counted_tokens is None
            if not (is_unnamed and took_nothing(event.requests_sent, event.http_status)):
                _book(state, call, event, new)
        case CallRecorded():
            _book(state, call, event, new)


def _tokens(event: CallRecorded | CallFailed) -> int | None:
    counts = (event.input_tokens, event.output_tokens)
    known = [count for count in counts if count is not None and count >= 0]
    return sum(known) if len(known) == len(counts) else None


def _book(state: RunState, call: CallIntended, event: CallRecorded | CallFailed | None, new: _Changes) -> None:
    """Book a call's usage; if it is unknown, what was sent and received, or else its reservation."""
    cost = call.cost
    tokens = None if event is None else _tokens(event)
    if event is None:
        taken = cost.taken()
    elif tokens is None and event.counted_tokens is not None:
        taken = cost.counted(Estimate(event.counted_tokens, _known(event.counted_microusd)))
    else:
        taken = cost.taken(tokens, _known(event.microusd))
    _add(state, taken, new)


def _add(state: RunState, spent: ProofSpent | Spent | None, new: _Changes) -> None:
    """Add usage to the run's and to that of its attempt."""
    if spent is None:
        return
    taken = Spent(spent.tokens, spent.microusd, is_exact=spent.is_exact)
    new["spent"] = new.get("spent", state.spent).plus(taken)
    new["spent_in_attempt"] = new.get("spent_in_attempt", state.spent_in_attempt).plus(taken)


def _known(microusd: int | None) -> int | None:
    return None if microusd is None or microusd < 0 else microusd
