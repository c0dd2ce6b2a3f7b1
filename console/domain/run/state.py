"""A run: one candidate's way through the gates. `apply` folds what happened; `run_rule.decide` says what may happen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from console.domain.ledger.actor import Actor
from console.domain.money import Spent
from console.domain.routes.role import Role
from console.domain.run.event import (
    ArtifactRole,
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
    PinnedRoute,
    PreflightFinished,
    RouteMoved,
    RunBlocked,
    RunClosed,
    RunCreated,
    RunEvent,
    RunStopped,
    SourcesChecked,
)
from console.domain.run.gate import Gate, GateVerdict, allowed_verdicts, role_at


class RunStatus(StrEnum):
    """How a run stands. All but the first are the end."""

    ACTIVE = "active"
    CLOSED = "closed"
    BLOCKED = "blocked"
    STOPPED = "stopped"


class Phase(StrEnum):
    """Where a run stands at its gate."""

    DUE = "due"
    """The gate's work has to be done."""
    CALLING = "calling"
    """A call was intended, and has not ended as far as the ledger knows."""
    LOST = "lost"
    """A call was cut off with its process: it may have been billed, and only the operator may repeat it."""
    WORKED = "worked"
    """The work is done and is to be judged by our code."""
    WAITING = "waiting"
    """The gate waits for a decision."""
    OVER = "over"


CallEnd = CallRecorded | CallFailed | CallLost


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with who gave it, and when."""

    decided: GateDecided
    actor: Actor
    at_ms: int
    signed: OperatorSigned | None = None
    """The signature that came with it."""


@dataclass(frozen=True, slots=True)
class RunState:
    """All that is known of a run, folded from the ledger."""

    run_id: str
    seq: int = 0
    head: str = ""
    """The hash of the newest line: what an operator who decides has to have seen."""
    started_at_ms: int = 0
    updated_at_ms: int = 0
    creator: Actor | None = None
    begun: OperatorSigned | None = None
    """The creator's signature."""
    signed: OperatorSigned | None = None
    """The signature for the decision that is to follow; any other event voids it."""
    created: RunCreated | None = None
    status: RunStatus = RunStatus.ACTIVE
    gate: Gate = Gate.INSTRUCTION
    attempt: int = 1
    """The writer pass, from 1; at the planner, the plan's."""
    phase: Phase = Phase.DUE
    routes: tuple[PinnedRoute, ...] = ()
    instruction: InstructionPinned | None = None
    preflight: PreflightFinished | None = None
    intended: CallIntended | None = None
    """The newest call of this gate."""
    failure: CallFailed | None = None
    """How it ended, where it gave nothing to judge."""
    calls_here: int = 0
    """Calls at this gate in this attempt."""
    calls: tuple[CallIntended, ...] = ()
    ends: tuple[CallEnd, ...] = ()
    artifacts: tuple[ArtifactStored, ...] = ()
    sources: SourcesChecked | None = None
    opened: GateOpened | None = None
    """The gate that waits, with what our code computed."""
    openings: tuple[GateOpened, ...] = ()
    decisions: tuple[Decision, ...] = ()
    moves: tuple[RouteMoved, ...] = ()
    spent: Spent = Spent()
    spent_in_attempt: Spent = Spent()
    blocked: RunBlocked | None = None
    stopped: RunStopped | None = None
    sealed: CandidateSealed | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self.status is not RunStatus.ACTIVE

    @property
    def is_waiting(self) -> bool:
        """Whether only a person can bring the run further."""
        return not self.is_over and self.phase in (Phase.WAITING, Phase.LOST)

    @property
    def may_repeat(self) -> bool:
        """Whether the gate's newest call was lost, or gave nothing to judge."""
        return self.phase is Phase.LOST or (self.phase is Phase.WAITING and self.failure is not None)

    @property
    def has_generated(self) -> bool:
        """Whether any call of the run was intended."""
        return bool(self.calls)

    def route(self, role: Role) -> PinnedRoute | None:
        """Return the route that serves a role in this run."""
        return next((route for route in self.routes if route.role is role), None)

    def artifact(self, role: ArtifactRole) -> ArtifactStored | None:
        """Return the newest artifact of a role."""
        return next((each for each in reversed(self.artifacts) if each.role is role), None)

    @property
    def subject_sha256(self) -> str | None:
        """The hash of what the gate is about: the plan, or the draft of this attempt."""
        role = ArtifactRole.PLAN if self.gate is Gate.PLANNER else ArtifactRole.DRAFT
        stored = self.artifact(role)
        return None if stored is None or stored.attempt != self.attempt else stored.sha256

    def opening(self, gate: Gate) -> GateOpened | None:
        """Return what our code computed at a gate in this attempt."""
        found = (each for each in reversed(self.openings) if each.gate is gate and each.attempt == self.attempt)
        return next(found, None)


def fold(run_id: str, entries: Iterable[Entry]) -> RunState:
    """Return the state of a run after all that happened in it."""
    return reduce(apply, entries, RunState(run_id))


