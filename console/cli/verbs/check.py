"""`check`: contract checks up the probe ladder, each rung with its price and its proof."""

import argparse
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode, code_of_category, code_of_check, most_actionable
from console.cli.profile import chosen_profile
from console.cli.reports.check import check_document, show_check
from console.cli.verbs.smoke import chosen_checks
from console.domain.finding import Severity
from console.domain.probes.assertion import assertions
from console.domain.probes.event import CatalogueRead, RoutesChecked, RungStarted
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import RouteCheck
from console.domain.routes.role import Role
from console.domain.tokens.state import TokenState
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.services.config.settings import Profile
    from console.services.gateway.client import Gateway


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser("check", help="prove each route's contract up the probe ladder", allow_abbrev=False)
    parser.add_argument(
        "--level",
        type=int,
        choices=[int(rung) for rung in Rung],
        default=int(Rung.KEY),
        metavar="0..5",
        help="how far to climb: 0 offline, 1 connection, 2 catalogue, 3 key and path (default),"
        " 4 one streamed call, 5 one call in the role's shape; 4 and 5 may cost",
    )
    parser.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        metavar="ROLE",
        help="only this role's route; may be repeated",
    )
    parser.add_argument(
        "--cross",
        action="store_true",
        help="also make the cross checks after rung 4: a whole answer beside the streamed one, and calls that have"
        " to be refused; they may cost",
    )
    parser.add_argument("--list", action="store_true", help="list every assertion that is judged, and leave")
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Climb the ladder and show what each rung proved."""
    import asyncio

    from console.services.config.toml_text import ConfigError

    if arguments.list:
        return _list_assertions(as_json=arguments.json)
    top = Rung(arguments.level)
    if arguments.read_only and top > Rung.CATALOGUE:
        output.complain(f"--read-only: rung {int(top)} sends calls that may cost; nothing was sent. Next: --level 2")
        return ExitCode.REFUSED
    try:
        profile = chosen_profile(arguments)
        checks = chosen_checks(profile, arguments.role)
        if top is Rung.OFFLINE:
            state = ConsoleState(profile.name).apply(RoutesChecked(checks))
            return _finish(profile, state, as_json=arguments.json, top=top)
        if arguments.cross and top < Rung.SMOKE:
            output.complain("--cross needs a streamed test before it: add --level 4 or 5")
            return ExitCode.USAGE
        order = _CheckOrder(top, arguments.cross, as_json=arguments.json, is_read_only=arguments.read_only)
        return asyncio.run(_check_profile(profile, checks, order))
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG


@dataclass(frozen=True, slots=True)
class _CheckOrder:
    """What was asked for on the command line."""

    top: Rung
    crosses: bool
    as_json: bool
    is_read_only: bool


async def _check_profile(profile: "Profile", checks: tuple[RouteCheck, ...], order: _CheckOrder) -> ExitCode:
    from console.services.open_gateway import TargetError, open_target
    from console.simulator.embedded import SimulatorError

    try:
        context = current()
        async with open_target(profile, context.embedded_gateway, environment=context.environment) as target:
            if target.token.state is not TokenState.FOUND or target.gateway is None:
                output.complain(target.token.advice)
                return ExitCode.TOKEN
            if not order.as_json:
                what = f"{len(checks)} route(s) of {profile.name} at {target.opened.origin}"
                output.note(f"checking {what}, to rung {int(order.top)}")
            state = await _climb(profile, checks, target.gateway, order)
    except SimulatorError as error:
        output.complain(str(error))
        return ExitCode.UNREACHABLE
    except TargetError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    return _finish(profile, state, as_json=order.as_json, top=order.top)


async def _climb(
    profile: "Profile", checks: tuple[RouteCheck, ...], gateway: "Gateway", order: _CheckOrder
) -> ConsoleState:
    """Fold the ladder's events, and tell prices before they are spent."""
    import asyncio

    from console.services.gateway.reservations import Reservations
    from console.services.probes.ladder import LadderPlan, climb
    from console.services.probes.last_catalogue import CatalogueMemory
    from console.services.probes.smoke import SmokePlan

    state = ConsoleState(profile.name).apply(RoutesChecked(checks))
    is_kept = not profile.is_built_in and not order.is_read_only
    memory = CatalogueMemory(profile.name, current().environment, is_kept=is_kept)
    how = LadderPlan(
        top=order.top,
        plan=SmokePlan(gateway, Reservations(profile.budget()), profile.gateway.smoke_max_output_tokens),
        connect_timeout_s=profile.gateway.connect_timeout_s,
        last_catalogue=memory.last(),
        crosses=order.crosses,
        is_read_only=order.is_read_only,
    )
    places = asyncio.Semaphore(profile.gateway.concurrency)
    try:
        async with aclosing(climb(checks, how, places=places)) as events:
            async for event in events:
                state = state.apply(event)
                if isinstance(event, RungStarted) and event.rung.is_paid and not order.as_json:
                    output.note(f"{event.role}: rung {int(event.rung)}, {event.price_before}")
                if isinstance(event, CatalogueRead):
                    memory.keep(event.catalogue)
    except asyncio.CancelledError:
        sent = [call.role.value for call in state.requests.calls if call.is_live and call.is_sent]
        if sent:
            output.note(f"stopped: {', '.join(sent)} had been sent, may be billed, and have an unknown outcome")
        raise
    if memory.problem:
        output.note(f"what changed in the catalogue is not known: {memory.problem}")
    return state


def _finish(profile: "Profile", state: ConsoleState, *, as_json: bool, top: Rung) -> ExitCode:
    if as_json:
        output.write_document(check_document(profile, state, top))
    else:
        show_check(state)
    return most_actionable(_code_of(route) for route in state.proven)


def _code_of(route: ProvenRoute) -> ExitCode:
    codes = [code_of_check(route.check)]
    for result in route.rungs:
        if result.classification is not None:
            codes.append(code_of_category(result.classification))
        elif result.status in (RungStatus.FAILED, RungStatus.BLOCKED):
            codes.append(ExitCode.FAILED)
        if any(finding.severity is Severity.FAIL for finding in result.findings) and result.rung is not Rung.OFFLINE:
            codes.append(ExitCode.FAILED)
    return most_actionable(codes)


def _list_assertions(*, as_json: bool) -> ExitCode:
    rows = assertions()
    if as_json:
        listed = [
            {
                "id": row.id,
                "severity": row.severity.value,
                "level": row.level,
                "judged_by": row.judged_by.value,
                "meaning": row.meaning,
                "source": row.source,
                "checked_on": row.checked_on,
            }
            for row in rows
        ]
        output.write_document({"schema": "gateway-console/assertions/v1", "assertions": listed})
        return ExitCode.OK
    widths = output.column_widths([(row.id, row.severity.value, f"rung {row.level}") for row in rows])
    for row in rows:
        cells: Sequence[str] = (row.id, row.severity.value, f"rung {row.level}", f"{row.meaning}  [{row.source}]")
        output.write_line(output.table_line(cells, (*widths, 0)))
    return ExitCode.OK
