"""`check --against`: climb for two profiles in turns, and show what turned red."""

import argparse
import asyncio
from collections.abc import Sequence

from console.cli import output
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.gateway import opened_gateway
from console.cli.live.climb import ClimbOrder, climb_opened
from console.cli.live.sweep import Opened
from console.cli.outputs.outputs import Outputs
from console.cli.profile import NoRouteChosen, chosen_checks, chosen_profile, is_sweep
from console.cli.reports.code import code_of_route
from console.cli.reports.documents.check import CheckDocument
from console.cli.reports.documents.ci.against import CheckAgainstDocument
from console.cli.reports.route_table import findings_of_table
from console.domain.probes.event import RoutesChecked
from console.domain.probes.ladder import Rung
from console.domain.probes.proven_route import ProvenRoute
from console.domain.problem import Problem, ProblemKind
from console.domain.rehearsal import Change, RouteChange, rehearse
from console.domain.routes.contract import RouteCheck
from console.services.config.settings import Profile
from console.services.system.turns import Turns
from console.view.console_state import ConsoleState
from console.view.report.report import Report
from console.view.route_sign import standing_sign

Sides = tuple[tuple[Profile, tuple[RouteCheck, ...]], tuple[Profile, tuple[RouteCheck, ...]]]
_WORDS = {
    Change.TURNED_RED: "× turned red",
    Change.LOST: "× lost",
    Change.STILL_RED: "~ still red",
    Change.UNPROVEN: "~ not proven",
    Change.ADDED: "~ not compared",
    Change.TURNED_GREEN: "✓ turned green",
    Change.STILL_GREEN: "✓ still green",
}


def check_against(arguments: argparse.Namespace, top: Rung, outputs: Outputs) -> ExitCode:
    """Climb for the profile and for that of `--against`, and show what turned red.

    Raises:
        Problem: The options do not go together, or a gateway cannot be opened. Nothing was compared.

    """
    _refuse(arguments)
    second = argparse.Namespace(**vars(arguments) | {"profile": arguments.against})
    profiles = chosen_profile(arguments), chosen_profile(second)
    if profiles[0].name == profiles[1].name:
        raise Problem("--against names the profile itself; name another one", ProblemKind.USAGE)
    chosen = chosen_checks(arguments, profiles[0]), _checks_of_second(second, profiles[1])
    sides = _paired(profiles, chosen)
    if top is Rung.OFFLINE or not sides[0][1]:
        states = [ConsoleState(profile.name).apply(RoutesChecked(checks)) for profile, checks in sides]
    else:
        states = asyncio.run(_climb_both(arguments, top, sides))
    changes = rehearse(
        [*states[0].proven, *_unpaired(chosen[0], sides[0][1])],
        [*states[1].proven, *_unpaired(chosen[1], sides[1][1])],
        top,
    )
    code = _code_of(states, changes)

    def document() -> CheckAgainstDocument:
        first, other = (
            CheckDocument.of(profile, state, top, findings_of_table(arguments, profile))
            for profile, state in zip(profiles, states, strict=True)
        )
        return CheckAgainstDocument.of((first, other), changes, code)

    def report(code: ExitCode) -> Report:
        from console.cli.outputs.of_against import report_of_against
        from console.cli.outputs.of_routes import Ended

        facts = (("climbed to", f"rung {int(top)} {top.title}"), ("compared with", profiles[0].name))
        return report_of_against(Ended("check --against", code, document(), facts), profiles, changes)

    if arguments.json:
        output.write_document(document())
    else:
        _show(profiles, changes)
    return outputs.end(code, report)


def _refuse(arguments: argparse.Namespace) -> None:
    if is_sweep(arguments) or "," in arguments.against:
        raise Problem(
            "--against compares two profiles; name one with --profile and one with --against", ProblemKind.USAGE
        )
    for option, value in (("--agent", arguments.agent), ("--baseline", arguments.baseline)):
        if value is not None:
            raise Problem(f"{option} and --against exclude each other; give one of them", ProblemKind.USAGE)


def _checks_of_second(arguments: argparse.Namespace, profile: Profile) -> tuple[RouteCheck, ...]:
    """Return the checks of the chosen routes that the second profile has; those that it lacks are told as lost."""
    known = [key for key in arguments.route or () if profile.table.find(key) is not None]
    if arguments.route and not known and not arguments.role:
        return ()
    try:
        return chosen_checks(argparse.Namespace(**vars(arguments) | {"route": known or None}), profile)
    except NoRouteChosen:
        return ()


def _paired(profiles: tuple[Profile, Profile], chosen: tuple[tuple[RouteCheck, ...], tuple[RouteCheck, ...]]) -> Sides:
    """Return the routes that both profiles have, in the same order: no other one is called."""
    by_key = {check.route.key: check for check in chosen[1]}
    pairs = [(check, by_key[check.route.key]) for check in chosen[0] if check.route.key in by_key]
    return (profiles[0], tuple(one for one, _ in pairs)), (profiles[1], tuple(other for _, other in pairs))


def _unpaired(chosen: Sequence[RouteCheck], paired: Sequence[RouteCheck]) -> list[ProvenRoute]:
    return [ProvenRoute(check) for check in chosen if check not in paired]


async def _climb_both(arguments: argparse.Namespace, top: Rung, sides: Sides) -> list[ConsoleState]:
    order = ClimbOrder(
        top, arguments.cross, arguments.content, as_json=arguments.json, is_read_only=arguments.read_only
    )
    turns = Turns()

    async def climb(number: int, opened: Opened) -> ConsoleState:
        profile, checks = sides[number]
        try:
            return await climb_opened(profile, checks, order, opened)
        finally:
            await turns.finish(number)

    (first, _), (second, _) = sides
    async with opened_gateway(first) as one, opened_gateway(second) as other:
        if not arguments.json:
            output.note(
                f"checking {first.name} at {one[0]} and {second.name} at {other[0]} in turns, to rung {int(top)}"
            )
        tasks = [
            asyncio.create_task(climb(number, Opened(*opened, turns.side(number))))
            for number, opened in enumerate((one, other))
        ]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _code_of(states: Sequence[ConsoleState], changes: Sequence[RouteChange]) -> ExitCode:
    """Return 1 if something turned red. If nothing is green, nothing was compared: then why that is so."""
    if any(each.change.is_regression for each in changes):
        return ExitCode.FAILED
    if any(each.change.is_green for each in changes):
        return ExitCode.OK
    return most_actionable(code_of_route(route) for state in states for route in state.proven) or ExitCode.FAILED


def _show(profiles: tuple[Profile, Profile], changes: Sequence[RouteChange]) -> None:
    from console.cli.outputs.of_against import change_words

    rows = [("route", profiles[0].name, profiles[1].name, "change")]
    rows += [(str(each.key), _sign(each.before), _sign(each.after), _WORDS[each.change]) for each in changes]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    for each in changes:
        if each.change in (Change.STILL_GREEN, Change.UNPROVEN, Change.ADDED):
            continue
        output.write_line()
        output.write_line(f"{each.key}: {change_words(each)}")
        for change in each.assertions:
            was, now = (str(severity) if severity else "absent" for severity in (change.before, change.after))
            output.write_line(f"    {change.id}: {was}, then {now}: {change.finding.message}")
    red = sum(each.change.is_regression for each in changes)
    green = sum(each.change is Change.TURNED_GREEN for each in changes)
    compared = sum(each.change is not Change.ADDED for each in changes)
    output.note(f"{compared} route(s) compared: {red} turned red, {green} turned green")


def _sign(route: ProvenRoute | None) -> str:
    return "-" if route is None else str(standing_sign(route.standing))
