"""The set-up as one conversation: an address, a token, who has which role, a free check, and a profile in the config.

Both faces hold it. Nothing is written to the config before its last question is answered, and nothing that is sent
makes a gateway generate.
"""

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import date

from console.domain.probes.event import RungFinished
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.standing import Standing
from console.domain.routes.route import Route
from console.domain.setup.event import FreeChecked, ProfileWritten, Said, Working
from console.domain.setup.question import Choice, Question, Topic
from console.domain.text.safe import safe
from console.services.config.settings import Profile
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.smoke import SmokePlan
from console.services.setup.asking import asked
from console.services.setup.config_place import ConfigPlace, Placed, append
from console.services.setup.draft import Draft, section, whole_config
from console.services.setup.face import Face
from console.services.setup.gateway_steps import OTHER, UNCHECKED, ask_gateway, ask_name, ask_unreached, reach
from console.services.setup.plan import SetUpPlan
from console.services.setup.role_steps import ask_roles
from console.services.setup.token_steps import ask_token

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class SetUp:
    """How the conversation ended."""

    draft: Draft
    text: str
    """What was written, or would have been: the profile's tables, or a whole config if there was none."""
    routes: tuple[ProvenRoute, ...]
    """What the free check proved; empty if there was none."""
    holds: bool
    """Whether it held for all routes."""
    placed: Placed | None
    """None if nothing was written."""


async def set_up(face: Face, plan: SetUpPlan) -> SetUp:
    """Hold the conversation.

    Raises:
        ConfigError: The config with the profile could not be read. Nothing was written.
        Problem: A question cannot be answered, or a file cannot be written. The config is as it was.

    """
    address = await ask_gateway(face)
    while True:
        is_there, is_wanted = await reach(face, plan, address)
        if is_there or (what := await ask_unreached(face)) == UNCHECKED:
            break
        address = await ask_gateway(face) if what == OTHER else address
    draft = Draft(await ask_name(face, plan, address), address, auth=plan.auth_of(address), ca_file=plan.ca_file)
    async with AsyncExitStack() as stack:
        draft, opened = await ask_token(face, plan, draft, stack, is_there=is_there, is_wanted=is_wanted)
        draft, profile = await ask_roles(face, plan, draft, None if opened is None else opened.found)
        routes = () if opened is None else await _checked(face, plan, profile, opened.gateway)
    holds = bool(routes) and all(map(_holds, routes))
    draft = replace(draft, proven=_proven(routes, plan.today))
    if routes:
        await face.tell(FreeChecked(routes, holds))
    else:
        await face.tell(Said("NOT CHECKED: no route was tried, because the gateway was not reached.", is_warning=True))
    text = whole_config(draft, plan.today)
    if plan.place is None:
        return SetUp(draft, text, routes, holds, None)
    text = text if plan.place.is_empty else section(draft, plan.today)
    if not await _is_agreed(face, draft, plan.place, was_checked=bool(routes), holds=holds):
        await face.tell(Said("Nothing was written to the config.", is_warning=True))
        return SetUp(draft, text, routes, holds, None)
    placed = await write(plan, draft, plan.place, profile)
    await tell_written(face, placed, draft.name, is_checked=holds)
    return SetUp(draft, text, routes, holds, placed)


async def _checked(face: Face, plan: SetUpPlan, profile: Profile, gateway: Gateway) -> tuple[ProvenRoute, ...]:
    """Climb the free rungs for all routes."""
    await face.tell(Working("the free check, to rung 3: connection, catalogue, key and path of each route"))
    checks = profile.check(plan.today, plan.environment)
    smoke = SmokePlan(gateway, Reservations(profile.budget()), profile.gateway.smoke_max_output_tokens)
    how = LadderPlan(Rung.KEY, smoke, profile.gateway.connect_timeout_s)
    routes = {check.route.key: ProvenRoute(check) for check in checks}
    async with aclosing(climb(checks, how, places=asyncio.Semaphore(profile.gateway.concurrency))) as events:
        async for event in events:
            if isinstance(event, RungFinished):
                routes[event.key] = routes[event.key].apply(event)
    return tuple(routes.values())


def _holds(route: ProvenRoute) -> bool:
    """Return whether a route holds on all free rungs, as `check` has it, and nothing speaks against it."""
    is_sound = not route.standing.is_trouble or route.standing is Standing.CONDITIONAL
    return is_sound and route.reached >= Rung.KEY


def _proven(routes: tuple[ProvenRoute, ...], today: date) -> str:
    if not routes:
        return "UNCHECKED: the gateway was not reached when this was written. Run gateway-console check"
    proven = sum(_holds(route) and route.is_key_proven for route in routes)
    rest = "; nothing speaks against the others" if proven < len(routes) and all(map(_holds, routes)) else ""
    return f"Free check on {today}: {proven} of {len(routes)} routes proven to rung 3, key and path{rest}"


async def _is_agreed(face: Face, draft: Draft, place: ConfigPlace, *, was_checked: bool, holds: bool) -> bool:
    """Ask whether the profile is to be written."""
    doubt = "" if holds else "The free check does not hold for all routes. " if was_checked else "It is UNCHECKED. "
    kept = "" if place.before is None else "; what is there stays, and a backup is kept"
    question = Question(
        Topic.WRITE,
        f"{doubt}Write profile {draft.name} to {safe(str(place.path))}{kept}?",
        (Choice(YES, "write it"), Choice(NO, "leave without writing")),
        YES if holds else NO,
        is_open=False,
        option="--yes" if holds else "--unchecked",
    )
    return await asked(face, question, str) == YES


async def write(plan: SetUpPlan, draft: Draft, place: ConfigPlace, profile: Profile) -> Placed:
    """Write a profile into its config. Raises what `append` raises."""

    def is_meant(read: Profile) -> bool:
        return read.gateway == profile.gateway and _routes(read) == _routes(profile)

    today = plan.today
    return await asyncio.to_thread(
        append,
        place,
        draft.name,
        section(draft, today),
        whole_config(draft, today),
        makes_default=plan.makes_default,
        environment=plan.environment,
        is_meant=is_meant,
    )


def _routes(profile: Profile) -> list[Route]:
    """Return a profile's routes, wherever they are written."""
    return [replace(route, config_line=None) for route in profile.table]


async def tell_written(face: Face, placed: Placed, name: str, *, is_checked: bool) -> None:
    """Say where a profile was written, what is kept, and what else is wrong with the file."""
    path = safe(str(placed.path))
    event = ProfileWritten(
        path=path,
        backup="" if placed.backup is None else safe(str(placed.backup)),
        profile=name,
        is_default=placed.default == name,
        default=safe(placed.default, limit=60),
        is_checked=is_checked,
    )
    await face.tell(event)
    if placed.broken:
        names = safe(", ".join(placed.broken), limit=200)
        words = f"{path} has faults in {names}, which stop every command that uses one profile of it"
        await face.tell(Said(f"{words}. See them with: gateway-console routes --all-profiles", is_warning=True))
