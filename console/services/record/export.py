"""What may leave this machine of a record, and how it is written: checked first, then whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.private_file import create_file, replace_file


class ExportError(Problem):
    """Nothing was exported, and no file was changed; the message says why and what to do."""


def require_evidence(run_id: str, *, is_simulated: bool, is_allowed: bool) -> None:
    """Refuse to export a run that the embedded gateway answered, unless the operator allows it.

    Raises:
        ExportError: The run is simulated, and that is not allowed.

    """
    if is_simulated and not is_allowed:
        raise ExportError(
            f"run {run_id} is simulated: the embedded gateway answered, so it is not evidence of a real one."
            " --allow-simulated exports it, marked as simulated",
            ProblemKind.REFUSED,
        )


def require_clean(document: object) -> None:
    """Refuse a document of plain values in which a text holds a token of this process, or seems to hold a secret.

    Raises:
        ExportError: It names the field, and what the text seems to hold.

    """
    for place, text in _texts(document, "record"):
        hits = find_secrets(text, limit=1)
        if LEAK_GUARD.is_hit(text) or hits:
            what = hits[0].words if hits else "a token of this process"
            raise ExportError(
                f"nothing was exported: {safe(place, limit=120)} seems to contain {what}. The ledger on this machine"
                " holds it too: if it is a real secret, revoke it",
                ProblemKind.REFUSED,
            )


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a document with its place; a key that is a text from outside is one too."""
    match value:
        case str():
            yield place, value
        case dict():
            for key, each in value.items():
                yield f"a key of {place}", str(key)
                yield from _texts(each, f"{place}.{key}")
        case list() | tuple():
            for number, each in enumerate(value):
                yield from _texts(each, f"{place}[{number}]")
        case _:
            return


def save_export(path: Path, data: bytes, *, is_forced: bool) -> None:
    """Write an export to a file for this user alone, whole or not at all.

    Args:
        path: The file.
        data: The export.
        is_forced: Whether a file that is there may be replaced.

    Raises:
        ExportError: The name is taken, or the directory does not exist.
        PrivateFileError: It cannot be written, or would hold a token of this process.

    """
    if not path.parent.is_dir():
        raise ExportError(f"{safe(str(path))} cannot be written: its directory does not exist; make it first")
    if is_forced:
        replace_file(path, data)
    elif not create_file(path, data):
        shown = safe(str(path))
        raise ExportError(f"{shown} exists and was not changed; name another file, or use --force", ProblemKind.USAGE)
