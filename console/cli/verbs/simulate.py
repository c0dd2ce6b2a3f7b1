"""`simulate`: run the embedded gateway alone."""

import argparse
import asyncio

from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind
from console.services.system.os_reason import os_reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port (default: 0, any free port)")
    parser.add_argument(
        "--breach",
        action="append",
        default=[],
        metavar="NAME",
        help="break Claude Code's gateway contract in this way, to see what `check --agent claude-code` says; may be"
        " repeated; a name that is not known lists them",
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:9]) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError("wants a port from 0 to 65535")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until a signal arrives. Raises `Problem` for a breach that is not known."""
    from console.simulator.breach import Breach
    from console.simulator.process import simulate

    try:
        breaches = [Breach(name) for name in arguments.breach]
    except ValueError:
        raise Problem(f"--breach knows {', '.join(Breach)}", ProblemKind.USAGE) from None
    try:
        asyncio.run(simulate(arguments.port, breaches=breaches))
    except OSError as error:
        raise Problem(
            f"cannot listen on port {arguments.port}: {os_reason(error)}. Use another --port, or 0",
            ProblemKind.USAGE,
        ) from None
    return ExitCode.OK