def apply(state: RunState, entry: Entry) -> RunState:
    """Return the state after an event. Total: what cannot follow changes nothing but the head."""
    signed = state.signed if isinstance(entry.event, GateDecided) else None
    stamped = replace(state, seq=entry.seq, head=entry.head, updated_at_ms=entry.at_ms, signed=signed)
    return _after(stamped, entry) if can_follow(state, entry.event) else stamped


def can_follow(state: RunState, event: RunEvent) -> bool:  # one line an event
    """Return whether an event has its place after all that happened; whether it is allowed is for `decide` to say."""
    if state.is_over or (state.created is None) is not isinstance(event, RunCreated):
        return False
    match event:
        case RunCreated() | RunStopped():
            return True
        case InstructionPinned():
            return state.gate is Gate.INSTRUCTION and state.phase is Phase.DUE
        case PreflightFinished():
            return state.gate is Gate.PREFLIGHT and state.phase is Phase.DUE
        case SourcesChecked():
            return state.gate is Gate.SOURCE_CHECK and state.phase is Phase.DUE
        case CallIntended():
            return _is_due(state, event)
        case CallRecorded() | CallFailed() | CallLost():
            return (
                state.phase is Phase.CALLING and state.intended is not None and state.intended.call_id == event.call_id
            )
        case CallRepeatAllowed():
            return state.may_repeat and state.intended is not None and state.intended.call_id == event.call_id
        case RouteMoved():
            return state.phase in (Phase.DUE, Phase.WAITING) and event.route.role is event.role
        case ArtifactStored():
            return event.attempt == state.attempt and _is_made_here(state, event)
        case GateOpened():
            is_worked = state.phase is Phase.WORKED or (state.gate is Gate.CANDIDATE and state.phase is Phase.DUE)
            is_here = (event.gate, event.attempt) == (state.gate, state.attempt)
            return is_worked and is_here and event.artifact_sha256 == state.subject_sha256
        case OperatorSigned():
            is_begun = state.gate is Gate.INSTRUCTION and state.phase is Phase.DUE and state.begun is None
            return state.phase is Phase.WAITING or is_begun
        case GateDecided():
            is_here = (event.gate, event.attempt) == (state.gate, state.attempt)
            is_open = state.phase is Phase.WAITING and is_here and event.verdict in allowed_verdicts(event.gate)
            return is_open and (state.signed is not None or not needs_signature(state, event.verdict))
        case RunBlocked():
            return _was_said(state, event.gate, event.attempt, ready=False)
        case CandidateSealed():
            is_new = state.sealed is None and event.artifact_sha256 == state.subject_sha256
            is_begun = state.begun is not None or not needs_signature(state, GateVerdict.READY)
            return is_new and is_begun and _was_said(state, Gate.CANDIDATE, state.attempt, ready=True)
        case RunClosed():
            return state.sealed is not None


def needs_signature(state: RunState, verdict: GateVerdict) -> bool:
    """Return whether a decision has to be signed: where two operators are wanted. Anybody may block."""
    return state.created is not None and state.created.policy.four_eyes and verdict is not GateVerdict.BLOCK


def _is_due(state: RunState, event: CallIntended) -> bool:
    """Return whether a call is the work that is due at the gate, on the route that serves it, and a new one."""
    route = state.route(event.role)
    return (
        state.phase is Phase.DUE
        and (event.gate, event.attempt) == (state.gate, state.attempt)
        and event.role is role_at(state.gate, state.attempt)
        and route is not None
        and route.fingerprint == event.fingerprint
        and event.call_id not in {call.call_id for call in state.calls}
    )


_MADE_AT = {
    ArtifactRole.TASK: (Gate.INSTRUCTION,),
    ArtifactRole.PLAN: (Gate.PLANNER,),
    ArtifactRole.DRAFT: (Gate.WRITER,),
    ArtifactRole.REVIEW: (Gate.REVIEWER,),
    ArtifactRole.CRITIQUE: (Gate.CRITIC,),
    ArtifactRole.ANSWER: (Gate.PLANNER, Gate.WRITER, Gate.REVIEWER, Gate.CRITIC),
}


def _is_made_here(state: RunState, event: ArtifactStored) -> bool:
    """Return whether an artifact comes from the work of this gate: nothing takes the place of what was judged."""
    if event.role is ArtifactRole.NOTES:
        return True
    phase = Phase.DUE if event.role is ArtifactRole.TASK else Phase.WORKED
    return state.gate in _MADE_AT[event.role] and state.phase is phase and state.failure is None


def _was_said(state: RunState, gate: Gate, attempt: int, *, ready: bool) -> bool:
    """Return whether the newest decision is one of this gate and attempt, and nothing has come of it yet."""
    is_fresh = state.phase is Phase.OVER or (state.phase is Phase.DUE and state.calls_here == 0)
    if not state.decisions or not is_fresh:
        return False
    newest = state.decisions[-1].decided
    return (newest.gate, newest.attempt) == (gate, attempt) and (newest.verdict is GateVerdict.READY) is ready


