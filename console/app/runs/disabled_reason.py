"""Why an action on a run is not possible now. The rules of a run answer for themselves."""

from typing import TYPE_CHECKING

from console.domain.run.gate import GateVerdict
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.domain.run.command import Command
    from console.domain.run.state import RunState
    from console.view.run_view import RunView

_VERDICTS = "y ready, v revise, b block"
_LOST = "a call or an agent was cut off, and may have been billed: t repeats it, X ends the run"
_TYPED = "a typed reason"
"""A placeholder for the operator's reason, to ask whether a command is possible at all."""


def why_no_runs(state: ConsoleState, cursor: int) -> str | None:
    """Return why the runs cannot be shown."""
    return "the runs of this machine are still being read" if state.run is None else None


def why_no_new(state: ConsoleState, cursor: int) -> str | None:
    """Return why no run can be begun."""
    if state.is_read_only:
        return "this session is read-only: a run writes to the ledger and makes calls that cost"
    if state.run is None or not state.run.is_read:
        return "the runs of this machine are still being read"
    return state.run.failure or None


def why_no_step(state: ConsoleState, cursor: int) -> str | None:
    """Return why the gate's work cannot be done."""
    if (reason := _why_untouchable(state)) is not None:
        return reason
    from console.domain.run.rules.repeats import needs_new_attempt
    from console.domain.run.state import Phase

    view, run = _in_view(state)
    if run.is_over:
        return f"the run is {run.status}: n begins another"
    if view.problem:
        return view.problem
    if run.phase is Phase.LOST and not needs_new_attempt(run):
        return _LOST
    if run.awaits_draft:
        return "the draft from outside was sent back: o brings the next one, X ends the run"
    if run.phase is Phase.WAITING:
        return f"{run.gate.words} waits for you: {_VERDICTS}"
    return None


def why_no_preview(state: ConsoleState, cursor: int) -> str | None:
    """Return why no call can be shown before it is sent."""
    if state.run is None or state.run.state is None:
        return "no run is in view"
    view, run = _in_view(state)
    if run.is_call_due and not view.is_stepping:
        return why_no_step(state, cursor)
    if view.call is not None:
        return None
    return f"no call is due at the gate {run.gate.words}"


def why_no_ready(state: ConsoleState, cursor: int) -> str | None:
    """Return why `ready` is not possible."""
    return _why_no_verdict(state, GateVerdict.READY)


def why_no_revise(state: ConsoleState, cursor: int) -> str | None:
    """Return why `revise` is not possible."""
    return _why_no_verdict(state, GateVerdict.REVISE)


def why_no_block(state: ConsoleState, cursor: int) -> str | None:
    """Return why `block` is not possible."""
    return _why_no_verdict(state, GateVerdict.BLOCK)


def why_no_repeat(state: ConsoleState, cursor: int) -> str | None:
    """Return why the gate's call cannot be repeated."""
    from console.domain.run.command import AllowRepeat

    return _why_untouchable(state) or _refused(state, AllowRepeat(_TYPED))


def why_no_fallback(state: ConsoleState, cursor: int) -> str | None:
    """Return why the fallback route cannot serve the gate's role."""
    from console.domain.run.command import MoveRoute

    if (reason := _why_untouchable(state)) is not None:
        return reason
    _, run = _in_view(state)
    role = run.role
    if role is None:
        return f"no model works at the gate {run.gate.words}"
    return _refused(state, MoveRoute(role, _TYPED))


def why_no_handover(state: ConsoleState, cursor: int) -> str | None:
    """Return why the run cannot be left to another operator."""
    from console.domain.run.command import HandOver

    return _why_untouchable(state) or _refused(state, HandOver("name", _TYPED))


def why_no_inbox(state: ConsoleState, cursor: int) -> str | None:
    """Return why what waits for the operator cannot be listed; to list all runs again is always possible."""
    if state.run is None or not state.run.is_read:
        return "the runs of this machine are still being read"
    if state.run.inbox or state.run.is_inbox:
        return None
    waiting = sum(each.status == "waiting" for each in state.run.every)
    return "nothing waits for you" + (f": the {waiting} that wait need another operator" if waiting else "")


