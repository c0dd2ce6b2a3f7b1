"""`store`: where runs are kept; a PostgreSQL database is set up, looked at, checked and filled here."""

import argparse
import asyncio
from pathlib import Path

from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind

_KINDS = {
    "url": "put the database's URL into the keyring: asked for without echo, or read from stdin",
    "status": "where runs are kept, how many, which schema, and who else is connected",
    "migrate": "set the database up, or bring it to this version's schema; shows the steps, then asks",
    "grants": "print the SQL with the rights of operators and workers; --apply runs it",
    "check": "prove that this console can rely on the database: rights, triggers, TLS, clock, a write taken back",
    "copy": "copy the runs of this machine's files into the database, verified; the files stay as they are",
}
_CHANGING = frozenset({"url", "migrate", "copy"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    each = {kind: kinds.add_parser(kind, help=words, allow_abbrev=False) for kind, words in _KINDS.items()}
    each["migrate"].add_argument("--yes", action="store_true", help="do not ask")
    each["grants"].add_argument("--yes", action="store_true", help="accepted as for migrate; --apply asks nothing")
    each["migrate"].add_argument("--dry-run", action="store_true", help="show the steps, and change nothing")
    each["grants"].add_argument("--apply", action="store_true", help="run the SQL; this user must be allowed to")
    each["copy"].add_argument(
        "--from",
        dest="source",
        required=True,
        choices=["sqlite"],
        metavar="sqlite",
        help="what to copy from: the files of a state directory",
    )
    each["copy"].add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help="the state directory (default: this machine's)"
    )
    each["copy"].add_argument("--dry-run", action="store_true", help="say what would be copied, and change nothing")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    is_changing = arguments.kind in _CHANGING and not getattr(arguments, "dry_run", False)
    if arguments.read_only and (is_changing or getattr(arguments, "apply", False)):
        raise Problem(f"--read-only: store {arguments.kind} changes something; nothing was done", ProblemKind.REFUSED)
    match arguments.kind:
        case "status" | "check":
            from console.cli.store import look

            return asyncio.run(look.look(arguments))
        case "copy":
            from console.cli.store.copy import copy

            return asyncio.run(copy(arguments))
        case _:
            from console.cli.store import setup

            return setup.run(arguments)
