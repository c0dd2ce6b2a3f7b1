"""One round of a watch: the ladder of one profile, and what it showed."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date

from console.domain.errors.category import Category
from console.domain.money import FREE, Estimate
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import CatalogueRead, CheckEvent, RungFinished, RungStarted
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.domain.watch.sighting import Sighting, sighting
from console.services.config.settings import Profile
from console.services.gateway.account import Account
from console.services.gateway.reservations import Reservations
from console.services.probes.catalogue_reader import read_catalogue
from console.services.probes.ladder import LadderPlan, call_price, climb, offline_result
from console.services.probes.smoke import SmokePlan
from console.services.run.own_rubric import role_order
from console.services.watch.desk import OpenGateway

See = Callable[[CheckEvent], None]
"""Takes each event of one profile's round, whether the round ends or is cut."""
Recording = Callable[[Profile, tuple[RouteCheck, ...], str], See]
"""Begins to take the events of a round, by its profile, its routes and its gateway's origin: such as a history."""


def no_recording(profile: Profile, checks: tuple[RouteCheck, ...], origin: str) -> See:
    """Take no events."""
    del profile, checks, origin
    return lambda _: None


@dataclass(slots=True)
class RoundResults:
    """What a round showed of one profile."""

    profile: Profile
    at: float
    """Unix time in seconds."""
    routes: tuple[ProvenRoute, ...] = ()
    catalogue: Catalogue | None = None
    """None if the lists were not read."""
    over_budget: str = ""
    """Why a paid rung was not climbed; empty if the budget allowed all."""
    billed_perhaps: set[RouteKey] = field(default_factory=set)
    """The routes whose paid call was begun and has not ended."""

    def take(self, event: CheckEvent) -> None:
        """Add what an event showed."""
        self.routes = tuple(each.apply(event) for each in self.routes)
        match event:
            case RungStarted(key, rung) if rung.is_paid:
                self.billed_perhaps.add(key)
            case RungFinished(result):
                self.billed_perhaps.discard(result.key)
                said = result.classification
                if said is not None and said.category is Category.BUDGET_EXCEEDED:
                    self.over_budget = self.over_budget or said.evidence
            case CatalogueRead(catalogue):
                self.catalogue = catalogue
            case _:
                return

    def sightings(self, today: date) -> tuple[Sighting, ...]:
        """Return what the round saw of each route."""
        return tuple(sighting(each, self.catalogue, today) for each in self.routes)


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """How to climb in a round."""

    top: Rung
    reservations: Reservations
    account: Account
    is_read_only: bool = False


async def climb_round(
    results: RoundResults, checks: tuple[RouteCheck, ...], opened: OpenGateway | None, how: RoundPlan, see: See
) -> None:
    """Climb the ladder of a profile's routes, and add what it shows to the results as it shows.

    Args:
        results: The results, still blank.
        checks: The routes with their offline checks.
        opened: The open gateway; None for rung 0, which asks none.
        how: How far to climb, and with what.
        see: Takes each event.

    """
    results.routes = tuple(ProvenRoute(check) for check in checks)
    if opened is None:
        for check in checks:
            results.take(RungFinished(offline_result(check)))
        return
    plan = smoke_plan(results.profile, opened, how)
    ladder = LadderPlan(
        top=how.top,
        plan=plan,
        connect_timeout_s=results.profile.gateway.connect_timeout_s,
        is_read_only=how.is_read_only,
    )
    async with aclosing(climb(checks, ladder, places=opened.places)) as events:
        async for event in events:
            results.take(event)
            see(event)


def smoke_plan(profile: Profile, opened: OpenGateway, how: RoundPlan) -> SmokePlan:
    """Return what the paid calls of a round share."""
    role = role_order(profile) if how.top >= Rung.SHAPE else None
    limit = profile.gateway.smoke_max_output_tokens
    return SmokePlan(opened.gateway, how.reservations, limit, role=role, account=how.account)


async def most_a_round(
    profile: Profile, checks: tuple[RouteCheck, ...], opened: OpenGateway, how: RoundPlan
) -> Estimate:
    """Return the most that the paid calls of one round may take, at the prices that the gateway lists now."""
    plan = smoke_plan(profile, opened, how)
    lists = await read_catalogue(opened.gateway, [check.route for check in checks])
    plan = SmokePlan(
        plan.gateway, plan.reservations, plan.max_output_tokens, lists.catalogue, role=plan.role, account=plan.account
    )
    total = FREE
    for check in checks:
        for rung, shape in ((Rung.SMOKE, Shape.TEXT), (Rung.SHAPE, Shape.ROLE)):
            if rung <= how.top:
                total = total.plus(call_price(check.route, plan, shape))
    return total
