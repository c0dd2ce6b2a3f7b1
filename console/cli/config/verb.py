"""`config`: look at the config, validate it, change it. Nothing is sent."""

import argparse
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.cli.route_options import route_key
from console.domain.problem import Problem, ProblemKind

_KINDS = {
    "show": "the effective profile: every value, and where it comes from",
    "path": "which files are read, in which order, and which exist",
    "schema": "the JSON Schema of a config, for editors",
    "validate": "everything that is wrong with a config, with lines; exit code 3 if anything is",
    "edit": "edit your config in $VISUAL or $EDITOR: it is validated before it is replaced, with a backup",
    "fix": "change the config lines of one route as its drift or its retired model needs",
    "undo": "undo the newest change that the console made to your config",
}
_CHANGING = ("edit", "fix", "undo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    for kind, words in _KINDS.items():
        each = kinds.add_parser(kind, help=words, allow_abbrev=False)
        if kind == "validate":
            each.add_argument("file", nargs="?", type=Path, metavar="FILE", help="by default the config that is used")
        if kind == "fix":
            each.add_argument(
                "route", type=route_key, metavar="ROUTE", help="such as writer, or writer.fast for one with a name"
            )
        if kind in ("fix", "undo"):
            each.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    if arguments.read_only and arguments.kind in _CHANGING:
        raise Problem(f"--read-only: config {arguments.kind} changes a file; nothing was done", ProblemKind.REFUSED)
    if arguments.kind in _CHANGING:
        from console.cli.config import change

        return change.run(arguments)
    from console.cli.config import look

    return look.run(arguments)