def why_no_end(state: ConsoleState, cursor: int) -> str | None:
    """Return why the run cannot be ended."""
    from console.domain.run.command import Stop

    return _why_untouchable(state) or _refused(state, Stop(_TYPED))


def why_no_cut(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to stop."""
    return None if state.run is not None and state.run.is_stepping else "no step is in progress"


def why_no_bring(state: ConsoleState, cursor: int) -> str | None:
    """Return why no draft from outside can be brought."""
    if (reason := _why_untouchable(state)) is not None:
        return reason
    _, run = _in_view(state)
    if run.is_over:
        return f"the run is {run.status}: n begins another"
    if run.outside is None:
        return "this run makes its drafts itself: n begins one with a draft from outside"
    return None if run.awaits_draft else "the next draft can be brought once this one was sent back"


def why_no_auto(state: ConsoleState, cursor: int) -> str | None:
    """Return why the run cannot step by itself; ending that is always possible."""
    if state.run is not None and state.run.is_auto:
        return None
    if (reason := _why_untouchable(state)) is not None:
        return reason
    view, run = _in_view(state)
    if run.is_waiting and run.opened is not None and not run.is_over:
        return (
            f"{run.gate.words} needs your decision first: {_VERDICTS}"
            if run.opened.needs_human
            else view.problem or None
        )
    return why_no_step(state, cursor)


def why_no_save(state: ConsoleState, cursor: int) -> str | None:
    """Return why no candidate can be saved."""
    if state.is_read_only:
        return "this session is read-only: it writes no file; gateway-console run candidate writes one"
    if state.run is None or state.run.state is None:
        return "no run is in view"
    if state.run.state.sealed is None:
        return "no candidate is sealed in this run yet" if not state.run.state.is_over else "no candidate was sealed"
    return None


def why_no_whole(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to show."""
    view = state.run
    if view is None or view.state is None:
        return "no run is in view"
    return None if view.shown is not None else "nothing is pinned, planned or written in this run yet"


def why_no_bundle(state: ConsoleState, cursor: int) -> str | None:
    """Return why there is nothing to tell support."""
    return "no run is in view" if state.run is None or state.run.state is None else None


def why_no_older(state: ConsoleState, cursor: int) -> str | None:
    """Return why it is not possible to look further back."""
    view = state.run
    return None if view is not None and view.back < len(view.notes) - 1 else "this is the first result"


def why_no_newer(state: ConsoleState, cursor: int) -> str | None:
    """Return why it is not possible to look forward."""
    return None if state.run is not None and state.run.back > 0 else "this is the newest gate result"


def why_no_leaving(state: ConsoleState, cursor: int) -> str | None:
    """Return why leaving would cost something."""
    if state.run is None or not state.run.is_stepping:
        return None
    return "a run is being stepped, and its call would be cut off: x on the run screen stops it; ctrl+q leaves anyway"


def _why_untouchable(state: ConsoleState) -> str | None:
    if state.is_read_only:
        return "this session is read-only: runs can only be viewed"
    if state.run is None or state.run.state is None:
        return "no run is in view: n begins one"
    return "a step is in progress: x stops it" if state.run.is_stepping else None


def _why_no_verdict(state: ConsoleState, verdict: GateVerdict) -> str | None:
    from console.domain.run.command import operator_verdict

    if (reason := _why_untouchable(state)) is not None:
        return reason
    from console.domain.run.state import Phase

    _, run = _in_view(state)
    if run.is_over:
        return f"the run is {run.status}: n begins another"
    if run.awaits_draft:
        return why_no_step(state, 0)
    if run.phase is Phase.DUE:
        return f"{run.gate.words} is due, and has nothing to decide on yet: enter does its work"
    if run.phase is Phase.LOST:
        return _LOST
    return _refused(state, operator_verdict(run, run.gate, verdict, _TYPED))


def _refused(state: ConsoleState, command: "Command") -> str | None:
    """Return the objection of a run's rules to a command."""
    from console.domain.run.decide import why_not

    view, run = _in_view(state)
    if view.operator is None:
        return "the run is still being read"
    refused = why_not(run, command, view.operator)
    return None if refused is None else refused.message


def _in_view(state: ConsoleState) -> "tuple[RunView, RunState]":
    if state.run is None or state.run.state is None:
        raise ValueError("no run is in view")
    return state.run, state.run.state
