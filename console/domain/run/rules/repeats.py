"""Whether a call that was cut off or failed may be made once more, and by whom."""

from console.domain.money import BudgetScope
from console.domain.run.call_event import CallRepeatAllowed
from console.domain.run.reason import kept_reason
from console.domain.run.refusal import Refusal
from console.domain.run.rules.budgets import check_budgets, run_budgets
from console.domain.run.state import Phase, RunState
from console.domain.run.transition import why_not_follow


def needs_new_attempt(state: RunState) -> bool:
    """Return whether a lost call can be made again in a new attempt only: this one's budget is used up, the run's not.

    A revision begins a new attempt, with its own budget.
    """
    call, created = state.intended, state.created
    if state.phase is not Phase.LOST or call is None or created is None or may_repeat(state):
        return False
    of_run = next(each for each in run_budgets(state) if each.scope is BudgetScope.RUN)
    return of_run.why_not(call.cost) is None and state.attempt < created.policy.max_attempts


def may_repeat(state: RunState) -> bool:
    """Return whether an operator may allow one more call at the gate."""
    return why_no_repeat(state, repeat_of(state, "")) is None


def repeat_of(state: RunState, reason: str) -> CallRepeatAllowed:
    """Return the permission to make the gate's call once more, with the operator's reason."""
    return CallRepeatAllowed("" if state.intended is None else state.intended.call_id, kept_reason(reason))


def why_no_repeat(state: RunState, allowed: CallRepeatAllowed) -> Refusal | None:
    """Return why the gate's call cannot be made once more: there is none to repeat, or a budget is used up.

    Another route has another price, so the budgets are asked about it only once its call is built.
    """
    call = state.intended
    if (refused := why_not_follow(state, allowed)) is not None or call is None:
        return refused
    route = state.route(call.role)
    is_same = route is not None and route.fingerprint == call.fingerprint
    return check_budgets(state, call.cost) if is_same else None
