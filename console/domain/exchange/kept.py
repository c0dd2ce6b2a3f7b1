"""What is kept of a failed exchange, so that it can be told to support and shown again."""

from dataclasses import dataclass

from console.domain.exchange.shape import ExchangeShape
from console.domain.finding import Severity


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """A finding on the exchange, without its evidence."""

    id: str
    severity: Severity
    message: str
    """One sentence of our own."""


@dataclass(frozen=True, slots=True)
class KeptExchange:
    """A failed exchange, without content."""

    shape: ExchangeShape
    category: str | None
    """Why it failed; None if its answer can be used."""
    rule: str
    """The id of the rule that decided; empty if none did."""
    http_status: int | None
    findings: tuple[KeptFinding, ...]
    finish: str | None
    first_byte_ms: int | None
    arrival: str | None
    """How the content arrived."""
