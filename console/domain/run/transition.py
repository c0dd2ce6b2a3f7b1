"""The transitions of a run, as data: which event may happen in which phase, on which conditions, and where it leads.

The fold follows them, `decide` asks them why an event cannot follow, and `docs/run.svg` is drawn from them. `fold` has
an event's other changes; `decide` has the rules on budgets, reasons and operators.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost
from console.domain.run.call_event import CallFailed, CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import (
    ArtifactRole,
    ArtifactStored,
    CandidateSealed,
    DraftBrought,
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
from console.domain.run.gate import GATES_WITH_A_CALL, Gate, GateVerdict, allowed_verdicts
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import Phase, RunState, RunStatus

Holds = Callable[[RunState, Any], bool]
Refuses = Callable[[RunState, Any], Refusal]


class Move(StrEnum):
    """The gate of the run after a transition."""

    STAY = "stay"
    NEXT = "next"
    """The next gate; after the preflight of a run with a draft from outside, the writer's."""
    BACK = "back"
    """The planner's gate for a plan, the writer's for a draft, with a new attempt."""


def _out_of_order(state: RunState, event: RunEvent) -> Refusal:
    what = words_of(type(event))  # a form has the name of its event
    return Refusal(RefusalCode.OUT_OF_ORDER, f"{what} cannot follow here: the gate {state.gate.words} is {state.phase}")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a run and an event."""

    words: str
    holds: Holds
    refuses: Refuses = _out_of_order
    """Returns why the event cannot follow if the condition fails."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an event leads from a phase."""

    source: Phase
    event: type[RunEvent]
    to: Phase
    move: Move = Move.STAY
    when: Condition | None = None
    """Tells apart several transitions with this phase and event."""
    requires: tuple[Condition, ...] = ()
    """The conditions, in the order in which they are checked."""


# --- Conditions ------------------------------------------------------------------------------------------------------


def _at(gate: Gate) -> Condition:
    return Condition(f"at the gate {gate.words}", lambda state, _: state.gate is gate)


def _is_here(state: RunState, event: CallIntended | AgentBegun | GateOpened | GateDecided | RunBlocked) -> bool:
    return event.gate is state.gate and event.attempt == state.attempt


def _is_pinned(state: RunState, event: CallIntended | AgentBegun) -> bool:
    route = state.route(event.role)
    return route is not None and route.fingerprint == event.fingerprint


_HERE = Condition("of this gate and attempt", _is_here)
_ROLE = Condition(
    "by the gate's role",
    lambda state, event: event.role is state.role,
    lambda state, event: Refusal(
        RefusalCode.ROUTE, f"the role {event.role} has no work at the gate {state.gate.words}"
    ),
)
_PINNED = Condition(
    "on its pinned route",
    _is_pinned,
    lambda _, event: Refusal(RefusalCode.ROUTE, f"the route of {event.role} is not the one that the run began with"),
)
_NEW_CALL = Condition(
    "a new call",
    lambda state, event: event.call_id not in {call.call_id for call in state.calls},
    lambda *_: Refusal(RefusalCode.REPEATED, "this call is in the ledger already; a recorded call is never repeated"),
)


def _id_of_work(state: RunState) -> str | None:
    """Return the id of the gate's call, or of its agent's turn; None if neither is intended."""
    work = state.intended
    if work is None:
        return None
    is_turn = bool(state.turns) and state.turns[-1] is work  # a form of a turn has no `call_id`
    return work.turn_id if is_turn else work.call_id


_OF_THE_CALL = Condition(
    "of the gate's call",
    lambda state, event: _id_of_work(state) == event.call_id,
)
_OF_THE_TURN = Condition(
    "of the agent's turn",
    lambda state, event: _id_of_work(state) == event.turn_id,
)
_OF_AN_OPEN_CALL = Condition(
    "of an open call", lambda state, event: any(call.call_id == event.call_id for call in state.open_calls)
)
_NO_OPEN_CALL = Condition("after the ends of all its calls", lambda state, _: not state.open_calls)
_BY_AGENT = Condition("in a run that an agent writes", lambda state, _: state.writer is not None)
_BY_MODEL = Condition(
    "by the console itself, and not at an agent's gate",
    lambda state, event: not event.turn_id and not state.is_agents_turn,
)
_NEW_TURN = Condition("a new turn", lambda state, event: event.turn_id not in {turn.turn_id for turn in state.turns})
_OUTSIDE = Condition("in a run with a draft from outside", lambda state, _: state.outside is not None)
_FIRST_AS_BEGUN = Condition(
    "for the first attempt, the draft that the run began with",
    lambda state, event: state.attempt > 1 or event.draft == state.outside,
)


