"""How a run's gates and its end are shown: a sign, a word and a tone each, the same everywhere."""

from dataclasses import dataclass

from console.domain.run.event import GateOpened
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import Phase, RunState, RunStatus
from console.view.sign import Sign, Tone

_VERDICTS = {
    GateVerdict.READY: Sign("✓", "ready", Tone.OK),
    GateVerdict.REVISE: Sign("~", "revise", Tone.WARN),
    GateVerdict.BLOCK: Sign("×", "block", Tone.FAIL),
}
_UNDECIDED = Sign("!", "undecided", Tone.WARN)
"""Nothing computed is against it, but what was found wants a person."""
_HELD = Sign("·", "held", Tone.DIM)
_NOT_PLANNED = Sign("·", "no plan", Tone.DIM)
"""A draft from outside is not planned: the run passes this gate by."""
_LIVE = Sign("›", "live", Tone.LIVE)
_STATUSES = {
    "live": _LIVE,
    "active": Sign("·", "due", Tone.ACCENT),
    "waiting": Sign("~", "waits", Tone.WARN),
    "closed": Sign("✓", "ready", Tone.OK),
    "blocked": Sign("×", "block", Tone.FAIL),
    "stopped": Sign("!", "stopped", Tone.WARN),
}


@dataclass(frozen=True, slots=True)
class GateMark:
    """One gate of a run as the strip shows it."""

    gate: Gate
    sign: Sign
    is_current: bool
    """The run is at this gate, or ended here."""
    note: str = ""
    """The attempt at the writer's gate, the score at the reviewer's."""


def gate_sign(verdict: GateVerdict) -> Sign:
    """Return how a verdict is shown."""
    return _VERDICTS[verdict]


def opening_sign(opened: GateOpened) -> Sign:
    """Return how the verdict computed at a gate is shown: not as ready while a person has to decide."""
    if opened.needs_human and opened.verdict is GateVerdict.READY:
        return _UNDECIDED
    return _VERDICTS[opened.verdict]


def status_sign(status: str) -> Sign:
    """Return how a run is shown in the list, from its status in the ledger; `live` while it is being stepped."""
    return _STATUSES.get(status, Sign("·", status, Tone.DIM))


def gate_marks(state: RunState, *, is_stepping: bool) -> tuple[GateMark, ...]:
    """Return the gates of a run in their order.

    Args:
        state: The run.
        is_stepping: This console is stepping it now.

    """
    order = list(Gate)
    here = order.index(state.gate)
    marks: list[GateMark] = []
    for place, gate in enumerate(order):
        is_current = place == here
        if gate is Gate.PLANNER and state.outside is not None:
            sign = _NOT_PLANNED
        elif place < here or state.status is RunStatus.CLOSED:
            sign = _VERDICTS[GateVerdict.READY]
        else:
            sign = current_sign(state, is_stepping=is_stepping) if is_current else _HELD
        marks.append(GateMark(gate, sign, is_current, _note(state, gate) if place <= here else ""))
    return tuple(marks)


def current_sign(state: RunState, *, is_stepping: bool) -> Sign:
    """Return how the gate is shown at which a run is, or ended."""
    match state.status:
        case RunStatus.CLOSED:
            return _VERDICTS[GateVerdict.READY]
        case RunStatus.BLOCKED:
            return _VERDICTS[GateVerdict.BLOCK]
        case RunStatus.STOPPED:
            return _stop_sign(state)
        case RunStatus.ACTIVE:
            pass
    if is_stepping or state.phase in (Phase.CALLING, Phase.WRITING):
        return _LIVE
    if state.phase is Phase.LOST:
        return Sign("!", "lost", Tone.WARN)
    if state.phase is Phase.WAITING and state.opened is not None:
        is_failed = state.opened.failure is not None
        return Sign("!", "no answer", Tone.WARN) if is_failed else opening_sign(state.opened)
    return Sign("·", "due", Tone.ACCENT)


def _stop_sign(state: RunState) -> Sign:
    category = None if state.stopped is None else state.stopped.category
    if category is not None and category.is_account:
        return Sign("!", "account", Tone.WARN)
    return Sign("!", "stopped", Tone.WARN)


def _note(state: RunState, gate: Gate) -> str:
    if gate is Gate.WRITER and state.created is not None and (state.gate is not Gate.PLANNER):
        return f"{state.attempt}/{state.created.policy.max_attempts}"
    opened = state.opening(gate)
    return "" if opened is None or opened.total is None else str(opened.total)
