"""Climb the probe ladder."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.cli import output
from console.cli.context import current
from console.cli.gateway import opened_gateway
from console.cli.live.folding import Folding
from console.cli.live.sweep import Opened
from console.cli.reports.stopped import note_stopped
from console.domain.probes.event import (
    AgentStarted,
    CatalogueRead,
    CheckEvent,
    RungFinished,
    RungStarted,
)
from console.domain.probes.ladder import Rung
from console.domain.routes.contract import RouteCheck
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations
from console.services.probes.agent_rung import climb_agent
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.last_catalogue import CatalogueMemory
from console.services.probes.request import AgentOrder
from console.services.probes.smoke import SmokePlan
from console.view.console_state import ConsoleState


@dataclass(frozen=True, slots=True)
class ClimbOrder:
    """How far and how to climb, from the command line."""

    top: Rung
    crosses: bool
    counts: bool
    as_json: bool
    is_read_only: bool
    agent: AgentOrder | None = None
    """Whose call to send after the top rung; None if none is sent."""
    of: str = ""
    """What precedes a route in notes: the profile of a sweep."""


async def climb_gateway(profile: Profile, checks: tuple[RouteCheck, ...], order: ClimbOrder) -> ConsoleState:
    """Open the profile's gateway and climb; each price is printed first. Raises what `opened_gateway` raises."""
    async with opened_gateway(profile) as (origin, gateway):
        if not order.as_json:
            output.note(f"checking {len(checks)} route(s) of {profile.name} at {origin}, to rung {int(order.top)}")
        places = asyncio.Semaphore(profile.gateway.concurrency)
        return await _climb(profile, checks, order, Opened(origin, gateway, places))


async def climb_opened(
    profile: Profile, checks: tuple[RouteCheck, ...], order: ClimbOrder, opened: Opened
) -> ConsoleState:
    """Climb as part of a sweep; each price is printed first, with the profile's name."""
    own = replace(order, of=f"{profile.name}: ")
    return await _climb(profile, checks, own, opened)


async def _climb(profile: Profile, checks: tuple[RouteCheck, ...], order: ClimbOrder, opened: Opened) -> ConsoleState:
    folding = Folding(profile, checks, opened.origin, is_read_only=order.is_read_only)
    is_kept = not profile.is_built_in and not order.is_read_only
    memory = CatalogueMemory(profile.name, current().environment, is_kept=is_kept)
    limit = profile.gateway.smoke_max_output_tokens
    plan = SmokePlan(opened.gateway, Reservations(profile.budget()), limit, account=opened.account)
    if order.top >= Rung.SHAPE:
        from console.services.run.own_rubric import role_order

        plan = replace(plan, role=role_order(profile), agent=order.agent)
    how = LadderPlan(
        top=order.top,
        plan=plan,
        connect_timeout_s=profile.gateway.connect_timeout_s,
        last_catalogue=memory.last(),
        crosses=order.crosses,
        counts=order.counts,
        is_read_only=order.is_read_only,
    )
    progress = None if order.of else output.Progress("rungs climbed", len(checks) * (order.top + 1), is_silent=False)
    try:
        async with aclosing(climb(checks, how, places=opened.places)) as events:
            async for event in events:
                folding.take(event)
                _tell_price(event, order)
                if progress is not None and isinstance(event, RungFinished):
                    progress.advance()
                if isinstance(event, CatalogueRead):
                    memory.keep(event.catalogue)
        if order.agent is not None:
            read = folding.state.catalogue
            known = None if read is None else read.catalogue
            held = {route.key for route in folding.state.proven if route.reached >= Rung.SMOKE}
            async with aclosing(
                climb_agent(checks, replace(plan, catalogue=known), held, places=opened.places)
            ) as events:
                async for event in events:
                    folding.take(event)
                    _tell_price(event, order)
    except asyncio.CancelledError:
        note_stopped(folding.state.requests, order.of)
        raise
    finally:
        if progress is not None:
            progress.end()
    if memory.problem:
        output.note(f"{order.of}catalogue changes are unknown: {memory.problem}")
    return await folding.end()


def _tell_price(event: CheckEvent, order: ClimbOrder) -> None:
    """Print what a call may cost, before it is made."""
    if order.as_json:
        return
    if isinstance(event, RungStarted) and event.rung.is_paid:
        output.note(f"{order.of}{event.key}: rung {int(event.rung)}, {event.price_before}")
    if isinstance(event, AgentStarted):
        output.note(f"{order.of}{', '.join(event.keys)}: the first call of {event.agent}, {event.price_before}")