def _nothing_to_repeat(*_: object) -> Refusal:
    return Refusal(
        RefusalCode.NOT_WAITING, "no call of this gate was lost or failed, and a recorded call is never repeated"
    )


_UNANSWERED = Condition(
    "the call failed or was lost",
    lambda state, _: state.failure is not None or state.is_lost,
    _nothing_to_repeat,
)

_MADE_AT = {
    ArtifactRole.PLAN: frozenset({Gate.PLANNER}),
    ArtifactRole.DRAFT: frozenset({Gate.WRITER}),
    ArtifactRole.ANSWER: GATES_WITH_A_CALL,
}
_THIS_ATTEMPT = Condition("of this attempt", lambda state, event: event.attempt == state.attempt)
_TASK = Condition("the task", lambda _, event: event.role is ArtifactRole.TASK)
_MADE_HERE = Condition(
    "made by the gate's call",
    lambda state, event: state.gate in _MADE_AT.get(event.role, ()) and state.failure is None,
)
_SUBJECT = Condition(
    "about the plan or draft of this attempt", lambda state, event: event.artifact_sha256 == state.subject_sha256
)

_THIS_GATE = Condition(
    "of this gate and attempt",
    _is_here,
    lambda state, event: Refusal(
        RefusalCode.OTHER_GATE, f"the run waits at the gate {state.gate.words}, not at {event.gate.words}"
    ),
)
_ALLOWED = Condition(
    "a verdict of this gate",
    lambda state, event: event.verdict in allowed_verdicts(state.gate),
    lambda state, _: Refusal(
        RefusalCode.NOT_ALLOWED,
        f"the gate {state.gate.words} allows {' or '.join(allowed_verdicts(state.gate))}",
    ),
)
_SIGNED = Condition(
    "signed, where the policy wants two operators",
    lambda state, event: state.signed is not None or not state.needs_signature(event.verdict),
    lambda *_: Refusal(RefusalCode.UNSIGNED, "the policy requires two operators: this decision has to be signed"),
)
_DECISION = (_THIS_GATE, _ALLOWED, _SIGNED)


def _has_attempts_left(state: RunState) -> bool:
    return state.created is not None and state.attempt < state.created.policy.max_attempts


def _says(verdict: GateVerdict, words: str = "", holds: Callable[[RunState], bool] = lambda _: True) -> Condition:
    return Condition(
        f"{verdict}, {words}" if words else verdict.value,
        lambda state, event: event.verdict is verdict and holds(state),
    )


def _newest_is_ready(state: RunState) -> bool:
    return state.verdict is GateVerdict.READY


_READY_TO_GO_ON = _says(GateVerdict.READY, "before the last gate", lambda state: state.gate.after is not None)
_READY_TO_SEAL = _says(GateVerdict.READY, "at the last gate", lambda state: state.gate.after is None)
_REVISE = _says(GateVerdict.REVISE, "attempts are left", _has_attempts_left)
_USED_UP = _says(GateVerdict.REVISE, "attempts are used up", lambda state: not _has_attempts_left(state))
_BLOCK = _says(GateVerdict.BLOCK)
_NOT_READY = Condition("after revise or block", lambda state, _: not _newest_is_ready(state))
_READY = Condition("after ready", lambda state, _: _newest_is_ready(state))
_BEGUN = Condition(
    "begun with a signature, where the policy wants two operators",
    lambda state, _: state.begun is not None or not state.needs_signature(GateVerdict.READY),
)
_UNSEALED = Condition("once", lambda state, _: state.sealed is None)
_SEALED = Condition("sealed", lambda state, _: state.sealed is not None)
_AT_PREFLIGHT = _at(Gate.PREFLIGHT)
_PASSED = Condition(
    f"{_AT_PREFLIGHT.words}, passed",
    lambda state, event: _AT_PREFLIGHT.holds(state, event) and not event.needs_human,
)
_NEEDS_PERSON = Condition(
    f"{_AT_PREFLIGHT.words}, needs a person",
    lambda state, event: _AT_PREFLIGHT.holds(state, event) and event.needs_human,
)
_UNSIGNED = Condition("the beginning, once", lambda state, _: state.begun is None)
_AT_WRITER = _at(Gate.WRITER)
_TURN = (_BY_AGENT, _HERE, _ROLE, _PINNED, _NEW_TURN)
_BROUGHT = (_OUTSIDE, _THIS_ATTEMPT, _FIRST_AS_BEGUN)
_OWN_ROLE = Condition("under the role's name", lambda _, event: event.route.role is event.role)

