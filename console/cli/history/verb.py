"""`history`: how fast and how reliable each route was, what it cost, and what is worse than before."""

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.option_values import moment_ms
from console.cli.route_options import route_key
from console.domain.problem import Problem, ProblemKind
from console.domain.routes.role import Role

if TYPE_CHECKING:
    from console.domain.history.trend import RouteTrend, Trends
    from console.services.history.reader import Wanted

_COLUMNS = 24
_PLOT_HEIGHT = 14
_DEFAULT_WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--role", choices=[role.value for role in Role], metavar="ROLE", help="only this role's routes")
    parser.add_argument("--route", type=route_key, metavar="ROUTE", help="only this route, such as writer.fast")
    parser.add_argument(
        "--kind",
        action="append",
        choices=["check", "smoke", "relay", "run"],
        metavar="KIND",
        help="only checks, smoke tests, relayed calls or runs; may be repeated",
    )
    parser.add_argument(
        "--since",
        type=moment_ms,
        metavar="WHEN",
        help="from then on: 2026-12-01 (UTC), or 90m, 24h, 7d or 4w ago (default: 7d)",
    )
    parser.add_argument("--until", type=moment_ms, metavar="WHEN", help="up to then (default: now)")
    parser.add_argument(
        "--plot",
        choices=["ttft", "total", "speed"],
        metavar="M",
        help="draw one measure of each route: ttft, total or speed",
    )
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII alone, whatever the terminal can show")
    parser.add_argument(
        "--fail-on-regression", action="store_true", help="end with 1 if the newest calls are worse than those before"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Show the history."""
    wanted = _wanted(arguments)
    width = _width()
    is_ascii = arguments.ascii or not _can_show_blocks()
    columns = _COLUMNS
    if arguments.plot is not None:
        from console.view.history.chart import plot_columns

        columns = plot_columns(width, is_ascii=is_ascii)
    trends = asyncio.run(_read(wanted, columns))
    if arguments.json:
        from console.cli.reports.documents.history.trends import HistoryDocument

        output.write_document(HistoryDocument.of(trends))
    elif not trends.routes:
        output.note("the history has nothing of that; check, smoke, relay and run add to it")
    else:
        _show(trends, arguments.plot, width=width, is_ascii=is_ascii)
    is_worse = bool(trends.regressed)
    return ExitCode.FAILED if is_worse and arguments.fail_on_regression else ExitCode.OK


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    from console.cli.recording import unix_ms
    from console.domain.history.fact import FactKind
    from console.services.history.reader import Wanted

    until = unix_ms(current()) + 1 if arguments.until is None else arguments.until
    begin = moment_ms("7d") if arguments.since is None else arguments.since
    if begin >= until:
        raise Problem("--since must be before --until", ProblemKind.USAGE)
    kinds = None if arguments.kind is None else frozenset(map(FactKind, arguments.kind))
    role = None if arguments.role is None else Role(arguments.role)
    return Wanted(arguments.profile, role, arguments.route, kinds, begin, until)


async def _read(wanted: "Wanted", columns: int) -> "Trends":
    from functools import partial

    from console.domain.history.trend import Trends
    from console.services.history.history import History
    from console.services.history.trends import read_trends

    nothing = Trends(wanted.since_ms, wanted.until_ms, columns, ())
    async with await History.open(current().environment, is_looking=True) as history:
        return await history.read(partial(read_trends, wanted=wanted, columns=columns), nothing)


def _show(trends: "Trends", measure: str | None, *, width: int, is_ascii: bool) -> None:
    from console.view.history.words import age, moment, name_of, timing_words, trend_words

    span = age(trends.until_ms - trends.since_ms)
    output.write_line(f"{moment(trends.since_ms)} to {moment(trends.until_ms)}, {span}; the time runs to the right")
    for trend in trends.routes:
        route = trend.route
        about = "  ".join(filter(None, (name_of(trend), route.model, route.family, route.origin)))
        output.write_line()
        output.write_line(f"{route.profile}: {about}")
        if measure is not None:
            _plot(trends, trend, measure, width=width, is_ascii=is_ascii)
            continue
        for words, _ in trend_words(trend, trends.until_ms, is_ascii=is_ascii):
            output.write_line(f"  {words}")
        for blocks in timing_words(trend, is_ascii=is_ascii):
            output.write_line(f"  {blocks}")
    worse, red = len(trends.regressed), sum(each.is_red for each in trends.routes)
    facts = sum(each.count for each in trends.routes)
    output.note(f"{facts} facts of {len(trends.routes)} route(s): {red} red now, {worse} worse than before")


def _plot(trends: "Trends", trend: "RouteTrend", measure: str, *, width: int, is_ascii: bool) -> None:
    from console.domain.history.regression import Measure
    from console.view.history.words import plot_words

    drawn = [each for each in trend.timings if each.course(Measure(measure)).p50 is not None]
    if not drawn:
        output.write_line("  no call that holds was timed")
    for timing in drawn:
        for words in plot_words(trends, timing, Measure(measure), width=width, height=_PLOT_HEIGHT, is_ascii=is_ascii):
            output.write_line(words)


def _width() -> int:
    """Return how wide to draw: the terminal's width, and 80 for a pipe."""
    context = current()
    columns = context.environment.get("COLUMNS", "")
    if columns.isdecimal() and 20 <= int(columns[:9]) <= 1000:
        return int(columns[:9])
    try:
        return max(20, os.get_terminal_size(context.stdout.fileno()).columns)
    except (AttributeError, OSError, ValueError):
        return _DEFAULT_WIDTH


def _can_show_blocks() -> bool:
    """Return whether blocks and braille can be shown: not in another encoding, and not on the Linux console."""
    context = current()
    if context.stdout.isatty() and context.environment.get("TERM", "") in ("linux", "dumb"):
        return False
    try:
        "▁⣿×".encode(context.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
