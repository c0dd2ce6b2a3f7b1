"""The fold of a run: its state after all events. The transition table gives the phase and the gate."""

from collections.abc import Iterable
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
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import ProofSpent
from console.domain.run.refusal import Refusal
from console.domain.run.state import CallEnd, Decision, Phase, RunState, RunStatus, changed
from console.domain.run.transition import Move, Transition, transition_of


def fold(run_id: str, entries: Iterable[Entry]) -> RunState:
    """Return the state of a run after all its events."""
    folding = Folding(run_id)
    for entry in entries:
        folding.take(entry)
    return folding.state


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


class Folding:
    """A run that is read from its beginning: one state, which changes with each event instead of being copied."""

    def __init__(self, run_id: str) -> None:
        self.state = RunState(run_id)
        """The state after the events so far. Nothing else may keep it while more are taken."""
        self._fields = vars(self.state)

    def take(self, entry: Entry) -> Refusal | None:
        """Add an event, as `apply` does; return why it cannot follow."""
        transition = transition_of(self.state, entry.event)
        self._fields.update(_changes(self.state, entry, transition))
        return transition if isinstance(transition, Refusal) else None


_MACHINE = Actor(ActorKind.CONSOLE, "gateway-console")
_Changes = dict[str, Any]
"""New values of the fields of a RunState, by name."""


def _changes(state: RunState, entry: Entry, transition: Transition | Refusal) -> _Changes:
    """Return what an event changes."""
    new: _Changes = {"seq": entry.seq, "head": entry.head, "updated_at_ms": entry.at_ms, "signed": None}
    if isinstance(transition, Refusal):
        if type(entry.event) is GateDecided:
            new["signed"] = state.signed
        return new
    _note(state, entry, new)
    new["phase"] = transition.to
    if transition.to is not Phase.WAITING:
        new["opened"] = None
    if transition.move is not Move.STAY:
        _move(state, transition.move, new)
    return new


def _move(state: RunState, move: Move, new: _Changes) -> None:
    """Lead the run to another gate, or to the same one with a new attempt."""
    new.update(intended=None, failure=None, is_lost=False)
    if move is Move.BACK:
        again = Gate.PLANNER if state.gate is Gate.PLANNER else Gate.WRITER
        new.update(gate=again, attempt=state.attempt + 1, spent_in_attempt=Spent())
        return
    if state.gate is Gate.PREFLIGHT and state.outside is not None:
        new["gate"] = Gate.WRITER
        return
    new["gate"] = state.gate.after or state.gate
    if state.gate is Gate.PLANNER:
        new.update(attempt=1, spent_in_attempt=Spent())


def _note(state: RunState, entry: Entry, new: _Changes) -> None:  # one case per event
    """Add an event's data."""
    match entry.event:
        case ArtifactStored() as event:
            new["artifacts"] = (*state.artifacts, event)
        case GateOpened() as event:
            new["opened"] = event
            new["openings"] = (*state.openings, event)
        case GateDecided() as event:
            new["decisions"] = (*state.decisions, Decision(event, entry.actor, entry.at_ms, state.signed))
            is_on = (
                state.is_asked and event.verdict is GateVerdict.READY
            )  # to send work back again is not what was asked
            new["is_asked"] = is_on or (not event.is_machine and bool(event.reason))
        case CallIntended() as event:
            new["calls"] = (*state.calls, event)
            if not event.turn_id:
                _begin_work(event, new)
        case AgentBegun() | AgentEnded() | AgentLost() as event:
            _note_turn(state, event, new)
        case DraftBrought(attempt, draft) as event:
            stored = ArtifactStored(ArtifactRole.DRAFT, attempt, draft.sha256, draft.size)
            new.update(artifacts=(*state.artifacts, stored), brought=(*state.brought, event))
            new.update(failure=None, sources=None, is_asked=False)
        case CallRecorded() | CallFailed() | CallLost() as event:
            _end_call(state, event, new)
        case RunCreated() as event:
            new.update(created=event, creator=entry.actor, started_at_ms=entry.at_ms, routes=event.routes)
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
            new["routes"] = tuple(event.route if route.role is event.role else route for route in state.routes)
            new["moves"] = (*state.moves, event)
            _add(state, event.spent, new)
        case SourcesChecked() as event:
            new["sources"] = event
        case OperatorSigned() as event:
            new["signed" if state.phase is Phase.WAITING else "begun"] = event
        case RunBlocked() as event:
            new.update(status=RunStatus.BLOCKED, blocked=event)
        case RunStopped() as event:
            _stop(state, entry, event, new)
        case CandidateSealed() as event:
            new["sealed"] = event
        case RunClosed():
            new["status"] = RunStatus.CLOSED


def _begin_work(event: CallIntended | AgentBegun, new: _Changes) -> None:
    """Note the gate's call, or the agent's turn; what a writer begins again makes the sources of its draft old."""
    new.update(intended=event, failure=None, is_lost=False, is_asked=False)
    if event.gate is Gate.WRITER:
        new["sources"] = None


def _stop(state: RunState, entry: Entry, event: RunStopped, new: _Changes) -> None:
    for call in state.open_calls:  # they are cut off: they may be billed, and their outcome is unknown
        _book(state, call, None, new)
    new.update(status=RunStatus.STOPPED, stopped=event, stopped_by=entry.actor)
    _add(state, event.spent, new)


def _note_turn(state: RunState, event: AgentBegun | AgentEnded | AgentLost, new: _Changes) -> None:
    """Note the beginning or the end of an agent's turn. What it took is in its calls."""
    match event:
        case AgentBegun():
            new["turns"] = (*state.turns, event)
            _begin_work(event, new)
        case AgentEnded():
            new["turn_ends"] = (*state.turn_ends, event)
            new["failure"] = event if event.failure is not None else None
        case AgentLost():
            new["turn_ends"] = (*state.turn_ends, event)
            new["is_lost"] = True


def _end_call(state: RunState, event: CallEnd, new: _Changes) -> None:
    """Record how a call ended, and book its usage."""
    new["ends"] = (*state.ends, event)
    call = next((each for each in reversed(state.calls) if each.call_id == event.call_id), None)
    if call is None:
        return
    match event:
        case CallLost():
            new["is_lost"] = not call.turn_id
            _book(state, call, None, new)
        case CallFailed():
            if not call.turn_id:
                new["failure"] = event
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