# --- The table -------------------------------------------------------------------------------------------------------

TRANSITIONS = (
    Transition(Phase.NEW, RunCreated, Phase.DUE),
    Transition(Phase.DUE, OperatorSigned, Phase.DUE, when=_at(Gate.INSTRUCTION), requires=(_UNSIGNED,)),
    Transition(Phase.DUE, ArtifactStored, Phase.DUE, when=_at(Gate.INSTRUCTION), requires=(_THIS_ATTEMPT, _TASK)),
    Transition(Phase.DUE, InstructionPinned, Phase.WORKED, when=_at(Gate.INSTRUCTION)),
    Transition(Phase.DUE, PreflightFinished, Phase.DUE, Move.NEXT, when=_PASSED),
    Transition(Phase.DUE, PreflightFinished, Phase.WORKED, when=_NEEDS_PERSON),
    Transition(Phase.DUE, SourcesChecked, Phase.WORKED, when=_at(Gate.SOURCE_CHECK)),
    Transition(Phase.DUE, CallIntended, Phase.CALLING, requires=(_HERE, _ROLE, _PINNED, _NEW_CALL, _BY_MODEL)),
    Transition(Phase.DUE, AgentBegun, Phase.WRITING, when=_AT_WRITER, requires=_TURN),
    Transition(Phase.DUE, DraftBrought, Phase.WORKED, when=_AT_WRITER, requires=_BROUGHT),
    *(Transition(phase, ProofPaid, phase) for phase in (Phase.DUE, Phase.WAITING)),
    *(Transition(each, HandedOver, each, requires=(_HERE,)) for each in (Phase.DUE, Phase.LOST, Phase.WAITING)),
    Transition(Phase.DUE, RouteMoved, Phase.DUE, requires=(_OWN_ROLE,)),
    Transition(Phase.DUE, GateOpened, Phase.WAITING, when=_at(Gate.CANDIDATE), requires=(_HERE, _SUBJECT)),
    Transition(Phase.CALLING, CallRecorded, Phase.WORKED, requires=(_OF_THE_CALL,)),
    Transition(Phase.CALLING, CallFailed, Phase.WORKED, requires=(_OF_THE_CALL,)),
    Transition(Phase.CALLING, CallLost, Phase.LOST, requires=(_OF_THE_CALL,)),
    Transition(Phase.WRITING, CallIntended, Phase.WRITING, requires=(_HERE, _OF_THE_TURN, _ROLE, _PINNED, _NEW_CALL)),
    *(
        Transition(Phase.WRITING, end, Phase.WRITING, requires=(_OF_AN_OPEN_CALL,))
        for end in (CallRecorded, CallFailed, CallLost)
    ),
    Transition(Phase.WRITING, AgentEnded, Phase.WORKED, requires=(_OF_THE_TURN, _NO_OPEN_CALL)),
    Transition(Phase.WRITING, AgentLost, Phase.LOST, requires=(_OF_THE_TURN, _NO_OPEN_CALL)),
    Transition(Phase.LOST, CallRepeatAllowed, Phase.DUE, requires=(_OF_THE_CALL,)),
    Transition(Phase.LOST, GateOpened, Phase.WAITING, requires=(_HERE, _SUBJECT)),
    Transition(Phase.WORKED, ArtifactStored, Phase.WORKED, requires=(_THIS_ATTEMPT, _MADE_HERE)),
    Transition(Phase.WORKED, GateOpened, Phase.WAITING, requires=(_HERE, _SUBJECT)),
    Transition(Phase.WAITING, CallRepeatAllowed, Phase.DUE, requires=(_UNANSWERED, _OF_THE_CALL)),
    Transition(Phase.WAITING, RouteMoved, Phase.WAITING, requires=(_OWN_ROLE,)),
    Transition(Phase.WAITING, OperatorSigned, Phase.WAITING),
    Transition(Phase.WAITING, GateDecided, Phase.DUE, Move.NEXT, _READY_TO_GO_ON, _DECISION),
    Transition(Phase.WAITING, GateDecided, Phase.DUE, Move.BACK, _REVISE, _DECISION),
    Transition(Phase.WAITING, GateDecided, Phase.ENDING, Move.STAY, _USED_UP, _DECISION),
    Transition(Phase.WAITING, GateDecided, Phase.ENDING, Move.STAY, _BLOCK, _DECISION),
    Transition(Phase.WAITING, GateDecided, Phase.ENDING, Move.STAY, _READY_TO_SEAL, _DECISION),
    Transition(Phase.ENDING, RunBlocked, Phase.OVER, requires=(_HERE, _NOT_READY)),
    Transition(Phase.ENDING, CandidateSealed, Phase.ENDING, requires=(_READY, _UNSEALED, _SUBJECT, _BEGUN)),
    Transition(Phase.ENDING, RunClosed, Phase.OVER, requires=(_SEALED,)),
    *(Transition(phase, RunStopped, Phase.OVER) for phase in Phase if phase not in (Phase.NEW, Phase.OVER)),
)
"""Every transition of a run. An event that is not here cannot follow."""

