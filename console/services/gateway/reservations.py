"""Reservations: all spending goes through here. A call's maximum cost is reserved before it and settled after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.money import Budget, Estimate, OverBudget, Spent


@dataclass(slots=True)
class _Book:
    """What calls took, and what those in flight may cost."""

    spent: Spent
    tokens: int = 0
    microusd: int = 0

    @property
    def set_aside(self) -> Spent:
        """What calls in flight may cost."""
        return Spent(self.tokens, self.microusd)


class Reservations:
    """One session's budget while calls are in flight.

    Its methods do not await, so parallel calls cannot overdraw the budget together.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._book = _Book(budget.spent)
        self._within: tuple[Budget, ...] = ()
        self._own = _Book(Spent())
        """What only the calls that were reserved here took."""
        self.refused: OverBudget | None = None
        """The first refusal by a narrower budget; None if there was none."""

    def under(self, budget: Budget) -> "Reservations":
        """Return the same session's reservations under another profile's budget; spending so far counts there too."""
        other = Reservations(budget)
        other._book = self._book
        return other

    def narrowed(self, budgets: Sequence[Budget]) -> "Reservations":
        """Return the same session's reservations for calls that narrower budgets must allow too, such as a run's.

        What these calls take counts in the narrower budgets at once, whoever reads their events, and whenever.
        """
        other = self.under(self._budget)
        other._within = tuple(budgets)
        return other

    @property
    def taken(self) -> Spent:
        """What the calls took that were reserved here, in this object."""
        return self._own.spent

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
        own = self._own.spent.plus(self._own.set_aside)
        narrower = (*within, *(budget.spend(own) for budget in self._within))
        over = next((over for budget in narrower if (over := budget.why_not(cost)) is not None), None)
        self.refused = self.refused or over
        over = over or self.budget.spend(self._book.set_aside).why_not(cost)
        if over is None:
            for book in (self._book, self._own):
                book.tokens += cost.tokens
                book.microusd += cost.microusd or 0
        return over

    def settle(self, cost: Estimate, taken: Spent) -> None:
        """Book what a call cost, and release what was reserved for it."""
        for book in (self._book, self._own):
            book.tokens -= cost.tokens
            book.microusd -= cost.microusd or 0
            book.spent = book.spent.plus(taken)
