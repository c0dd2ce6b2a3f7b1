"""`check`: contract checks up the probe ladder; each rung has a price and a proof."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.profile import chosen_checks, chosen_profile
from console.cli.reports.check import show_check
from console.cli.reports.code import code_of_category
from console.cli.reports.routes import code_of_check
from console.domain.finding import Severity
from console.domain.probes.assertion import assertions
from console.domain.probes.event import RoutesChecked
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.role import Role
from console.view.console_state import ConsoleState

if TYPE_CHECKING:
    from console.services.config.settings import Profile


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
        help="also make the cross checks after rung 4: an unstreamed answer to compare, and calls that must be"
        " refused; they may cost money",
    )
    parser.add_argument(
        "--content",
        action="store_true",
        help="also ask for a known count after rung 4, to find answers that a gateway cuts and says are complete;"
        " one more call, which may cost money",
    )
    parser.add_argument("--list", action="store_true", help="list every assertion and exit")


def _rung(text: str) -> int:
    if text in [str(int(rung)) for rung in Rung]:
        return int(text)
    raise argparse.ArgumentTypeError(f"wants a rung from 0 to {max(Rung):d}")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Climb the ladder and show what each rung proved."""
    if arguments.list:
        return _list_assertions(as_json=arguments.json)
    top = Rung(arguments.level)
    if arguments.read_only and top > Rung.CATALOGUE:
        raise Problem(
            f"--read-only: rung {int(top)} sends calls that may cost money; nothing was sent. Next: --level 2",
            ProblemKind.REFUSED,
        )
    profile = chosen_profile(arguments)
    checks = chosen_checks(profile, arguments.role)
    if top is Rung.OFFLINE:
        state = ConsoleState(profile.name).apply(RoutesChecked(checks))
        return _finish(profile, state, as_json=arguments.json, top=top)
    if arguments.cross and top < Rung.SMOKE:
        raise Problem("--cross needs the streamed call of rung 4: add --level 4 or 5", ProblemKind.USAGE)
    if arguments.content and top < Rung.SMOKE:
        raise Problem("--content needs the streamed call of rung 4: add --level 4 or 5", ProblemKind.USAGE)
    from console.cli.live.climb import ClimbOrder, climb_gateway

    order = ClimbOrder(
        top, arguments.cross, arguments.content, as_json=arguments.json, is_read_only=arguments.read_only
    )
    state = asyncio.run(climb_gateway(profile, checks, order))
    return _finish(profile, state, as_json=arguments.json, top=top)


def _finish(profile: "Profile", state: ConsoleState, *, as_json: bool, top: Rung) -> ExitCode:
    if as_json:
        from console.cli.reports.documents.check import CheckDocument

        output.write_document(CheckDocument.of(profile, state, top))
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
        from console.cli.reports.documents.assertions import AssertionsDocument

        output.write_document(AssertionsDocument.of(rows))
        return ExitCode.OK
    widths = output.column_widths([(row.id, row.severity.value, f"rung {row.level}") for row in rows])
    for row in rows:
        cells: Sequence[str] = (row.id, row.severity.value, f"rung {row.level}", f"{row.meaning}  [{row.source}]")
        output.write_line(output.table_line(cells, (*widths, 0)))
    return ExitCode.OK
