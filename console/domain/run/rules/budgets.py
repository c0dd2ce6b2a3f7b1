"""The budgets of a run: what it has spent, what open calls may cost, and whether one more call fits."""

from console.domain.money import Budget, BudgetScope, Estimate, Limits
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import RunState


def run_budgets(state: RunState) -> tuple[Budget, ...]:
    """Return the budgets of a run and of its attempt, with the amounts spent and those that open calls may cost."""
    if state.created is None:
        return ()
    policy, in_flight = state.created.policy, state.open_cost.taken()
    return (
        Budget(BudgetScope.RUN, Limits(policy.run_tokens, policy.run_microusd), state.spent.plus(in_flight)),
        Budget(
            BudgetScope.ATTEMPT,
            Limits(policy.attempt_tokens, policy.attempt_microusd),
            state.spent_in_attempt.plus(in_flight),
        ),
    )


def check_budgets(state: RunState, cost: Estimate) -> Refusal | None:
    """Refuse a call that a budget of the run or the attempt does not allow."""
    over = next((over for budget in run_budgets(state) if (over := budget.why_not(cost)) is not None), None)
    return None if over is None else Refusal(RefusalCode.BUDGET, over.message)
