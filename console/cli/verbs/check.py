"""`check`: contract checks up the probe ladder; each rung has a price and a proof."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.agent_option import add_agent_arguments, chosen_agent
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.profile import chosen_checks, chosen_profile, same_profile
from console.cli.reports.agent import show_agents
from console.cli.reports.check import show_check
from console.cli.reports.code import code_of_category, code_of_route
from console.cli.route_options import add_route_arguments
from console.domain.finding import Severity
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.assertion import Assertion, JudgedBy, assertions
from console.domain.probes.event import RoutesChecked
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.problem import Problem, ProblemKind
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
    add_route_arguments(parser)
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
    if arguments.agent is not None and top < Rung.SHAPE:
        raise Problem("--agent needs the rungs below its call: add --level 5", ProblemKind.USAGE)
    profile = chosen_profile(arguments)
    checks = chosen_checks(profile, arguments.role, arguments.route)
    if top is Rung.OFFLINE:
        state = ConsoleState(profile.name).apply(RoutesChecked(checks))
        return _finish(arguments, profile, state, top)
    if arguments.cross and top < Rung.SMOKE:
        raise Problem("--cross needs the streamed call of rung 4: add --level 4 or 5", ProblemKind.USAGE)
    if arguments.content and top < Rung.SMOKE:
        raise Problem("--content needs the streamed call of rung 4: add --level 4 or 5", ProblemKind.USAGE)
    from console.cli.live.climb import ClimbOrder, climb_gateway

    agent = chosen_agent(arguments, checks)
    order = ClimbOrder(
        top,
        arguments.cross,
        arguments.content,
        as_json=arguments.json,
        is_read_only=arguments.read_only,
        agent=agent,
    )
    state = asyncio.run(climb_gateway(profile, checks, order))
    return _finish(arguments, profile, state, top)


def _finish(arguments: argparse.Namespace, profile: "Profile", state: ConsoleState, top: Rung) -> ExitCode:
    if arguments.json:
        from console.cli.reports.documents.check import CheckDocument

        output.write_document(CheckDocument.of(profile, state, top))
    else:
        show_check(state, same_profile(arguments))
        show_agents(state.agents)
    return most_actionable((*map(code_of_route, state.proven), *map(_code_of_agent, state.agents)))


def _code_of_agent(result: AgentResult) -> ExitCode:
    if result.classification is not None:
        return code_of_category(result.classification)
    is_broken = any(finding.severity is Severity.FAIL for finding in result.findings)
    return ExitCode.FAILED if is_broken or result.status is RungStatus.FAILED else ExitCode.OK


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
