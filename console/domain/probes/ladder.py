"""The probe ladder: what is proven of a route, rung by rung, and what the next rung costs."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from console.domain.errors.category import Classification
from console.domain.finding import Finding
from console.domain.money import FREE, Estimate
from console.domain.routes.role import Role


class Rung(IntEnum):
    """A step of the ladder. Each is climbed only where the one below it held."""

    OFFLINE = 0
    """Config, required family, roles kept apart: no request."""
    CONNECTION = 1
    """Name, connection, TLS, no redirect: no token sent."""
    CATALOGUE = 2
    """The gateway's own lists: listed, priced, declared families."""
    KEY = 3
    """A wrong key is refused, the right one is not, and the family exists: requests that generate nothing."""
    SMOKE = 4
    """One streamed text call, every event judged."""
    SHAPE = 5
    """One call in the shape that the role really sends."""

    @property
    def is_paid(self) -> bool:
        """Whether climbing it makes the gateway generate."""
        return self >= Rung.SMOKE

    @property
    def title(self) -> str:
        """What it proves, in a word or two."""
        return _TITLES[self]


_TITLES = {
    Rung.OFFLINE: "offline",
    Rung.CONNECTION: "connection",
    Rung.CATALOGUE: "catalogue",
    Rung.KEY: "key and path",
    Rung.SMOKE: "streamed text",
    Rung.SHAPE: "role's shape",
}


def rung_needed(role: Role) -> Rung:
    """Return the rung that a role needs before its output may be trusted.

    Every role sends more than plain text: a schema or tools. A gateway that passes text may still refuse those.
    """
    return Rung.SMOKE if role is Role.FALLBACK else Rung.SHAPE


class RungStatus(StrEnum):
    """How climbing a rung ended."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    """An account, route or drift matter, or the budget, stops here."""
    UNPROVEN = "unproven"
    """The gateway's answers show neither one nor the other; the next rung has to."""


@dataclass(frozen=True, slots=True)
class RungResult:
    """What one rung showed of one route. Safe to keep: no prompt, no output, no upstream text."""

    role: Role
    rung: Rung
    status: RungStatus
    findings: tuple[Finding, ...] = ()
    classification: Classification | None = None
    notes: tuple[str, ...] = ()
    """What was seen, in our words and figures."""
    price_before: Estimate = FREE
    tokens: int | None = 0
    """Tokens that the answer named; None where it named none."""
    price_after_microusd: int | None = 0
    requests_sent: int = 0
    elapsed_ms: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the next rung may be climbed."""
        return self.status in (RungStatus.PASSED, RungStatus.UNPROVEN)
