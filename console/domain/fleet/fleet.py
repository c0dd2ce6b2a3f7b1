"""The fleet: every profile of a config, and those that others keep in the same store, each with its newest state."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.fleet.row import FleetRoute, FleetRow, KnownProfile, route_of_check, route_of_ends, row_of
from console.domain.fleet.state import Owner, Spending, States, route_id


@dataclass(frozen=True, slots=True)
class Fleet:
    """The rows of all profiles, in the order of the config."""

    rows: tuple[FleetRow, ...]
    now_ms: int
    """When it was read: Unix time."""
    unread: int = 0
    """How many states another version of the console wrote, which this one cannot read."""

    @property
    def ahead(self) -> tuple[FleetRow, ...]:
        """The rows whose newest look is later than now: a clock is wrong."""
        return tuple(each for each in self.rows if each.ahead_ms)


def fleet_of(profiles: Sequence[KnownProfile], states: States, now_ms: int, *, others: bool = True) -> Fleet:
    """Return the fleet.

    Args:
        profiles: The profiles of the config.
        states: What is known of these and of others.
        now_ms: The Unix time.
        others: Whether to show profiles too that the config lacks.

    """
    rows = []
    known: set[Owner] = set()
    for profile in profiles:
        known.add(profile.owner)
        routes = [
            route_of_check(check, states.ends.get(route_id(profile.owner, check.route), ()), now_ms)
            for check in profile.checks
        ]
        rows.append(_row(profile, routes, states, now_ms))
    if others:
        rows += _others(known, states, now_ms)
    return Fleet(tuple(rows), now_ms, states.unread)


def _others(known: set[Owner], states: States, now_ms: int) -> list[FleetRow]:
    """Return the rows of profiles that the config lacks."""
    routes: dict[Owner, list[FleetRoute]] = defaultdict(list)
    for route, ends in states.ends.items():
        owner = route[:2]
        if owner not in known and (found := route_of_ends(ends, now_ms)) is not None:
            routes[owner].append(found)
    owners = dict.fromkeys((*routes, *(owner for owner in states.looks if owner not in known)))
    return [_row(KnownProfile(owner), routes[owner], states, now_ms, is_in_config=False) for owner in sorted(owners)]


def _row(
    profile: KnownProfile, routes: Sequence[FleetRoute], states: States, now_ms: int, *, is_in_config: bool = True
) -> FleetRow:
    look, spending = states.looks.get(profile.owner), states.spending.get(profile.owner, Spending())
    return row_of(profile, routes, look, spending, now_ms, is_in_config=is_in_config)
