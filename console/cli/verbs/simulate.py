"""`simulate`: run the embedded gateway alone."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason

if TYPE_CHECKING:
    from console.simulator.scenario import Scenario

_FILE_LIMIT = 1024 * 1024
"""The largest file of scenarios, in bytes."""


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
    parser.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        help="a TOML file of scenarios that come before the built-in ones, such as one of `bundle --scenario`",
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
    scenarios = () if arguments.scenario is None else _scenarios(arguments.scenario)
    try:
        asyncio.run(simulate(arguments.port, breaches=breaches, scenarios=scenarios))
    except OSError as error:
        raise Problem(
            f"cannot listen on port {arguments.port}: {os_reason(error)}. Use another --port, or 0",
            ProblemKind.USAGE,
        ) from None
    return ExitCode.OK


def _scenarios(path: Path) -> "tuple[Scenario, ...]":
    """Return the rows of a file. Raises `Problem` if it cannot be read, or has a fault."""
    from console.domain.facts.row import FactsError
    from console.simulator.scenario import read_scenarios

    where = safe(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not a file name"
        raise Problem(f"cannot read the scenarios {where}: {reason}", ProblemKind.USAGE) from None
    if len(data) > _FILE_LIMIT:
        raise Problem(f"{where} is larger than {_FILE_LIMIT} bytes; nothing was started", ProblemKind.CONFIG)
    try:
        return read_scenarios(data.decode())
    except UnicodeDecodeError:
        raise Problem(f"{where} is not UTF-8; nothing was started", ProblemKind.CONFIG) from None
    except FactsError as error:
        raise Problem(f"{where}: {error}; nothing was started", ProblemKind.CONFIG) from None
