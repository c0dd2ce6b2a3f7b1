"""`relay`: coding agents call it instead of the gateway. It holds the token, and judges every call."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from console.cli.option_values import count_to
from console.cli.profile import chosen_checks, chosen_profile
from console.cli.route_options import add_route_arguments
from console.domain.problem import Problem, ProblemKind

if TYPE_CHECKING:
    from console.domain.relay.agent_settings import AgentSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_route_arguments(parser)
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port (default: 0, any free port)")
    parser.add_argument(
        "--for",
        dest="agents",
        action="append",
        metavar="AGENT",
        help="show the settings of codex, claude, copilot, opencode, aider, continue, cline or sdk; may be repeated",
    )
    parser.add_argument(
        "--calls",
        type=count_to(1_000_000),
        metavar="N",
        help="the most calls that each agent may make, until the relay ends",
    )
    parser.add_argument(
        "--exec",
        dest="is_exec",
        action="store_true",
        help="run the command after -- with the settings of --for, without any token, and end with its exit code",
    )
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the command of --exec, after --")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:9]) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError("wants a port from 0 to 65535")


def run(arguments: argparse.Namespace) -> int:
    """Relay until a signal arrives, or until the command ends. Raises any kind of `Problem`."""
    if arguments.read_only:
        raise Problem("--read-only: a relay passes on calls that cost money; nothing was opened", ProblemKind.REFUSED)
    if arguments.is_exec != bool(arguments.command):
        raise Problem("--exec and a command belong together: relay --exec -- COMMAND …", ProblemKind.USAGE)
    if arguments.is_exec and arguments.json:
        raise Problem("--exec leaves stdout to the command, so --json has no place there", ProblemKind.USAGE)
    agents = tuple(map(_agent, arguments.agents or ()))
    if arguments.is_exec and len(agents) > 1:
        raise Problem("--exec runs one command with the settings of one agent: use one --for", ProblemKind.USAGE)
    profile = chosen_profile(arguments)
    checks = chosen_checks(arguments, profile)
    from console.cli.live.relay import RelayOrder, execute, serve

    order = RelayOrder(checks, agents, arguments.port, arguments.calls, as_json=arguments.json)
    try:
        if arguments.is_exec:
            return asyncio.run(execute(profile, order, arguments.command))
        return asyncio.run(serve(profile, order))
    except OSError as error:
        from console.services.system.os_reason import os_reason

        raise Problem(
            f"cannot write the agent's settings to a temporary directory: {os_reason(error)}. Set TMPDIR to another",
            ProblemKind.FAILED,
        ) from None


def _agent(name: str) -> "AgentSettings":
    from console.domain.relay.agent_settings import agent_settings, settings_of

    found = settings_of(name)
    if found is None:
        raise Problem(f"--for names no known agent; it knows {', '.join(agent_settings())}", ProblemKind.USAGE)
    return found
