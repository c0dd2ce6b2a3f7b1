"""`fleet`: the newest state of many profiles, and `fleet check`, which looks at all of them again."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.option_values import count_to
from console.cli.outputs.options import add_output_argument
from console.cli.outputs.outputs import Outputs, reported
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cli.reports.fleet import ShownFleet
    from console.domain.fleet.filter import Filter
    from console.domain.fleet.row import FleetRow
    from console.domain.fleet.state import ProfileLook
    from console.view.report.report import Report

_ORDERS = ("verdict", "age", "cost", "retirement", "name")
_MOST_LIMIT = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "kind",
        nargs="?",
        choices=("show", "check"),
        default="show",
        help="show what is known (default), or check: look at every profile again, then show it",
    )
    parser.add_argument(
        "--sort", choices=_ORDERS, default="verdict", metavar="BY", help=f"by {', '.join(_ORDERS)} (default: verdict)"
    )
    parser.add_argument(
        "--where",
        default="",
        metavar="FILTER",
        help="only some profiles: words of the name, the gateway or the reason; verdict:down, name:eu-*, model:gpt-*,"
        " category:account_quota, age>1d, cost>5, retires<30d, red; ! before a term turns it round",
    )
    parser.add_argument(
        "--limit", type=count_to(_MOST_LIMIT), metavar="N", help="show the first N; the sums are of all"
    )
    parser.add_argument(
        "--level", type=count_to(5), default=3, metavar="1..5",
        help="with check: how far to climb; 1 connection, 2 catalogue, 3 key and path (default); 4 and 5 may cost",
    )  # fmt: skip
    parser.add_argument(
        "--per-origin", type=count_to(64), metavar="N",
        help="with check: the most calls in flight to one gateway (default: the lowest `concurrency` of its profiles,"
        " at most 4)",
    )  # fmt: skip
    parser.add_argument(
        "--parallel", type=count_to(256), default=32, metavar="N",
        help="with check: the most calls in flight to all gateways together (default: 32)",
    )  # fmt: skip
    add_output_argument(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Show the fleet, after a sweep if one is asked for. Raises any kind of `Problem`."""
    return reported(arguments, "fleet", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    from console.cli.fleet.reading import fleet_now, fleet_profiles
    from console.cli.reports.fleet import ShownFleet
    from console.domain.fleet.order import Order, ordered

    wanted = _filter(arguments.where)
    profiles = fleet_profiles(arguments)
    looks: tuple[ProfileLook, ...] = ()
    if arguments.kind == "check":
        from console.cli.fleet.checking import check_fleet

        looks = check_fleet(arguments, profiles, wanted)
    fleet, source = fleet_now(profiles, looks)
    rows = ordered((row for row in fleet.rows if wanted.takes(row, fleet.now_ms)), Order(arguments.sort))
    return _show(arguments, ShownFleet.of(fleet, rows, source), outputs)


def _filter(text: str) -> "Filter":
    from console.domain.fleet.filter import FilterError, parse_filter

    try:
        return parse_filter(text)
    except FilterError as error:
        raise Problem(f"--where: {error}", ProblemKind.USAGE) from None


def _show(arguments: argparse.Namespace, asked: "ShownFleet", outputs: Outputs) -> ExitCode:
    from console.cli.reports.documents.fleet.profiles import FleetDocument
    from console.view.fleet.words import fleet_notes, fleet_sums

    fleet, count, code = asked.fleet, len(asked.rows), asked.code
    shown = asked if arguments.limit is None else asked.first(arguments.limit)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_fleet import report_of_fleet

        return report_of_fleet(shown, code, FleetDocument.of(shown, code))

    if arguments.json:
        output.write_document(FleetDocument.of(shown, code))
    else:
        _show_table(shown.rows, fleet.now_ms)
    for words in fleet_notes(fleet):
        output.note(words)
    left = f"; {count - len(shown.rows)} not shown" if len(shown.rows) < count else ""
    of = "" if count == len(fleet.rows) else f" of {len(fleet.rows)}"
    sums = f"{count}{of} profile{'' if count == 1 and not of else 's'}: {fleet_sums(asked.rows)}"
    output.note(f"{sums}{left}; from {asked.source}; exit code {int(code)}")
    return outputs.end(code, report)


def _show_table(rows: "Sequence[FleetRow]", now_ms: int) -> None:
    from console.view.fleet.words import age_words, cost_words, retires_words, verdict_sign, why_words

    table = [("profile", "verdict", "looked", "7 d", "retires", "why")]
    table += [
        (
            _cut(row.name, 20),
            str(verdict_sign(row.verdict)),
            age_words(row, now_ms),
            cost_words(row.spending.week),
            retires_words(row, now_ms),
            why_words(row) or "-",
        )
        for row in rows
    ]
    widths = output.column_widths(table)
    is_terminal = current().stdout.isatty()
    room = _WIDTH - sum(widths[:-1]) - 2 * (len(widths) - 1)
    for cells in table:
        last = _cut(cells[-1], room) if is_terminal else cells[-1]
        output.write_line(output.table_line((*cells[:-1], last), widths))


_WIDTH = 80


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(1, width - 1)]}…"
