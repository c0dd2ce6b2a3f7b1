"""`check`: contract checks up the probe ladder; each rung has a price and a proof."""

import argparse
import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.agent_option import add_agent_arguments, chosen_agent
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
from console.cli.profile import (
    add_sweep_argument,
    chosen_checks,
    chosen_profile,
    is_sweep,
    same_profile,
    swept_profiles,
)
from console.cli.reports.agent import show_agents
from console.cli.reports.check import show_check
from console.cli.reports.code import code_of_agent, code_of_route
from console.cli.reports.route_table import findings_of_table, show_table_findings
from console.cli.route_options import add_route_arguments
from console.domain.probes.assertion import Assertion, JudgedBy, assertions
from console.domain.probes.event import RoutesChecked
from console.domain.probes.ladder import Rung
from console.domain.problem import Problem, ProblemKind
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.cli.live.climb import ClimbOrder
    from console.cli.live.sweep import Opened
    from console.cli.reports.documents.check import CheckDocument
    from console.cli.reports.documents.sweep import CheckSweepDocument
    from console.cli.sweep import Swept
    from console.domain.routes.contract import RouteCheck
    from console.services.config.load import BrokenProfile
    from console.services.config.settings import Profile
    from console.view.report.report import Report, Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--level",
        type=_rung,
        default=int(Rung.KEY),
        metavar="0..5",
        help="how far to climb: 0 offline, 1 connection, 2 catalogue, 3 key and path (default),"
        " 4 one streamed call, 5 one call in the role's shape; 4 and 5 may cost money",
    )
    add_route_arguments(parser)
    add_sweep_argument(parser)
    parser.add_argument(
        "--cross",
        action="store_true",
        help="also make the cross checks after rung 4: an unstreamed answer to compare, and calls that must be"
        " refused; they may cost money",
    )
    parser.add_argument(
        "--content",
        action="store_true",
        help="also ask for a known count after rung 4, to find answers that a gateway cuts and says are complete;"
        " one more call, which may cost money",
    )
    add_agent_arguments(parser, "also make the first call of this agent after rung 5, in its shape and size; it costs")
    parser.add_argument(
        "--against",
        metavar="PROFILE",
        help="climb for this profile too, its routes in turn with the first one's, and show which turned red",
    )
    add_baseline_arguments(parser)
    parser.add_argument("--list", action="store_true", help="list every assertion and exit")