_FROM: dict[Phase, dict[type[RunEvent], tuple[Transition, ...]]] = {
    phase: {
        event: tuple(each for each in TRANSITIONS if (each.source, each.event) == (phase, event))
        for event in {each.event for each in TRANSITIONS if each.source is phase}
    }
    for phase in Phase
}

_OUT_OF_PHASE: dict[type[RunEvent], Refuses] = {
    GateDecided: lambda state, _: not_waiting(state),
    CallRepeatAllowed: _nothing_to_repeat,
}
"""Special refusals for events without a transition from a phase; the default is "out of order"."""


def words_of(event: type[RunEvent]) -> str:
    """Return an event type's name as words: `gate opened`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", event.__name__).lower()


def not_waiting(state: RunState) -> Refusal:
    """Return the refusal of a decision when no gate waits."""
    return Refusal(RefusalCode.NOT_WAITING, f"the gate {state.gate.words} does not wait: it is {state.phase}")


def why_over(state: RunState) -> Refusal | None:
    """Return a refusal if a run is over; None if it is not."""
    return _over(state) if state.is_over else None


def _over(state: RunState) -> Refusal:
    return Refusal(RefusalCode.OVER, f"the run is {state.status}: it takes no more commands")


def transition_of(state: RunState, event: RunEvent, kind: type[RunEvent] | None = None) -> Transition | Refusal:
    """Return where an event leads a run, or why it cannot follow.

    Args:
        state: The run.
        event: The event, or its form: what has its name and its fields.
        kind: Its type; needed for a form alone.

    """
    if state.status is not _ACTIVE:
        return _over(state)
    kind = kind or type(event)
    for row in _FROM[state.phase].get(kind, ()):
        if row.when is None or row.when.holds(state, event):
            for condition in row.requires:
                if not condition.holds(state, event):
                    return condition.refuses(state, event)
            return row
    return _OUT_OF_PHASE.get(kind, _out_of_order)(state, event)


_ACTIVE = RunStatus.ACTIVE


def why_not_follow(state: RunState, event: RunEvent) -> Refusal | None:
    """Return why an event cannot follow in a run; None if it can.

    `decide` also checks budgets and the operator.
    """
    found = transition_of(state, event)
    return found if isinstance(found, Refusal) else None
