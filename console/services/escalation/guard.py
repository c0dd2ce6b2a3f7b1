"""The guard of a bundle: nothing is written that may hold a secret, and the message names the field."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from console.domain.escalation.bundle import Bundle
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.private_file import create_file


class EscalationError(Problem):
    """A bundle or a scenario was not made or not written; the message says why and what to do."""


def require_clean_bundle(bundle: Bundle) -> None:
    """Refuse a bundle of which a field holds a token of this process, or seems to hold a secret.

    Raises:
        EscalationError: One does; the message names the field, and never holds its text.

    """
    for place, text in _texts(bundle, ""):
        if (words := _suspect(text)) is not None:
            raise EscalationError(
                f"the bundle's {place} {words}, so nothing was shown or written. Remove it from the config, or report"
                " the failure without the bundle",
                is_unsafe=True,
            )


def require_clean_text(text: str, what: str) -> None:
    """Refuse a text in which any line holds a token of this process, or seems to hold a secret.

    Raises:
        EscalationError: One does; the message names the line.

    """
    for number, line in enumerate(text.split("\n"), 1):
        if (words := _suspect(line)) is not None:
            raise EscalationError(f"line {number} of the {what} {words}, so nothing was written", is_unsafe=True)


def save_new(path: Path, text: str) -> None:
    """Write a file for this user alone, whole or not at all; an existing one is never changed.

    Raises:
        EscalationError: The name is taken.
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    if not create_file(path, text.encode()):
        words = "exists and was not changed; name another file with --output"
        raise EscalationError(f"{safe(str(path))} {words}", ProblemKind.USAGE)


def _suspect(text: str) -> str | None:
    if LEAK_GUARD.is_hit(text):
        return "would hold a token"
    hits = find_secrets(text, limit=1)
    return f"seems to contain {hits[0].words}" if hits else None


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a value with their places, such as `profile.header_names`."""
    if isinstance(value, str):
        yield place, str(value)
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each, place)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts(getattr(value, field.name), f"{place}.{field.name}".lstrip("."))
