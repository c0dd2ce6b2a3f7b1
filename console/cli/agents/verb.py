"""`agents`: what coding agents' own settings really call, held against the route table; offline."""

import argparse
import asyncio
from pathlib import Path

from console.cli.agents.subject import RELAY_PORT, agent_named
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "agents",
        nargs="*",
        metavar="AGENT",
        help="codex, claude, copilot, gemini, opencode, aider, continue or cline (default: all)",
    )
    parser.add_argument(
        "--repo", type=Path, default=Path(), metavar="DIR", help="where the agent works (default: here)"
    )
    parser.add_argument("--write", metavar="AGENT", help="write the settings that match the route table, after asking")
    parser.add_argument("--settings", metavar="AGENT", help="show the settings that match the route table")
    parser.add_argument(
        "--route", metavar="KEY", help="the route for --write or --settings (default: the first that fits)"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--relay", action="store_true", help="call the console's relay on this machine (default)")
    how.add_argument("--direct", action="store_true", help="call the gateway itself, with its token in a variable")
    parser.add_argument("--port", type=_port, metavar="N", help=f"the relay's port (default: {RELAY_PORT})")
    parser.add_argument("--yes", action="store_true", help="write, or undo, without asking")
    parser.add_argument(
        "--undo", nargs="?", const="last", metavar="RECEIPT", help="put back what --write replaced (default: the last)"
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError("wants a port from 1 to 65535")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Show, write or undo. Raises any kind of `Problem`."""
    given = [
        bool(arguments.agents),
        arguments.write is not None,
        arguments.settings is not None,
        arguments.undo is not None,
    ]
    if sum(given) > 1:
        raise Problem("name agents, or use one of --write, --settings and --undo", ProblemKind.USAGE)
    for_one = arguments.write is not None or arguments.settings is not None
    if not for_one and (arguments.route or arguments.relay or arguments.direct or arguments.port):
        raise Problem("--route, --relay, --direct and --port belong to --write or --settings", ProblemKind.USAGE)
    if arguments.direct and arguments.port:
        raise Problem("--port is the relay's, and --direct uses none", ProblemKind.USAGE)
    if arguments.read_only and (arguments.write is not None or arguments.undo is not None):
        raise Problem("--read-only: nothing was written. Use --settings AGENT to see the settings", ProblemKind.REFUSED)
    if arguments.undo is not None:
        from console.cli.agents.undo import undo

        return undo(arguments)
    if for_one:
        from console.cli.agents.write import show_or_write

        return show_or_write(arguments, agent_named(arguments.write or arguments.settings))
    from console.cli.agents.look import look

    named = tuple(dict.fromkeys(agent_named(each) for each in arguments.agents))
    return asyncio.run(look(arguments, named))
