"""`bundle`: escalate a failure: what support needs to know of it, without prompts, outputs and tokens."""

import argparse
import asyncio
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.cli.route_options import route_key
from console.domain.problem import Problem, ProblemKind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    about = parser.add_mutually_exclusive_group(required=True)
    about.add_argument("--run", metavar="RUN", help="a run's id, a unique part of it, or: last; from its record alone")
    about.add_argument(
        "--route",
        type=route_key,
        metavar="ROUTE",
        help="a route of the profile, such as writer or writer.fast: what is known of it offline",
    )
    parser.add_argument("--smoke", action="store_true", help="make one live call of the route first; it may cost money")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write, which must not exist (default: a new one in this directory); - for stdout",
    )
    parser.add_argument("--yes", action="store_true", help="write it without showing it and asking")
    parser.add_argument(
        "--scenario",
        action="store_true",
        help="write the failed exchange instead, without its content, for: simulate --scenario FILE",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Make the bundle, show it, and write it if the operator says so."""
    if arguments.smoke and arguments.route is None:
        raise Problem("--smoke makes a call of a route: name it with --route", ProblemKind.USAGE)
    if arguments.read_only and arguments.smoke:
        raise Problem("--read-only: --smoke makes a call that may cost money; nothing was sent", ProblemKind.REFUSED)
    if arguments.scenario and arguments.json:
        raise Problem("a scenario is TOML: omit --json", ProblemKind.USAGE)
    from console.cli.bundle.verb import escalate_route, escalate_run
    from console.cli.run.whose import where_runs_are

    if arguments.run is None:
        return asyncio.run(escalate_route(arguments))
    with where_runs_are([arguments.run]):
        return asyncio.run(escalate_run(arguments))
