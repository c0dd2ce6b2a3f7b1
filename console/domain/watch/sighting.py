"""A sighting: what one round saw of one route."""

from dataclasses import dataclass
from datetime import date

from console.domain.errors.category import Category
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.watch.cause import Cause, causes_of
from console.domain.watch.listing import Listing, Retiring, listing_of, retiring


@dataclass(frozen=True, slots=True)
class WatchedRoute:
    """Which call a route is: with another model, family or path it is another route, whatever its key."""

    key: RouteKey
    model: str
    endpoint_family: EndpointFamily
    endpoint_path: str

    @classmethod
    def of(cls, route: Route) -> "WatchedRoute":
        """Return a route of the config as a watch knows it."""
        return cls(route.key, route.model, route.endpoint_family, route.endpoint_path)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a round saw of a route."""

    route: WatchedRoute
    standing: Standing
    """The verdict by this round's answers alone."""
    tried_to: Rung
    """The highest rung that was tried: what is above it is neither proven nor disproved."""
    reached: Rung
    """The highest rung that holds together with all below it."""
    causes: tuple[Cause, ...] = ()
    doubts: tuple[Rung, ...] = ()
    """The rungs whose answers were inconclusive: they let the next rung be tried, and prove nothing."""
    listing: Listing | None = None
    retiring: Retiring = Retiring()


def sighting(route: ProvenRoute, catalogue: Catalogue | None, today: date) -> Sighting:
    """Return what a round saw of a route.

    Args:
        route: The route after this round's answers, and no earlier ones.
        catalogue: The gateway's lists; None if they were not read.
        today: The date in UTC.

    """
    return Sighting(
        WatchedRoute.of(route.check.route),
        route.standing,
        max((each.rung for each in route.rungs if not _is_own_refusal(each.classification)), default=Rung.OFFLINE),
        route.reached,
        causes_of(route),
        tuple(each.rung for each in route.rungs if each.status is RungStatus.UNPROVEN),
        listing_of(route.check.route.model, catalogue),
        retiring(route.check, catalogue, today),
    )


def _is_own_refusal(classification: object) -> bool:
    return getattr(classification, "category", None) is Category.BUDGET_EXCEEDED
