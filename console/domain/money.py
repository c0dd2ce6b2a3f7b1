"""Money: prices of tokens, what a call may cost at most, and the session's budget."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars a million tokens."""

    input_usd: float
    output_usd: float

    def __str__(self) -> str:
        return f"{self.input_usd:g} in {self.output_usd:g} out USD/M"

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return what tokens cost, in US dollars."""
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a call can take, told before it is made."""

    tokens: int
    """Input and output together, at the token limit of the call."""
    usd: float | None
    """None where the catalogue names no price."""

    def __str__(self) -> str:
        money = "price unknown" if self.usd is None else f"at most {usd_text(self.usd)}"
        return f"at most {self.tokens} tokens, {money}"


FREE = Estimate(0, 0.0)

_BYTES_A_TOKEN = 3
"""A cautious count: text in English has about four bytes a token, JSON and Chinese fewer."""


def estimate(body_bytes: int, max_output_tokens: int, price: Price | None) -> Estimate:
    """Say what a call can take at most, from its body's size and its token limit."""
    input_tokens = body_bytes // _BYTES_A_TOKEN + 1
    usd = None if price is None else price.of(input_tokens, max_output_tokens)
    return Estimate(input_tokens + max_output_tokens, usd)


@dataclass(frozen=True, slots=True)
class Budget:
    """The session's budget, and what of it is spent."""

    limit_tokens: int | None = None
    limit_usd: float | None = None
    spent_tokens: int = 0
    spent_usd: float = 0.0
    is_usd_exact: bool = True
    """False once a call without a known price was made: the dollars are then a lower bound."""

    def why_not(self, cost: Estimate) -> str | None:
        """Say why a call does not fit into the budget, or None where it does."""
        if self.limit_tokens is not None and self.spent_tokens + cost.tokens > self.limit_tokens:
            return (
                f"budget_tokens is {self.limit_tokens}, {self.spent_tokens} are spent,"
                f" and this call may take {cost.tokens}"
            )
        if self.limit_usd is None:
            return None
        if cost.usd is None:
            return "budget_usd is set and the gateway names no price for this model, so it cannot be kept to"
        if self.spent_usd + cost.usd > self.limit_usd:
            return (
                f"budget_usd is {usd_text(self.limit_usd)}, {usd_text(self.spent_usd)} are spent,"
                f" and this call may cost {usd_text(cost.usd)}"
            )
        return None

    def spend(self, tokens: int, usd: float | None) -> "Budget":
        """Return the budget after a call."""
        return Budget(
            self.limit_tokens,
            self.limit_usd,
            self.spent_tokens + tokens,
            self.spent_usd + (usd or 0.0),
            self.is_usd_exact and usd is not None,
        )


def usd_text(usd: float) -> str:
    """Return dollars with as many places as a small call needs."""
    if usd == 0 or usd >= 0.01:
        return f"${usd:.2f}"
    if usd < 0.000001:
        return "under $0.000001"
    return f"${usd:.6f}".rstrip("0")
