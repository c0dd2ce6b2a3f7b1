"""`watch`: prove routes again and again, and tell only what changed."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.cli.option_values import count_to, span_s
from console.cli.profile import add_sweep_argument
from console.cli.route_options import add_route_arguments
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.description = (
        "Climb the probe ladder in rounds, and tell only what changed, on stdout and wherever else you ask. A red that"
        " may pass, such as a timeout, is told when the next round confirms it; an account or drift error at once. The"
        " exit code is that of the last round: 0 if nothing is red, otherwise the most actionable one."
    )
    parser.add_argument(
        "--every", type=span_s, metavar="TIME", help="from one round to the next: 30s, 5m (default), 2h, 1d"
    )
    parser.add_argument(
        "--level",
        type=_level,
        metavar="0..5",
        help="how far each round climbs, as in check: 3 (default) generates nothing; 4 and 5 keep the policy's budget"
        " for the whole watch",
    )
    parser.add_argument("--jitter", action="store_true", help="make each round up to a quarter earlier or later")
    add_route_arguments(parser)
    add_sweep_argument(parser)
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--once", action="store_true", help="one round, as from cron: compared with the state of the last"
    )
    ends.add_argument("--rounds", type=count_to(1_000_000), metavar="N", help="end after so many rounds")
    ends.add_argument("--for", dest="for_s", type=span_s, metavar="TIME", help="end after this time")
    parser.add_argument(
        "--webhook",
        metavar="URL",
        help="post changes as JSON to this https URL (http on loopback only), or to the one in env:NAME; no token is"
        " sent with it, other than to the webhook of the config",
    )
    parser.add_argument(
        "--prometheus",
        metavar="FILE|PORT",
        help="write metrics to a file after each round, or serve them on 127.0.0.1:PORT/metrics",
    )
    parser.add_argument(
        "--otel",
        nargs="?",
        const="",
        metavar="URL",
        help="post metrics as OTLP/JSON after each round; without a URL, to OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,"
        " OTEL_EXPORTER_OTLP_ENDPOINT or http://127.0.0.1:4318",
    )
    parser.add_argument("--bell", action="store_true", help="ring the terminal's bell on an alarm")
    parser.add_argument("--notify", action="store_true", help="show alarms and recoveries on the desktop, over D-Bus")


def _level(text: str) -> int:
    if text in ("0", "1", "2", "3", "4", "5"):
        return int(text)
    raise argparse.ArgumentTypeError("wants a rung from 0 to 5")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Watch until the end that was asked for, or until a signal. Raises any kind of `Problem`."""
    port, file = _prometheus(arguments.prometheus)
    from console.cli.watch.desk import ConfigDesk
    from console.cli.watch.following import follow
    from console.cli.watch.order import WatchOrder

    desk = ConfigDesk(arguments)
    order = WatchOrder.of(arguments, desk.at_start(), port=port, file=file)
    return asyncio.run(follow(order, desk))


def _prometheus(text: str | None) -> "tuple[int | None, Path | None]":
    from pathlib import Path

    from console.services.system.directories import absolute

    if text is None:
        return None, None
    if not text:
        raise Problem("--prometheus wants a file or a port", ProblemKind.USAGE)
    if not (text.isascii() and text.isdigit()):
        return None, absolute(Path(text))
    if int(text[:9]) > 65_535:
        raise Problem("--prometheus: a port is a number from 0 to 65535", ProblemKind.USAGE)
    return int(text), None
