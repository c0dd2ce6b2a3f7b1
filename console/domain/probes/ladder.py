"""The probe ladder: what each rung proves about a route, and what it costs."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from console.domain.errors.category import Classification
from console.domain.finding import Finding
from console.domain.money import FREE, Estimate
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey


class Rung(IntEnum):
    """A step of the ladder. Each is tried only if the one below it passed."""

    OFFLINE = 0
    """Config, required family, separate roles: no request."""
    CONNECTION = 1
    """Name, connection, TLS, no redirect: no token sent."""
    CATALOGUE = 2
    """The gateway's own lists: listing, price, declared families."""
    KEY = 3
    """A wrong key is refused, the right one is accepted, and the family exists: requests that generate nothing."""
    SMOKE = 4
    """One streamed text call, every event judged."""
    SHAPE = 5
    """One call in the shape that the role really uses."""

    @property
    def is_paid(self) -> bool:
        """Whether it makes the gateway generate."""
        return self >= Rung.SMOKE

    @property
    def title(self) -> str:
        """A short name of what it proves."""
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
    """Return the rung that a role needs before its output can be trusted.

    Every role sends more than plain text: a JSON schema. A gateway that accepts text may still refuse that.
    """
    return Rung.SMOKE if role is Role.FALLBACK else Rung.SHAPE


class RungStatus(StrEnum):
    """The outcome of a rung."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    """An account, route or drift error, or the budget, stops here."""
    UNPROVEN = "unproven"
    """The gateway's answers are inconclusive; the next rung has to decide."""


@dataclass(frozen=True, slots=True)
class RungResult:
    """The result of one rung for one route. Safe to store: no prompt, no output, no upstream text."""

    key: RouteKey
    rung: Rung
    status: RungStatus
    findings: tuple[Finding, ...] = ()
    classification: Classification | None = None
    notes: tuple[str, ...] = ()
    """The observation, in our own words and figures."""
    price_before: Estimate = FREE
    tokens: int | None = 0
    """The tokens that the answer reported; None if it reported none."""
    price_after_microusd: int | None = 0
    requests_sent: int = 0
    elapsed_ms: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the next rung may be tried."""
        return self.status in (RungStatus.PASSED, RungStatus.UNPROVEN)
