"""The mark file: who verified which row of the verification table, and when.

One JSON line per mark, one file per profile. Reading skips a line that a crash cut short.
"""

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from console.domain.text.safe import safe
from console.domain.verification import NOTE_LIMIT, Mark, check_note
from console.services.system.jsonl import append_line
from console.services.system.os_reason import os_reason
from console.services.system.private_file import PrivateFileError, open_to_read

SIZE_LIMIT = 1024 * 1024
"""The most bytes to read, from the file's end: the newest marks decide."""
_NAME_LIMIT = 64


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file."""

    schema: Literal[1]
    row: Annotated[str, Meta(min_length=1, max_length=100)]
    at: Annotated[datetime, Meta(tz=True)]
    by: Annotated[str, Meta(max_length=_NAME_LIMIT)]
    note: Annotated[str, Meta(max_length=NOTE_LIMIT)]
    content_sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")] | None


@dataclass(frozen=True, slots=True)
class MarkLog:
    """What a mark file holds."""

    marks: tuple[Mark, ...]
    """Oldest first."""
    unreadable_lines: int = 0
    """How many lines are not marks: cut short, or written by something else."""


class MarkFile:
    """The marks of one profile."""

    def __init__(self, directory: Path, profile: str) -> None:
        """Build the file's path; nothing is opened.

        Args:
            directory: The state directory.
            profile: The name of a checked profile, safe as part of a file name.

        """
        self._directory = directory
        self._name = f"verification-{profile}.jsonl"

    @property
    def path(self) -> Path:
        """The file's path."""
        return self._directory / self._name

    def read(self) -> MarkLog:
        """Return the marks; none if the file does not exist.

        Raises:
            PrivateFileError: The file cannot be read, or is not the user's own.

        """
        descriptor = open_to_read(self.path)
        if descriptor is None:
            return MarkLog(())
        try:
            with os.fdopen(descriptor, "rb") as file:
                start = max(0, os.fstat(descriptor).st_size - SIZE_LIMIT)
                file.seek(start)
                lines = file.read(SIZE_LIMIT).split(b"\n")
        except OSError as error:
            where = safe(str(self.path))
            raise PrivateFileError(f"{where} cannot be read: {os_reason(error)}") from None
        found = [_mark_in(line) for line in (lines[1:] if start else lines) if line]
        marks = tuple(mark for mark in found if mark is not None)
        return MarkLog(marks, len(found) - len(marks))

    def append(self, mark: Mark) -> None:
        """Append a mark; it is on disk when this returns.

        Raises:
            PrivateFileError: The note is refused, or the file cannot be written or is not the user's own.

        """
        if (finding := check_note(mark.note)) is not None:
            raise PrivateFileError(finding.message, is_unsafe=finding.id == "NOTE-01")
        line = _Line(1, mark.row_id, mark.at, safe(mark.by), safe(mark.note), mark.content_sha256)
        append_line(self.path, line)


def user_name() -> str:
    """Return the user's login name, safe to show; not from the environment, which anyone can set."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = f"user {os.geteuid()}"
    return safe(name, limit=_NAME_LIMIT)


def _mark_in(line: bytes) -> Mark | None:
    try:
        read = msgspec.json.decode(line, type=_Line)
        return Mark(read.row, read.at.astimezone(UTC), read.by, read.note, read.content_sha256)
    except (msgspec.MsgspecError, OverflowError, RecursionError, UnicodeDecodeError):
        # OverflowError: a time at the very end of the calendar, in another zone.
        return None
