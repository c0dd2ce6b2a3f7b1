"""`completion`: prints the completion of a shell; asked by it, the names that it can complete."""

import argparse

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind

SHELLS = ("bash", "zsh", "fish")
NAMES = ("profiles", "routes", "runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help=f"one of: {', '.join(SHELLS)}")
    what.add_argument("--names", choices=NAMES, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print a shell's completion, or names. Raises `Problem` if JSON is asked for."""
    if arguments.json:
        raise Problem("--json: a completion is a shell's script, and has no JSON; leave --json out", ProblemKind.USAGE)
    if arguments.shell is None and arguments.names is None:
        raise Problem(f"name the shell: {', '.join(SHELLS)}; see gateway-console completion --help", ProblemKind.USAGE)
    if arguments.names is None:
        from console.cli.completion.script import script_for

        output.write_exact(script_for(arguments.shell))
        return ExitCode.OK
    for name in _names(arguments):
        output.write_line(name)
    return ExitCode.OK


def _names(arguments: argparse.Namespace) -> tuple[str, ...]:
    if arguments.names == "runs":
        from console.services.config.own_store import own_store
        from console.services.config.toml_text import ConfigError
        from console.services.ledger.newest import newest_run_ids
        from console.services.system.directories import Directories

        try:
            if own_store(current().environment) is not None:
                return ("last",)  # a key press connects to no database
        except ConfigError:  # a shell has no place for what is wrong
            return ()
        found = newest_run_ids(Directories.of(current().environment).state / "runs.db")
        return ("last", *found) if found else ()
    from console.cli.completion.names import profile_names, route_keys
    from console.services.config.precedence import Request

    request = Request.here(current().environment, arguments.config, arguments.profile)
    return profile_names(request) if arguments.names == "profiles" else route_keys(request)
