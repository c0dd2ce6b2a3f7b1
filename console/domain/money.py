"""Money in whole micro-dollars: prices of tokens, what a call may take at most, and budgets."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

_MICROUSD_A_USD = 1_000_000
_BYTES_A_TOKEN = 3
"""A cautious count: text in English has about four bytes a token, JSON and Chinese fewer."""


def microusd(usd: float | None) -> int | None:
    """Return US dollars as whole micro-dollars; None for an amount that is not known."""
    return None if usd is None else round(usd * _MICROUSD_A_USD)


def usd(microusd: int | None) -> float | None:
    """Return micro-dollars as US dollars, for documents; None for an amount that is not known."""
    return None if microusd is None else microusd / _MICROUSD_A_USD


def usd_text(microusd: int) -> str:
    """Return micro-dollars as dollars, with as many places as a small call needs."""
    dollars = microusd / _MICROUSD_A_USD
    return f"${dollars:.2f}" if dollars == 0 or dollars >= 0.01 else f"${dollars:.6f}".rstrip("0")


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars a million tokens; in micro-dollars a token it is the same number."""

    input_usd: float
    output_usd: float

    @classmethod
    def per_token(cls, input_usd: float, output_usd: float) -> "Price":
        """Take a price in US dollars a token."""
        return cls(input_usd * _MICROUSD_A_USD, output_usd * _MICROUSD_A_USD)

    def __str__(self) -> str:
        return f"{self.input_usd:g} in {self.output_usd:g} out USD/M"

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """Return what tokens cost, in micro-dollars: a part of one counts as a whole one."""
        exact = input_tokens * self.input_usd + output_tokens * self.output_usd
        return math.ceil(round(exact, 6))  # without the dust of binary fractions, which would add a micro-dollar


def price_of(price: Price | None, input_tokens: int | None, output_tokens: int | None) -> int | None:
    """Return what an answer cost, in micro-dollars; None where its tokens or their price are not known."""
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return price.of(input_tokens, output_tokens)


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls took, as far as it is known."""

    tokens: int = 0
    microusd: int = 0
    is_exact: bool = True
    """False once a call's price or tokens are not known: what was set aside for it counts then."""

    def plus(self, more: "Spent") -> "Spent":
        """Return what both took together."""
        return Spent(self.tokens + more.tokens, self.microusd + more.microusd, self.is_exact and more.is_exact)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a call can take, told before it is made."""

    tokens: int
    """Input and output together, at the token limit of the call."""
    microusd: int | None
    """None where the catalogue names no price."""

    def __str__(self) -> str:
        money = "price unknown" if self.microusd is None else f"at most {usd_text(self.microusd)}"
        return f"at most {self.tokens} tokens, {money}"

    def taken(self, tokens: int | None = None, microusd: int | None = None) -> Spent:
        """Return what to book for the call after it was sent.

        Args:
            tokens: What its answer named; None books the most that it can have taken.
            microusd: What they cost; None books the most that it can have cost, where that is known.

        """
        return Spent(
            self.tokens if tokens is None else tokens,
            (self.microusd or 0) if microusd is None else microusd,
            is_exact=tokens is not None and microusd is not None,
        )


FREE = Estimate(0, 0)


def estimate(body_bytes: int, max_output_tokens: int, price: Price | None) -> Estimate:
    """Say what a call can take at most, from its body's size and its token limit."""
    input_tokens = body_bytes // _BYTES_A_TOKEN + 1
    cost = None if price is None else price.of(input_tokens, max_output_tokens)
    return Estimate(input_tokens + max_output_tokens, cost)


class BudgetScope(StrEnum):
    """What a budget is for."""

    SESSION = "session"
    """All calls of the screen until it is left, or of one command."""
    RUN = "run"
    """All calls of a run's roles, over all processes that step it."""
    ATTEMPT = "attempt"
    """Those since the writer's newest pass began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be taken; None where there is no limit."""

    tokens: int | None = None
    microusd: int | None = None

    def within(self, other: "Limits") -> "Limits":
        """Return the limits that keep both."""
        return Limits(_least(self.tokens, other.tokens), _least(self.microusd, other.microusd))


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True, slots=True)
class OverBudget:
    """Why a call is not made: a budget could not hold it."""

    scope: BudgetScope
    message: str
    """Names the scope, its limit and setting, what is spent, what the call may take, and what to do next."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a scope may take, and what it has taken."""

    scope: BudgetScope
    limits: Limits = Limits()
    spent: Spent = Spent()

    def why_not(self, cost: Estimate) -> OverBudget | None:
        """Say why a call does not fit into the budget, or return None where it does."""
        tokens, money = self.limits.tokens, self.limits.microusd
        if tokens is not None and self.spent.tokens + cost.tokens > tokens:
            return self._over("tokens", f"{tokens} tokens", f"{self.spent.tokens}", f"take {cost.tokens}")
        if money is None:
            return None
        if cost.microusd is None:
            return OverBudget(
                self.scope,
                f"the {self.scope} may take {usd_text(money)} ({self._settings('usd')}), and the gateway names no price"
                f" for this model, so the limit cannot be kept: use a model with a price, or limit tokens instead",
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
        """Return the names of the settings that the limit comes from."""
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