def _after(state: RunState, entry: Entry) -> RunState:  # one line an event
    match entry.event:
        case RunCreated() as event:
            return replace(state, created=event, creator=entry.actor, started_at_ms=entry.at_ms, routes=event.routes)
        case InstructionPinned() as event:
            return replace(state, instruction=event, phase=Phase.WORKED)
        case PreflightFinished() as event:
            return _moved_on(replace(state, preflight=event), Gate.PLANNER)
        case CallIntended() as event:
            return _call_intended(state, event)
        case CallRecorded() | CallFailed() | CallLost() as event:
            return _call_ended(state, event)
        case CallRepeatAllowed():
            return replace(state, phase=Phase.DUE, opened=None)
        case RouteMoved() as event:
            routes = tuple(event.route if route.role is event.role else route for route in state.routes)
            return replace(state, routes=routes, moves=(*state.moves, event))
        case ArtifactStored() as event:
            return replace(state, artifacts=(*state.artifacts, event))
        case SourcesChecked() as event:
            return replace(state, sources=event, phase=Phase.WORKED)
        case GateOpened() as event:
            return replace(state, phase=Phase.WAITING, opened=event, openings=(*state.openings, event))
        case OperatorSigned() as event:
            is_for_decision = state.phase is Phase.WAITING
            return replace(state, signed=event) if is_for_decision else replace(state, begun=event)
        case GateDecided() as event:
            return _gate_decided(state, entry, event)
        case RunBlocked() as event:
            return replace(
                state,
                status=RunStatus.BLOCKED,
                phase=Phase.OVER,
                blocked=event,
                gate=event.gate,
                attempt=event.attempt,
                opened=None,
            )
        case RunStopped() as event:
            # A call that is under way is cut off: it may be billed, and nobody will know.
            cut = _booked(state, None, None) if state.phase is Phase.CALLING else state
            return replace(cut, status=RunStatus.STOPPED, phase=Phase.OVER, stopped=event, opened=None)
        case CandidateSealed() as event:
            return replace(state, sealed=event)
        case RunClosed():
            return replace(state, status=RunStatus.CLOSED, phase=Phase.OVER)


def _call_intended(state: RunState, event: CallIntended) -> RunState:
    return replace(
        state,
        phase=Phase.CALLING,
        intended=event,
        failure=None,
        calls=(*state.calls, event),
        calls_here=state.calls_here + 1,
        sources=None if event.gate is Gate.WRITER else state.sources,
    )


def _call_ended(state: RunState, event: CallEnd) -> RunState:
    """Note how a call ended, and book what it took."""
    ended = replace(state, phase=Phase.WORKED, ends=(*state.ends, event))
    match event:
        case CallLost():
            return _booked(replace(ended, phase=Phase.LOST), None, None)
        case CallFailed():
            failed = replace(ended, failure=event)
            is_refused = event.http_status is not None and 400 <= event.http_status < 500
            is_free = not event.requests_sent or is_refused  # of what fails behind a gateway, nobody knows the price
            return failed if is_free else _booked(failed, _tokens(event), event.microusd)
        case CallRecorded():
            return _booked(ended, _tokens(event), event.microusd)


def _tokens(event: CallRecorded | CallFailed) -> int | None:
    counts = (event.input_tokens, event.output_tokens)
    known = [count for count in counts if count is not None and count >= 0]
    return sum(known) if len(known) == len(counts) else None


def _booked(state: RunState, tokens: int | None, microusd: int | None) -> RunState:
    """Book a call: what it took, or what was set aside for it where that is not known."""
    if state.intended is None:
        return state
    taken = state.intended.cost.taken(tokens, None if microusd is None or microusd < 0 else microusd)
    return replace(state, spent=state.spent.plus(taken), spent_in_attempt=state.spent_in_attempt.plus(taken))


def _gate_decided(state: RunState, entry: Entry, event: GateDecided) -> RunState:
    decision = Decision(event, entry.actor, entry.at_ms, state.signed)
    decided = replace(state, decisions=(*state.decisions, decision), signed=None)
    if event.verdict is GateVerdict.READY and event.gate.after is not None:
        following = _moved_on(decided, event.gate.after)
        return replace(following, attempt=1, spent_in_attempt=Spent()) if event.gate is Gate.PLANNER else following
    if event.verdict is GateVerdict.REVISE:
        again = Gate.PLANNER if event.gate is Gate.PLANNER else Gate.WRITER
        return replace(_moved_on(decided, again), attempt=state.attempt + 1, spent_in_attempt=Spent())
    return replace(decided, phase=Phase.OVER, opened=None)


def _moved_on(state: RunState, gate: Gate) -> RunState:
    return replace(state, gate=gate, phase=Phase.DUE, opened=None, intended=None, failure=None, calls_here=0)
