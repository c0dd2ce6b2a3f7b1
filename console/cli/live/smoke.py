"""Live smoke tests of routes; each result is printed as it arrives."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.gateway import opened_gateway
from console.cli.live.folding import Folding
from console.cli.live.sweep import Opened
from console.cli.reports.code import code_of_result
from console.cli.reports.smoke import show_result
from console.cli.reports.stopped import note_stopped
from console.cli.reports.streak import show_streak
from console.cli.reports.untested import show_untested
from console.domain.money import estimate
from console.domain.probes.event import SmokeFinished
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck
from console.domain.routes.shape import Shape
from console.services.gateway.reservations import Reservations
from console.services.probes.request import AgentOrder
from console.services.probes.smoke import SmokePlan, smoke
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.cli.reports.documents.smoke import SmokedDocument
    from console.services.config.settings import Profile


@dataclass(frozen=True, slots=True)
class SmokeOrder:
    """How to smoke the routes, from the command line."""

    shape: Shape = Shape.TEXT
    repeat: int = 1
    concurrency: int | None = None
    """The most calls in flight; None means the profile's setting."""
    as_json: bool = False
    agent: AgentOrder | None = None
    """Whose call to send in an agent's shape."""
    options: str | None = None
    """The options that select the same profile again, each after a space; None if no command can."""
    of: str = ""
    """What precedes notes: the profile of a sweep."""


@dataclass(frozen=True, slots=True)
class Smoked:
    """The results of smoking a profile's routes."""

    origin: str
    results: tuple[SmokeResult, ...]
    loop_lag_p99_ms: float
    state: ConsoleState
    """Everything that is known after the tests."""
    said: tuple[str, ...] = ()
    """The gateway's own words on each result, for display only; empty where it refused nothing."""

    @property
    def routes(self) -> tuple[ProvenRoute, ...]:
        """What is known of each route after the tests."""
        return self.state.proven

    @property
    def code(self) -> ExitCode:
        """The exit code of all results."""
        return most_actionable(code_of_result(result) for result in self.results)

    def document(self, profile: "Profile") -> "SmokedDocument":
        """Return the results as the JSON documents name them."""
        from console.cli.reports.documents.smoke import SmokedDocument

        return SmokedDocument.of(profile, self.origin, self.results, self.loop_lag_p99_ms, self.state)


async def smoke_gateway(profile: "Profile", checks: tuple[RouteCheck, ...], how: SmokeOrder) -> Smoked:
    """Open the profile's gateway and smoke the routes. Raises what `opened_gateway` raises."""
    async with opened_gateway(profile) as (origin, gateway):
        if not how.as_json:
            shape = how.shape.value if how.agent is None else f"{how.shape} of {how.agent.agent.title}"
            output.note(f"smoking {len(checks)} route(s) of profile {profile.name} at {origin}, shape {shape}")
        places = asyncio.Semaphore(how.concurrency or profile.gateway.concurrency)
        state, results = await _smoke_routes(profile, checks, how, Opened(origin, gateway, places))
    smoked = Smoked(origin, tuple(each for each, _ in results), state.loop_lag_p99_ms or 0.0, state)
    if not how.as_json:
        _show_streaks(state)
        show_untested(state.proven, how.options)
        passed = sum(result.status is SmokeStatus.PASSED for result in smoked.results)
        output.note(
            f"{passed} of {len(smoked.results)} passed; this console's own loop lag p99 {smoked.loop_lag_p99_ms:.1f} ms"
        )
    return smoked


async def smoke_opened(profile: "Profile", checks: tuple[RouteCheck, ...], how: SmokeOrder, opened: Opened) -> Smoked:
    """Smoke a profile's routes as part of a sweep; only prices are printed until they have ended."""
    state, results = await _smoke_routes(profile, checks, replace(how, of=f"{profile.name}: "), opened)
    lag_ms = state.loop_lag_p99_ms or 0.0
    return Smoked(opened.origin, tuple(each for each, _ in results), lag_ms, state, tuple(s for _, s in results))


