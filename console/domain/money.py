"""Money in whole micro-dollars: token prices, call estimates and budgets."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

_MICROUSD_A_USD = 1_000_000
_BYTES_A_TOKEN = 3
"""A cautious estimate: English text has about four bytes per token, JSON and Chinese fewer."""


def microusd(usd: float | None) -> int | None:
    """Return US dollars as whole micro-dollars; None for an unknown amount."""
    return None if usd is None else round(usd * _MICROUSD_A_USD)


def usd(microusd: int | None) -> float | None:
    """Return micro-dollars as US dollars, for documents; None for an unknown amount."""
    return None if microusd is None else microusd / _MICROUSD_A_USD


def usd_text(microusd: int) -> str:
    """Return micro-dollars as dollars, with enough decimal places for a small call."""
    dollars = microusd / _MICROUSD_A_USD
    return f"${dollars:.2f}" if dollars == 0 or dollars >= 0.01 else f"${dollars:.6f}".rstrip("0")


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price in US dollars per million tokens, which equals micro-dollars per token."""

    input_usd: float
    output_usd: float

    @classmethod
    def per_token(cls, input_usd: float, output_usd: float) -> "Price":
        """Return the price from US dollars per token."""
        return cls(input_usd * _MICROUSD_A_USD, output_usd * _MICROUSD_A_USD)

    def __str__(self) -> str:
        return f"{self.input_usd:g} in {self.output_usd:g} out USD/M"

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """Return the cost of tokens in micro-dollars, rounded up."""
        exact = input_tokens * self.input_usd + output_tokens * self.output_usd
        return math.ceil(round(exact, 6))  # drop binary rounding noise, which would add a micro-dollar


def cost_of(price: Price | None, input_tokens: int | None, output_tokens: int | None) -> int | None:
    """Return the cost of an answer in micro-dollars; None if its tokens or their price are unknown."""
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return price.of(input_tokens, output_tokens)


@dataclass(frozen=True, slots=True)
class Spent:
    """The known usage of calls."""

    tokens: int = 0
    microusd: int = 0
    is_exact: bool = True
    """False once a call's price or tokens are unknown: its reservation counts instead."""

    def plus(self, more: "Spent") -> "Spent":
        """Return the sum of both."""
        return Spent(self.tokens + more.tokens, self.microusd + more.microusd, self.is_exact and more.is_exact)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An upper bound for a call, computed before it is made."""

    tokens: int
    """Input and output together, at the call's token limit."""
    microusd: int | None
    """None if the catalogue has no price."""

    def __str__(self) -> str:
        money = "price unknown" if self.microusd is None else f"at most {usd_text(self.microusd)}"
        return f"at most {self.tokens} tokens, {money}"

    def taken(self, tokens: int | None = None, microusd: int | None = None) -> Spent:
        """Return the usage to book for the call after it was sent.

        Args:
            tokens: The tokens that its answer reported; None books the maximum.
            microusd: Their cost; None books the maximum, if known.

        """
        return Spent(
            self.tokens if tokens is None else tokens,
            (self.microusd or 0) if microusd is None else microusd,
            is_exact=tokens is not None and microusd is not None,
        )

    def plus(self, more: "Estimate") -> "Estimate":
        """Return the upper bound of two calls together; its price is unknown if one of them is."""
        is_priced = self.microusd is not None and more.microusd is not None
        money = (self.microusd or 0) + (more.microusd or 0) if is_priced else None
        return Estimate(self.tokens + more.tokens, money)

    def counted(self, by_bytes: "Estimate") -> Spent:
        """Return the usage to book for an answered call that named none: what was sent and received, by its bytes."""
        money = self.microusd or 0 if by_bytes.microusd is None else by_bytes.microusd
        return Spent(min(self.tokens, by_bytes.tokens), min(self.microusd or money, money), is_exact=False)


FREE = Estimate(0, 0)


def estimated_tokens(size: int) -> int:
    """Return a cautious estimate of the tokens in so many bytes of text."""
    return size // _BYTES_A_TOKEN + 1


def took_nothing(requests_sent: int, http_status: int | None) -> bool:
    """Return whether a call that names no usage took nothing: it was not sent, or its whole answer was an error."""
    return not requests_sent or (http_status is not None and http_status >= 400)


def estimate(body_bytes: int, max_output_tokens: int, price: Price | None) -> Estimate:
    """Return the upper bound of a call from its body size and token limit."""
    input_tokens = estimated_tokens(body_bytes)
    cost = None if price is None else price.of(input_tokens, max_output_tokens)
    return Estimate(input_tokens + max_output_tokens, cost)


class BudgetScope(StrEnum):
    """The scope of a budget."""

    SESSION = "session"
    """All calls of one screen session, or of one command."""
    RUN = "run"
    """All calls of a run's roles, across all processes that step it."""
    ATTEMPT = "attempt"
    """The calls since the newest writer pass began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum usage; None means no limit."""

    tokens: int | None = None
    microusd: int | None = None

    def within(self, other: "Limits") -> "Limits":
        """Return the stricter of both limits."""
        return Limits(_least(self.tokens, other.tokens), _least(self.microusd, other.microusd))


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True, slots=True)
class OverBudget:
    """Why a call is not made: it does not fit the budget."""

    scope: BudgetScope
    message: str
    """Names the scope, its limit and setting, the amount spent, the call's maximum, and what to do next."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A scope's limits and usage."""

    scope: BudgetScope
    limits: Limits = Limits()
    spent: Spent = Spent()

    def why_not(self, cost: Estimate) -> OverBudget | None:
        """Return why a call does not fit the budget, or None if it does."""
        tokens, money = self.limits.tokens, self.limits.microusd
        if tokens is not None and self.spent.tokens + cost.tokens > tokens:
            return self._over("tokens", f"{tokens} tokens", f"{self.spent.tokens}", f"take {cost.tokens}")
        if money is None:
            return None
        if cost.microusd is None:
            return OverBudget(
                self.scope,
                f"the {self.scope} may take {usd_text(money)} ({self._settings('usd')}), and the gateway has no price"
                f" for this model, so the limit cannot be enforced: use a model with a price, or limit tokens instead",
            )
        if self.spent.microusd + cost.microusd > money:
            return self._over("usd", usd_text(money), usd_text(self.spent.microusd), f"cost {usd_text(cost.microusd)}")
        return None

    def _over(self, unit: str, limit: str, spent: str, may: str) -> OverBudget:
        spent = f"{spent} spent or set aside" if self.scope is BudgetScope.SESSION else f"{spent} spent"
        return OverBudget(
            self.scope,
            f"the {self.scope} may take {limit} ({self._settings(unit)}), {spent}, and this call may {may}:"
            f" raise the limit in the policy {_NEXT[self.scope]}",
        )

    def _settings(self, unit: str) -> str:
        """Return the names of the settings behind the limit."""
        return " or ".join(f"{name}_{unit}" for name in _SETTINGS[self.scope])

    def spend(self, taken: Spent) -> "Budget":
        """Return the budget after a call."""
        return replace(self, spent=self.spent.plus(taken))


_SETTINGS = {
    BudgetScope.SESSION: ("budget",),
    BudgetScope.RUN: ("run", "budget"),
    BudgetScope.ATTEMPT: ("attempt",),
}
_NEXT = {
    BudgetScope.SESSION: "or start another session",
    BudgetScope.RUN: "and begin another run",
    BudgetScope.ATTEMPT: "and begin another run",
}
