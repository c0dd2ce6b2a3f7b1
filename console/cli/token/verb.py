"""`token`: tokens by reference. None of its options and arguments is a token."""

import argparse

from console.cli.exit_code import ExitCode
from console.domain.problem import Problem, ProblemKind

_KINDS = {
    "set": "store a token: asked for without echo, or read from stdin if that is not a terminal",
    "list": "show the profile's references with state, origin, source and fingerprint",
    "check": "ask each reference, and say which one answers",
    "unlock": "unlock the keyring or the vault",
    "rotate": "replace a token: prove the new one at the gateway, keep the old one until --confirm or --back",
    "remove": "forget a token",
    "rebind": "bind a stored token to the profile's current origin",
    "doctor": "show how this machine can store tokens, and the next command to run",
}
_CHANGING = ("set", "unlock", "rotate", "remove", "rebind")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of each kind."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    for kind, words in _KINDS.items():
        each = kinds.add_parser(kind, help=words, allow_abbrev=False)
        if kind in _CHANGING:
            each.add_argument(
                "reference",
                nargs="?",
                metavar="REFERENCE",
                help="keyring://SERVICE/NAME, kernel:NAME or vault:NAME; by default the profile's first one",
            )
        if kind in ("remove", "rebind"):
            each.add_argument("--yes", action="store_true", help="do not ask")
            each.add_argument("--origin", metavar="ORIGIN", help="the origin that the token is bound to now")
        if kind == "set":
            each.add_argument(
                "--expires-h",
                type=_hours,
                metavar="N",
                help="kernel: only; how many hours to keep the token (default: 12)",
            )
        if kind == "rotate":
            step = each.add_mutually_exclusive_group()
            step.add_argument("--confirm", action="store_true", help="forget the previous token")
            step.add_argument("--back", action="store_true", help="put the previous token back in place")
            step.add_argument("--unverified", action="store_true", help="do not ask the gateway about the new token")
        if kind == "unlock":
            way = each.add_mutually_exclusive_group()
            way.add_argument("--desktop", action="store_true", help="let the desktop ask for the password; waits 60 s")
            way.add_argument("--password-ref", metavar="file:/PATH", help="a private file with the keyring's password")


def _hours(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 168:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number of hours from 1 to 168")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb."""
    if arguments.read_only and arguments.kind in _CHANGING:
        raise Problem(
            f"--read-only: token {arguments.kind} changes what is stored; nothing was done", ProblemKind.REFUSED
        )
    from console.cli.token.kinds import do

    return do(arguments)
