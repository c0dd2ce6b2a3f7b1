"""A row: one profile of the fleet with its worst route and why, and the verdict that `check` would give of that."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.fleet.state import Looker, Owner, ProfileLook, RouteEnd, Spending
from console.domain.history.fact import FactStatus
from console.domain.history.streak import current_end
from console.domain.probes.ladder import Rung, rung_needed
from console.domain.probes.standing import Standing, offline_standing
from console.domain.problem import ProblemKind
from console.domain.routes.contract import RouteCheck
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey

PROOF_DAYS = 7
"""For how long a call that passed proves a route, though free checks alone were made since."""
DAY_MS = 86_400_000


class FleetVerdict(StrEnum):
    """The one verdict on a profile, the best first: that of its worst route, or why it has none."""

    PROVEN = "proven"
    OFFLINE = "offline"
    """The config agrees with the facts; its gateway was not asked."""
    UNPROVEN = "unproven"
    CONDITIONAL = "conditional"
    FAILED = "failed"
    DOWN = "down"
    BLOCKED = "blocked"
    DRIFT = "drift"
    UNUSABLE = "unusable"
    """Its gateway could not be opened: a token is absent, an address is refused."""
    BROKEN = "broken"
    """Its config has faults."""

    @property
    def gravity(self) -> int:
        """How bad it is, from 0; the highest of several decides."""
        return list(FleetVerdict).index(self)

    @property
    def is_red(self) -> bool:
        """Whether someone should look at it now."""
        return self.gravity >= FleetVerdict.FAILED.gravity


@dataclass(frozen=True, slots=True)
class FleetRoute:
    """A route of a profile, as it was seen last."""

    key: RouteKey
    model: str
    family: EndpointFamily | None
    standing: Standing
    category: Category | None = None
    """Why it is red; None if findings alone say so, or it is not."""
    findings: tuple[str, ...] = ()
    rung: Rung | None = None
    """The rung that holds, or that showed the trouble; None if its gateway was not asked."""
    at_ms: int | None = None
    """When it was looked at last."""
    retires_on: date | None = None

    @property
    def role(self) -> Role:
        """The route's role."""
        return self.key.role

    @property
    def why(self) -> str:
        """Why it is red, in closed words; empty if nothing says so."""
        return str(self.category or ", ".join(self.findings[:3]))


@dataclass(frozen=True, slots=True)
class FleetRow:
    """A profile of the fleet."""

    owner: Owner
    verdict: FleetVerdict
    routes: tuple[FleetRoute, ...] = ()
    """The worst first."""
    problem: ProblemKind | None = None
    """Why it cannot be used; None if it can."""
    words: str = ""
    """The faults of its config; empty if it has none."""
    looked_ms: int | None = None
    """When a route of it was looked at last, as far as this clock can say; None if none was."""
    ahead_ms: int = 0
    """How far the clock of who looked was ahead of this one; 0 if it was not."""
    looker: Looker | None = None
    spending: Spending = Spending()
    is_in_config: bool = True
    """Whether the config that is in use has the profile; others of the store are shown too."""

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.owner[0]

    @property
    def origin(self) -> str:
        """The gateway's origin; empty if it is not known."""
        return self.owner[1]

    @property
    def worst(self) -> FleetRoute | None:
        """The worst route, if one of them decides the verdict."""
        return self.routes[0] if self.routes and self.problem is None else None

    @property
    def failures(self) -> tuple[tuple[str, int], ...]:
        """How many routes are red by category, the most frequent first; `none` where findings alone say so."""
        reds = [each for each in self.routes if FleetVerdict(each.standing.value).is_red]
        return tuple(Counter(str(each.category or "none") for each in reds).most_common())

    @property
    def retires_on(self) -> date | None:
        """The day on which the first of its models retires; None if none is known to."""
        return min((each.retires_on for each in self.routes if each.retires_on is not None), default=None)

    def age_ms(self, now_ms: int) -> int | None:
        """Return how long ago it was looked at; never less than 0, and None if it was not."""
        return None if self.looked_ms is None else max(0, now_ms - self.looked_ms)

    @property
    def why(self) -> str:
        """Why its verdict is not a better one, in a few words; empty if nothing speaks against it."""
        if self.problem is not None:
            return self.words or _UNUSABLE[self.problem]
        worst = self.worst
        return "" if worst is None or not FleetVerdict(worst.standing.value).is_red else f"{worst.key}: {worst.why}"


