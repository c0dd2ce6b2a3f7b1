"""State: what was seen last of profiles and their routes, by any console or worker. It holds no text from a gateway.

Of each route only the newest fact of a kind counts, so states of several writers add up in any order: who writes later
takes nothing back that is newer, and a state that is written twice changes nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.history.streak import End
from console.domain.problem import ProblemKind
from console.domain.routes.route import Route
from console.domain.text.closed_name import MODEL_NAME, closed_name

Owner = tuple[str, str]
"""A profile's name and its gateway's origin: on another gateway, a profile of the same name is another one."""
RouteId = tuple[str, str, str, str, str]
"""A route as states name it: profile, origin, key, model and family. With another model, it is another one."""
HOUR_MS = 3_600_000
COST_DAYS = 7
"""How many days the costs of a profile are kept."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class LookerKind(StrEnum):
    """What looked."""

    CONSOLE = "console"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looked at a profile: a console or a worker, and the name of its machine."""

    kind: LookerKind
    name: str
    """Empty if it has no closed form."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name if _NAME.fullmatch(self.name) else "")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class ProfileLook:
    """The newest look at a profile: that it was used, or why it could not be."""

    owner: Owner
    at_ms: int
    """Unix time, by the clock of whoever looked."""
    looker: Looker
    problem: ProblemKind | None = None
    """Why it could not be used; None if its gateway was asked. The message stays on the machine that saw it."""


@dataclass(frozen=True, slots=True)
class RouteEnd:
    """The newest fact of its mark about a route."""

    route: FactRoute
    at_ms: int
    end: End
    kind: FactKind
    category: Category | None = None
    findings: tuple[str, ...] = ()

    @property
    def id(self) -> RouteId:
        """Which route it is about."""
        route = self.route
        return route.profile, route.origin, str(route.key), route.model, str(route.family)

    @property
    def mark(self) -> str:
        """What tells ends apart that do not replace each other: a free check takes nothing back that a call showed."""
        end = self.end
        rung = "-" if end.rung is None else str(int(end.rung))
        colour = "red" if end.status.is_red else "held" if end.status.is_held else "open"
        said = "refusal" if end.is_refusal else "finding"
        return f"{'check' if end.is_check else 'call'}.{rung}.{colour}.{said}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one fact cost."""

    id: str
    """Unlike any other: a cost that is written twice counts once."""
    owner: Owner
    at_ms: int
    microusd: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What a profile's calls with a known cost took, in millionths of a US dollar."""

    day: int = 0
    """In the last 24 hours."""
    week: int = 0
    """In the last 7 days."""


@dataclass(frozen=True, slots=True)
class States:
    """Everything that is known of profiles, whatever config they are in."""

    looks: Mapping[Owner, ProfileLook] = field(default_factory=dict)
    ends: Mapping[RouteId, tuple[RouteEnd, ...]] = field(default_factory=dict)
    """The newest first."""
    spending: Mapping[Owner, Spending] = field(default_factory=dict)
    unread: int = 0
    """How many rows another version of the console wrote, which this one cannot read."""


def route_id(owner: Owner, route: Route) -> RouteId:
    """Return what states call a route of a config."""
    return *owner, str(route.key), _closed(route.model), str(route.endpoint_family)


@cache
def _closed(model: str) -> str:
    return closed_name(model, MODEL_NAME) or ""


def end_of(fact: Fact) -> RouteEnd | None:
    """Return what a fact says of its route; None if it is about a run, or says nothing of the route."""
    if fact.route.key is None or fact.kind is FactKind.RUN or fact.status is FactStatus.STOPPED:
        return None
    end = End(fact.status, fact.rung, fact.kind is FactKind.CHECK, fact.category is not None)
    return RouteEnd(fact.route, fact.at_ms, end, fact.kind, fact.category, fact.findings)


def states_of(
    looks: Iterable[ProfileLook], ends: Iterable[RouteEnd], spending: Mapping[Owner, Spending], *, unread: int = 0
) -> States:
    """Return what was read as states: of each route the newest end of each mark, the newest first."""
    newest_looks: dict[Owner, ProfileLook] = {}
    for look in looks:
        known = newest_looks.get(look.owner)
        if known is None or known.at_ms < look.at_ms:
            newest_looks[look.owner] = look
    by_route: dict[RouteId, dict[str, RouteEnd]] = {}
    for end in ends:
        marked = by_route.setdefault(end.id, {})
        if end.mark not in marked or marked[end.mark].at_ms < end.at_ms:
            marked[end.mark] = end
    ordered = {
        route: tuple(sorted(marked.values(), key=lambda end: end.at_ms, reverse=True))
        for route, marked in by_route.items()
    }
    return States(newest_looks, ordered, spending, unread)
