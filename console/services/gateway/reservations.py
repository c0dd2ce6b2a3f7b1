"""The purse: the session's budget while calls are in flight. What a call may take is set aside before it is made."""

from console.domain.money import Budget, Estimate


class Purse:
    """Holds one session's budget. Its methods do not wait, so calls side by side cannot overdraw it together."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._set_aside_tokens = 0
        self._set_aside_usd = 0.0

    @property
    def budget(self) -> Budget:
        """The budget with what is spent; what is only set aside is not in it."""
        return self._budget

    def set_aside(self, cost: Estimate) -> str | None:
        """Set the most that a call may take aside; say why not where the budget does not hold it."""
        planned = self._budget.spend(self._set_aside_tokens, self._set_aside_usd)
        if (reason := planned.why_not(cost)) is not None:
            return reason
        self._set_aside_tokens += cost.tokens
        self._set_aside_usd += cost.usd or 0.0
        return None

    def settle(self, cost: Estimate, tokens: int, usd: float | None) -> None:
        """Book what a call took instead of what was set aside for it.

        Args:
            cost: What was set aside.
            tokens: The tokens that its answer named; what was set aside, where it was sent and named none.
            usd: What they cost; None where the price is not known.

        """
        self._set_aside_tokens -= cost.tokens
        self._set_aside_usd -= cost.usd or 0.0
        self._budget = self._budget.spend(tokens, usd)
