"""What calls may take, as documents name it."""

from dataclasses import dataclass
from typing import Self

from console.domain.money import Estimate, usd


@dataclass(frozen=True, kw_only=True)
class PriceDocument:
    """What a rung's calls may take at most."""

    tokens: int
    usd: float | None
    """Null where a price is not known."""

    @classmethod
    def of(cls, price: Estimate) -> Self:
        """Return the most that calls may take as the documents name it."""
        return cls(tokens=price.tokens, usd=usd(price.microusd))