_UNUSABLE = {
    ProblemKind.FAILED: "the machine that looked failed",
    ProblemKind.USAGE: "it was not asked for rightly",
    ProblemKind.CONFIG: "its config cannot be used there",
    ProblemKind.TOKEN: "its token is absent, locked or out of reach",
    ProblemKind.WAITING: "another process had it",
    ProblemKind.BLOCKED: "its budget does not allow it",
    ProblemKind.RECORD: "a record does not verify",
    ProblemKind.UNREACHABLE: "its gateway cannot be reached",
    ProblemKind.REFUSED: "refused for safety",
}


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile of a config: its offline checks, or why it cannot be used."""

    owner: Owner
    checks: tuple[RouteCheck, ...] = ()
    words: str = ""
    """Its faults; empty if it can be used."""


def route_of_check(check: RouteCheck, ends: Sequence[RouteEnd], now_ms: int) -> FleetRoute:
    """Return a route of a config with what was seen of it last.

    Args:
        check: Its offline check as of today.
        ends: What was seen of it, the newest first.
        now_ms: The Unix time.

    """
    offline = offline_standing(check)
    known = check.retirement
    retires = known.row.retires_on if known and known.follows_provider and known.served_by is None else None
    seen = _seen(check.route.role, ends, now_ms)
    standing = offline if seen is None or seen[0].gravity < offline.gravity else seen[0]
    route = FleetRoute(check.route.key, check.route.model, check.route.endpoint_family, standing, retires_on=retires)
    if seen is not None:
        route = replace(route, rung=seen[1].end.rung, at_ms=seen[1].at_ms)
    if seen is not None and standing is seen[0]:
        return replace(route, category=seen[1].category, findings=seen[1].findings)
    failing = tuple(dict.fromkeys(each.id for each in check.findings if each.severity is Severity.FAIL))
    return replace(route, category=Category.ENDPOINT_DRIFT if standing is Standing.DRIFT else None, findings=failing)


def route_of_ends(ends: Sequence[RouteEnd], now_ms: int) -> FleetRoute | None:
    """Return a route that no config here has, as it was seen last; None if nothing says something of it."""
    key = ends[0].route.key if ends else None
    if key is None:
        return None
    seen = _seen(key.role, ends, now_ms)
    route = FleetRoute(key, ends[0].route.model, ends[0].route.family, Standing.UNPROVEN)
    if seen is None:
        return route
    standing, end = seen
    return replace(
        route, standing=standing, category=end.category, findings=end.findings, rung=end.end.rung, at_ms=end.at_ms
    )


def _seen(role: Role, ends: Sequence[RouteEnd], now_ms: int) -> tuple[Standing, RouteEnd] | None:
    """Return what was seen of a route, and the end that decides; None if nothing says something of it."""
    telling = [each for each in ends if each.end.status.is_red or each.end.status.is_held]
    decides = current_end(each.end for each in telling)
    if decides is None:
        return None
    shown = next(each for each in telling if each.end is decides)
    if decides.status.is_red:
        return _red(shown), shown
    last_red = max((each.at_ms for each in telling if each.end.status.is_red), default=0)
    since = max(last_red, now_ms - PROOF_DAYS * DAY_MS)
    proof = next((each for each in telling if each.at_ms >= since and _is_proof(role, each)), None)
    return (Standing.UNPROVEN, shown) if proof is None else (Standing.PROVEN, shown)


def _is_proof(role: Role, end: RouteEnd) -> bool:
    rung = end.end.rung
    return end.end.status is FactStatus.PASSED and rung is not None and rung >= rung_needed(role)


def _red(end: RouteEnd) -> Standing:
    category = end.category
    if category is Category.ENDPOINT_DRIFT:
        return Standing.DRIFT
    if category is not None and category.is_outage:
        return Standing.DOWN
    return Standing.BLOCKED if end.end.status is FactStatus.BLOCKED else Standing.FAILED


def row_of(
    profile: KnownProfile,
    routes: Sequence[FleetRoute],
    look: ProfileLook | None,
    spending: Spending,
    now_ms: int,
    *,
    is_in_config: bool = True,
) -> FleetRow:
    """Return a profile's row.

    Args:
        profile: The profile.
        routes: Its routes.
        look: The newest look at it.
        spending: What it spent.
        now_ms: The Unix time.
        is_in_config: Whether the config in use has it.

    """
    worst_first = tuple(sorted(routes, key=lambda each: each.standing.gravity, reverse=True))
    looked = [each.at_ms for each in routes if each.at_ms is not None]
    if look is not None:
        looked.append(look.at_ms)
    newest = max(looked, default=None)
    problem = None if look is None else look.problem
    verdict = FleetVerdict(worst_first[0].standing.value) if worst_first else FleetVerdict.OFFLINE
    if problem is not None:
        verdict = FleetVerdict.UNUSABLE
    if profile.words:
        problem, verdict = ProblemKind.CONFIG, FleetVerdict.BROKEN
    return FleetRow(
        profile.owner,
        verdict,
        worst_first,
        problem,
        profile.words,
        newest,
        0 if newest is None else max(0, newest - now_ms),
        None if look is None else look.looker,
        spending,
        is_in_config,
    )
