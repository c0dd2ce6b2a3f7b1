"""The kinds of `token`, once its subject is known."""

import argparse

from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.token import change, look, unlock
from console.cli.token.subject import Subject, load_subject
from console.domain.problem import Problem, ProblemKind
from console.services.open_gateway import require_base_url
from console.services.probes.key_verifier import gateway_verifier
from console.services.tokens.entry import check_entry
from console.services.tokens.rotation import Verifier

_BINDING = ("set", "rotate", "rebind")
"""The kinds that give a token to the profile's gateway, or bind one to it."""


def do(arguments: argparse.Namespace) -> ExitCode:
    """Run one kind of the verb. Raises any kind of `Problem`."""
    if _asks_for_token(arguments) and (reason := check_entry(current().environment)) is not None:
        raise Problem(f"no token is accepted while {reason}", ProblemKind.REFUSED)
    subject = load_subject(arguments)
    if subject.profile.is_of_repository and arguments.kind in _BINDING:
        raise Problem(
            f"a repository's config chose the gateway of profile {subject.profile.name}, so no token is bound to it."
            " Write a profile of that gateway into your own config first",
            ProblemKind.REFUSED,
        )
    match arguments.kind:
        case "list" | "check" | "doctor":
            return look.run(subject, arguments)
        case "unlock":
            return unlock.run(subject, arguments)
        case _:
            return change.run(subject, arguments, verify=_verifier(subject))


def _asks_for_token(arguments: argparse.Namespace) -> bool:
    return arguments.kind == "set" or (arguments.kind == "rotate" and not (arguments.confirm or arguments.back))


def _verifier(subject: Subject) -> Verifier | None:
    """Return how to ask the gateway about a new token; None for the embedded one, which makes its own."""
    if subject.origin is None:
        return None
    return gateway_verifier(subject.profile, require_base_url(subject.profile, current().environment))