def _rung(text: str) -> int:
    if text in [str(int(rung)) for rung in Rung]:
        return int(text)
    raise argparse.ArgumentTypeError(f"wants a rung from 0 to {max(Rung):d}")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Climb the ladder and show what each rung proved."""
    if arguments.list:
        if arguments.outputs or arguments.baseline or arguments.against:
            raise Problem("--list checks nothing; omit --output, --baseline and --against", ProblemKind.USAGE)
        return _list_assertions(as_json=arguments.json)
    return reported(arguments, "check", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    top = Rung(arguments.level)
    if arguments.read_only and top > Rung.CATALOGUE:
        raise Problem(
            f"--read-only: rung {int(top)} sends calls that may cost money; nothing was sent. Next: --level 2",
            ProblemKind.REFUSED,
        )
    if arguments.agent is not None and top < Rung.SHAPE:
        raise Problem("--agent needs the rungs below its call: add --level 5", ProblemKind.USAGE)
    if top < Rung.SMOKE and top is not Rung.OFFLINE:
        _refuse_paid_extras(arguments)
    if arguments.against is not None:
        from console.cli.live.against import check_against

        return check_against(arguments, top, outputs)
    if is_sweep(arguments):
        return _sweep(arguments, top, outputs)
    profile = chosen_profile(arguments)
    checks = chosen_checks(arguments, profile)
    if top is Rung.OFFLINE:
        return _finish(arguments, profile, _offline(profile, checks), top, outputs)
    from console.cli.live.climb import climb_gateway

    state = asyncio.run(climb_gateway(profile, checks, _order(arguments, top, checks)))
    return _finish(arguments, profile, state, top, outputs)


def _refuse_paid_extras(arguments: argparse.Namespace) -> None:
    for option in ("cross", "content"):
        if getattr(arguments, option):
            raise Problem(f"--{option} needs the streamed call of rung 4: add --level 4 or 5", ProblemKind.USAGE)


def _offline(profile: "Profile", checks: "tuple[RouteCheck, ...]") -> ConsoleState:
    return ConsoleState(profile.name).apply(RoutesChecked(checks))


def _order(arguments: argparse.Namespace, top: Rung, checks: "tuple[RouteCheck, ...]") -> "ClimbOrder":
    """Return how to climb. Raises `NoRouteChosen` if the agent speaks no family of the routes."""
    from console.cli.live.climb import ClimbOrder

    return ClimbOrder(
        top,
        arguments.cross,
        arguments.content,
        as_json=arguments.json,
        is_read_only=arguments.read_only,
        agent=chosen_agent(arguments, checks),
    )


def _finish(
    arguments: argparse.Namespace, profile: "Profile", state: ConsoleState, top: Rung, outputs: Outputs
) -> ExitCode:
    def document() -> "CheckDocument":
        from console.cli.reports.documents.check import CheckDocument

        return CheckDocument.of(profile, state, top, findings_of_table(arguments, profile))

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_routes

        return report_of_routes(
            Ended("check", code, document(), _at(top)), [profile], _results(arguments, top, profile, state)
        )

    if arguments.json:
        output.write_document(document())
    else:
        show_check(state, same_profile(arguments))
        show_table_findings(arguments, profile)
        show_agents(state.agents)
    return outputs.end(_code_of(state), report)


def _results(arguments: argparse.Namespace, top: Rung, profile: "Profile", state: ConsoleState) -> "tuple[Result, ...]":
    from console.cli.outputs.of_routes import check_results

    return check_results(profile, state.proven, state.agents, top, findings_of_table(arguments, profile))


def _at(top: Rung) -> tuple[tuple[str, str], ...]:
    return (("climbed to", f"rung {int(top)} {top.title}"),)


def _code_of(state: ConsoleState) -> ExitCode:
    return most_actionable((*map(code_of_route, state.proven), *map(code_of_agent, state.agents)))


def _sweep(arguments: argparse.Namespace, top: Rung, outputs: Outputs) -> ExitCode:
    """Climb the ladder for the routes of several profiles."""
    from console.cli.reports.routes import route_sums
    from console.cli.reports.sweep import counted, show_heading, show_problem, sum_up
    from console.cli.sweep import code_of_sweep, codes_of, sweep_offline

    def tell(each: "Swept[ConsoleState]") -> None:
        if arguments.json:
            return
        show_problem(each)
        if each.done is not None:
            show_heading(each.name, f"rung {int(top)}")
            show_check(each.done, same_profile(arguments, each.name))
            if each.profile is not None:
                show_table_findings(arguments, each.profile)
            show_agents(each.done.agents)
            output.write_line()

    profiles = swept_profiles(arguments)
    if top is Rung.OFFLINE:
        swept = sweep_offline(profiles, lambda profile: _offline(profile, chosen_checks(arguments, profile)))
        for each in swept:
            tell(each)
    else:
        if not arguments.json:
            output.note(f"checking the routes of {counted(len(profiles), 'profile')}, to rung {int(top)}")
        swept = asyncio.run(_climb_all(arguments, profiles, top, tell))
    codes = codes_of(swept, _code_of)
    code = code_of_sweep(swept, codes)

    def document() -> "CheckSweepDocument":
        from console.cli.reports.documents.check import CheckDocument
        from console.cli.reports.documents.sweep import CheckSweepDocument, documents_of

        documents = documents_of(
            swept,
            codes,
            lambda profile, done: CheckDocument.of(profile, done, top, findings_of_table(arguments, profile)),
        )
        return CheckSweepDocument(exit_code=int(code), profiles=documents)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_routes import Ended, report_of_sweep

        results_of = partial(_results, arguments, top)
        return report_of_sweep(Ended("check", code, document(), _at(top)), swept, codes, results_of)

    if arguments.json:
        output.write_document(document())
    else:
        done = [each.done for each in swept if each.done is not None]
        sum_up(swept, code, route_sums([route for each in done for route in each.proven]))
    return outputs.end(code, report)


async def _climb_all(
    arguments: argparse.Namespace,
    profiles: "Sequence[Profile | BrokenProfile]",
    top: Rung,
    tell: "Callable[[Swept[ConsoleState]], None]",
) -> "list[Swept[ConsoleState]]":
    """Climb above rung 0 for the routes of several profiles."""
    from console.cli.live.climb import climb_opened
    from console.cli.live.sweep import sweep

    async def work(profile: "Profile", opened: "Opened") -> ConsoleState:
        checks = chosen_checks(arguments, profile)
        return await climb_opened(profile, checks, _order(arguments, top, checks), opened)

    return await sweep(profiles, work, told=tell)


def _list_assertions(*, as_json: bool) -> ExitCode:
    rows = assertions()
    if as_json:
        from console.cli.reports.documents.assertions import AssertionsDocument

        output.write_document(AssertionsDocument.of(rows))
        return ExitCode.OK
    heads = [(row.id, row.severity.value, _judged_at(row)) for row in rows]
    widths = output.column_widths(heads)
    for row, head in zip(rows, heads, strict=True):
        cells: Sequence[str] = (*head, f"{row.meaning}  [{row.source}]")
        output.write_line(output.table_line(cells, (*widths, 0)))
    return ExitCode.OK


def _judged_at(row: Assertion) -> str:
    return "not tested" if row.judged_by is JudgedBy.NOT_TESTED else f"rung {row.level}"
