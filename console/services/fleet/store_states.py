"""States in the store: the newest of each profile and route, as anyone of the team saw them."""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from console.domain.errors.category import Category
from console.domain.fleet.row import DAY_MS
from console.domain.fleet.state import (
    COST_DAYS,
    Cost,
    Looker,
    LookerKind,
    Owner,
    ProfileLook,
    RouteEnd,
    Spending,
    States,
    end_of,
    states_of,
)
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.history.streak import End
from console.domain.probes.ladder import Rung
from console.domain.problem import ProblemKind
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey

if TYPE_CHECKING:
    from psycopg import Connection

CHANNEL = "gateway_console_fleet"
"""Who listens to it is told that states were kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one console or worker saw since it wrote last."""

    looks: Sequence[ProfileLook]
    ends: Sequence[RouteEnd]
    costs: Sequence[Cost] = ()

    def __bool__(self) -> bool:
        return bool(self.looks or self.ends or self.costs)


def seen_of(facts: Iterable[Fact], looker: Looker) -> Seen:
    """Return what some facts say of profiles and routes, the newest of each.

    Args:
        facts: The facts; those about runs say nothing.
        looker: Who saw them.

    """
    looks: dict[Owner, ProfileLook] = {}
    ends: dict[tuple[str, ...], RouteEnd] = {}
    costs = []
    for fact in facts:
        end = end_of(fact)
        if end is None:
            continue
        owner = (fact.route.profile, fact.route.origin)
        if owner not in looks or looks[owner].at_ms < fact.at_ms:
            looks[owner] = ProfileLook(owner, fact.at_ms, looker)
        if (*end.id, end.mark) not in ends or ends[*end.id, end.mark].at_ms < end.at_ms:
            ends[*end.id, end.mark] = end
        if fact.microusd:
            costs.append(Cost(str(uuid.uuid4()), owner, fact.at_ms, fact.microusd))
    return Seen(tuple(looks.values()), tuple(ends.values()), tuple(costs))


def keep_states(connection: "Connection[Any]", seen: Seen) -> None:
    """Keep states that are newer than those that the store has, and costs that it does not have."""
    document = {
        "looks": [_look_row(each) for each in seen.looks],
        "ends": [_end_row(each) for each in seen.ends],
        "costs": [
            {"id": each.id, **_owner(each.owner), "at_ms": each.at_ms, "microusd": each.microusd} for each in seen.costs
        ],
    }
    connection.execute("SELECT gateway_console.keep_states(%s::jsonb)", (json.dumps(document),))


def forget_profile(connection: "Connection[Any]", owner: Owner) -> None:
    """Forget a profile; the next look at it brings it back."""
    connection.execute("SELECT gateway_console.forget_profile(%s, %s)", owner)


def read_states(connection: "Connection[Any]", now_ms: int) -> States:
    """Return the newest state of every profile in the store.

    Args:
        connection: The connection.
        now_ms: The Unix time, up to which costs count.

    """
    looks = connection.execute(
        "SELECT profile, origin, at_ms, looker, machine, problem FROM gateway_console.profile_state"
    ).fetchall()
    ends = connection.execute(
        "SELECT profile, origin, key, model, family, at_ms, kind, status, rung, category, findings"
        " FROM gateway_console.route_state"
    ).fetchall()
    costs = connection.execute(
        "SELECT profile, origin, coalesce(sum(microusd) FILTER (WHERE at_ms >= %s), 0)::bigint, sum(microusd)::bigint"
        " FROM gateway_console.profile_cost WHERE at_ms >= %s AND at_ms <= %s GROUP BY profile, origin",
        (now_ms - DAY_MS, now_ms - COST_DAYS * DAY_MS, now_ms),
    ).fetchall()
    found_looks, found_ends = list(_looks(looks)), list(_ends(ends))
    unread = len(looks) + len(ends) - len(found_looks) - len(found_ends)
    spending = {(profile, origin): Spending(int(day), int(week)) for profile, origin, day, week in costs}
    return states_of(found_looks, found_ends, spending, unread=unread)


def _owner(owner: Owner) -> dict[str, str]:
    return {"profile": owner[0], "origin": owner[1]}


def _look_row(look: ProfileLook) -> dict[str, object]:
    return {
        **_owner(look.owner),
        "at_ms": look.at_ms,
        "looker": look.looker.kind.value,
        "machine": look.looker.name,
        "problem": "" if look.problem is None else look.problem.value,
    }


def _end_row(end: RouteEnd) -> dict[str, object]:
    profile, origin, key, model, family = end.id
    return {
        "profile": profile,
        "origin": origin,
        "key": key,
        "model": model,
        "family": family,
        "mark": end.mark,
        "at_ms": end.at_ms,
        "kind": end.kind.value,
        "status": end.end.status.value,
        "rung": None if end.end.rung is None else int(end.end.rung),
        "category": end.category or "",
        "findings": " ".join(end.findings),
    }


def _looks(rows: Iterable[Sequence[Any]]) -> Iterator[ProfileLook]:
    """Yield the looks that this console can read; another version of it may write others."""
    for profile, origin, at_ms, looker, machine, problem in rows:
        try:
            who = Looker(LookerKind(looker), machine)
            yield ProfileLook((profile, origin), at_ms, who, ProblemKind(problem) if problem else None)
        except ValueError:
            continue


@lru_cache(200_000)
def _route(profile: str, origin: str, key: str, model: str, family: str) -> FactRoute:
    """Return a route as facts name it, read once: to look for secrets in names takes most of the time."""
    return FactRoute(profile, origin, RouteKey(key), model, EndpointFamily(family))


def _ends(rows: Iterable[Sequence[Any]]) -> Iterator[RouteEnd]:
    """Yield the ends that this console can read; another version of it may write others."""
    for profile, origin, key, model, family, at_ms, kind, status, rung, category, findings in rows:
        try:
            route = _route(profile, origin, key, model, family)
            what = FactKind(kind)
            end = End(FactStatus(status), None if rung is None else Rung(rung), what is FactKind.CHECK, bool(category))
            yield RouteEnd(
                route, at_ms, end, what, Category(category) if category else None, tuple(findings.split()[:12])
            )
        except ValueError:
            continue
