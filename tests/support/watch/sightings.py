"""What rounds saw of a route, in a word each, and a watch that folds them."""

from collections.abc import Iterable
from dataclasses import replace

from console.domain.errors.category import Category
from console.domain.probes.ladder import Rung
from console.domain.probes.standing import Standing
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey
from console.domain.watch.cause import Cause
from console.domain.watch.route_watch import RouteWatch
from console.domain.watch.sighting import Sighting, WatchedRoute
from console.domain.watch.told import Told, ToldKind

EVERY_S = 300.0
ROUTE = WatchedRoute(RouteKey("writer"), "m", EndpointFamily.RESPONSES, "/v1/responses")
DOWN = Cause(Rung.CONNECTION, Standing.DOWN, Category.UPSTREAM_UNAVAILABLE, is_transient=True)
SLOW = Cause(Rung.KEY, Standing.DOWN, Category.TIMEOUT, is_transient=True)
RATE = Cause(Rung.KEY, Standing.FAILED, Category.RATE_LIMIT, is_transient=True)
AUTH = Cause(Rung.KEY, Standing.BLOCKED, Category.ACCOUNT_AUTH)
QUOTA = Cause(Rung.KEY, Standing.BLOCKED, Category.ACCOUNT_QUOTA)
DRIFT = Cause(Rung.OFFLINE, Standing.DRIFT, Category.ENDPOINT_DRIFT, ("ROUTE-03",))
ANY_KEY = Cause(Rung.KEY, Standing.FAILED, None, ("COM-S-02",))
PAID = Cause(Rung.SMOKE, Standing.BLOCKED, Category.ACCOUNT_QUOTA)


def green(tried_to: Rung = Rung.KEY, standing: Standing = Standing.UNPROVEN, **more: object) -> Sighting:
    """Return a round in which nothing speaks against the route."""
    return replace(Sighting(ROUTE, standing, tried_to, tried_to), **more)


def red(cause: Cause) -> Sighting:
    """Return a round that stopped at a cause."""
    return Sighting(ROUTE, cause.standing, cause.rung, Rung.OFFLINE, (cause,))


SEEN = {
    ".": green(),
    "p": green(Rung.SHAPE, Standing.PROVEN),
    "c": green(Rung.SHAPE, Standing.CONDITIONAL),
    "d": red(DOWN),
    "t": red(SLOW),
    "r": red(RATE),
    "a": red(AUTH),
    "q": red(QUOTA),
    "k": red(ANY_KEY),
    "x": red(DRIFT),
    "P": red(PAID),
}
"""A round by its letter."""


def watched(rounds: Iterable[str | Sighting]) -> tuple[RouteWatch, list[tuple[int, Told]]]:
    """Fold rounds of one route; return what is known after them, and what was told in which round, from 0."""
    known, told = RouteWatch(ROUTE), []
    for number, each in enumerate(rounds):
        seen = SEEN[each] if isinstance(each, str) else each
        known, more = known.after(seen, number * EVERY_S)
        told += [(number, change) for change in more]
    return known, told


def kinds(rounds: Iterable[str | Sighting]) -> list[tuple[int, str]]:
    """Return what was told in which round, by kind, but that the route is watched from now on."""
    return [(number, each.kind.value) for number, each in watched(rounds)[1] if each.kind is not ToldKind.FIRST]