def show_smoked(smoked: Smoked, options: str) -> None:
    """Write the results of a profile in a sweep.

    Args:
        smoked: The results.
        options: The options that select the same profile again, each after a space.

    """
    widths = _widths([route.check for route in smoked.routes])
    for result, said in zip(smoked.results, smoked.said, strict=True):
        _show(result, said, widths)
    _show_streaks(smoked.state)
    show_untested(smoked.routes, options)


async def _smoke_routes(
    profile: "Profile", checks: tuple[RouteCheck, ...], how: SmokeOrder, opened: Opened
) -> tuple[ConsoleState, list[tuple[SmokeResult, str]]]:
    """Fold a smoke test's events; return the results, with what the gateway said of each.

    Each is written as it arrives, but not in a sweep, where the profiles' lines would mix.
    """
    folding = Folding(profile, checks, opened.origin)
    results: list[tuple[SmokeResult, str]] = []
    widths = _widths(checks)
    limit = profile.gateway.smoke_max_output_tokens
    plan = SmokePlan(opened.gateway, Reservations(profile.budget()), limit, agent=how.agent, account=opened.account)
    if how.shape is Shape.ROLE:
        from console.services.run.own_rubric import role_order

        plan = replace(plan, role=role_order(profile))
    if how.agent is not None and not how.as_json:
        _tell_agent(checks, plan, how.agent, how.of)
    progress = None
    if not how.of:
        progress = output.Progress("calls done", len(checks) * how.repeat, is_silent=not how.as_json)
    try:
        for _ in range(how.repeat):
            async with aclosing(smoke(checks, plan, places=opened.places, shape=how.shape)) as events:
                async for event in events:
                    folding.take(event)
                    if not isinstance(event, SmokeFinished):
                        continue
                    results.append((event.result, folding.state.smoke(event.result.key).said))
                    if progress is not None:
                        progress.advance()
                    if not how.as_json and not how.of:
                        _show(*results[-1], widths)
            checks = tuple(each for each in checks if not _stops(folding.state, each))
            if not checks:
                break
    except asyncio.CancelledError:
        note_stopped(folding.state.requests, how.of)
        raise
    finally:
        if progress is not None:
            progress.end()
    state = await folding.end()
    return state, _in_order(results, state)


def _show(result: SmokeResult, said: str, widths: Sequence[int]) -> None:
    show_result(result, widths)
    if said:
        output.note(f'    the gateway said, not stored: "{said}"')


def _show_streaks(state: ConsoleState) -> None:
    for route in state.proven:
        show_streak(state, route, is_named=True)


def _tell_agent(checks: Sequence[RouteCheck], plan: SmokePlan, order: AgentOrder, of: str) -> None:
    """Print what the calls in an agent's shape may take, before they are made."""
    for check in checks:
        request = plan.request(check.route, Shape.AGENT)
        cost = estimate(len(request.body), request.max_output_tokens, plan.price_of(check.route))
        output.note(f"{of}{check.route.key}: the first call of {order.agent.title}, {cost}")
    if order.agent.not_known:
        output.note(f"{of}not known of {order.agent.title}, and so not tried: {order.agent.not_known}")


def _in_order(results: list[tuple[SmokeResult, str]], state: ConsoleState) -> list[tuple[SmokeResult, str]]:
    order = {route.key: position for position, route in enumerate(state.proven)}
    return sorted(results, key=lambda each: order[each[0].key])


def _stops(state: ConsoleState, check: RouteCheck) -> bool:
    """Return whether a route's newest test ended in an error that a retry cannot fix."""
    result = state.smoke(check.route.key).result
    return result is not None and result.classification is not None and result.classification.stops


def _widths(checks: Sequence[RouteCheck]) -> list[int]:
    blank = [("! account", each.route.key, each.route.model, each.route.endpoint_family) for each in checks]
    return output.column_widths(blank)
