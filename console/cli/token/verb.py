"""`token`: tokens by reference. No option and no argument of it is ever a token."""

import argparse
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode

if TYPE_CHECKING:
    from console.cli.token.subject import Subject
    from console.services.tokens.rotation import Verifier

_KINDS = {
    "set": "store a token: asked for without echo, or read from stdin where that is no terminal",
    "list": "show the profile's references, with state, origin, source and fingerprint",
    "check": "ask each reference, and say which one answers",
    "unlock": "unlock the keyring or the vault",
    "rotate": "take a new token, prove it at the gateway, and keep the one before until --confirm or --back",
    "remove": "forget a token",
    "rebind": "bind a stored token to the profile's present origin",
    "doctor": "say what this machine has for keeping tokens, and the next command to type",
}
_CHANGING = ("set", "unlock", "rotate", "remove", "rebind")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb and its kinds to the command line."""
    parser = verbs.add_parser("token", help="store, check, rotate and remove tokens by reference", allow_abbrev=False)
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True, dest="kind")
    for kind, words in _KINDS.items():
        each = kinds.add_parser(kind, help=words, allow_abbrev=False)
        each.set_defaults(run=run)
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
                "--expires-h", type=_hours, metavar="N", help="for kernel: only; the hours that the token stays, 12"
            )
        if kind == "rotate":
            step = each.add_mutually_exclusive_group()
            step.add_argument("--confirm", action="store_true", help="forget the token before")
            step.add_argument("--back", action="store_true", help="put the token before back in place")
            step.add_argument("--unverified", action="store_true", help="do not ask the gateway about the new token")
        if kind == "unlock":
            way = each.add_mutually_exclusive_group()
            way.add_argument("--desktop", action="store_true", help="let the desktop ask; waits for 60 s")
            way.add_argument("--password-ref", metavar="file:/PATH", help="a private file with the keyring's password")
    return parser


def _hours(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 168:
        return int(text)
    raise argparse.ArgumentTypeError("wants a whole number of hours from 1 to 168")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do what a kind of the verb says."""
    if arguments.read_only and arguments.kind in _CHANGING:
        output.complain(f"--read-only: token {arguments.kind} changes what is stored; nothing was done")
        return ExitCode.REFUSED
    from console.cli.token.subject import SubjectError, load_subject
    from console.services.tokens.entry import check_entry

    if _asks_for_token(arguments) and (reason := check_entry(current().environment)) is not None:
        output.complain(f"no token is taken while {reason}")
        return ExitCode.REFUSED
    try:
        subject = load_subject(arguments)
    except SubjectError as error:
        output.complain(str(error))
        return error.code
    match arguments.kind:
        case "list" | "check" | "doctor":
            from console.cli.token import look as token_look

            return token_look.run(subject, arguments)
        case "unlock":
            from console.cli.token import unlock as token_unlock

            return token_unlock.run(subject, arguments)
        case _:
            from console.cli.token import change as token_change

            return token_change.run(subject, arguments, verify=_verifier(subject))


def _asks_for_token(arguments: argparse.Namespace) -> bool:
    return arguments.kind == "set" or (arguments.kind == "rotate" and not (arguments.confirm or arguments.back))


def _verifier(subject: "Subject") -> "Verifier | None":
    """Return how the gateway is asked about a new token; None on the embedded one, which makes its own."""
    from console.services.open_gateway import require_base_url
    from console.services.probes.key_verifier import gateway_verifier

    if subject.origin is None:
        return None
    return gateway_verifier(subject.profile, require_base_url(subject.profile, current().environment))
