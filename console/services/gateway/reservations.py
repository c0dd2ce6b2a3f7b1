"""Reservations: all spending goes through here. A call's maximum cost is reserved before it and settled after it."""

from dataclasses import dataclass, replace

from console.domain.money import Budget, Estimate, OverBudget, Spent


@dataclass(slots=True)
class _Book:
    """What a session spent, and what its calls in flight may cost."""

    spent: Spent
    tokens: int = 0
    microusd: int = 0


class Reservations:
    """One session's budget while calls are in flight.

    Its methods do not await, so parallel calls cannot overdraw the budget together.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._book = _Book(budget.spent)

    def under(self, budget: Budget) -> "Reservations":
        """Return the same session's reservations under another profile's budget; spending so far counts there too."""
        other = Reservations(budget)
        other._book = self._book
        return other

    @property
    def budget(self) -> Budget:
        """The session's budget with what was spent, without what is only reserved."""
        return replace(self._budget, spent=self._book.spent)

    def reserve(self, cost: Estimate, *within: Budget) -> OverBudget | None:
        """Reserve the most that a call may cost, or say why a budget does not allow it.

        Args:
            cost: The most that the call may cost.
            within: Narrower budgets that must allow it too, such as a run's; they are checked first.

        """
        session = self.budget.spend(Spent(self._book.tokens, self._book.microusd))
        for budget in (*within, session):
            if (over := budget.why_not(cost)) is not None:
                return over
        self._book.tokens += cost.tokens
        self._book.microusd += cost.microusd or 0
        return None

    def settle(self, cost: Estimate, taken: Spent) -> None:
        """Book what a call cost, and release what was reserved for it."""
        self._book.tokens -= cost.tokens
        self._book.microusd -= cost.microusd or 0
        self._book.spent = self._book.spent.plus(taken)
