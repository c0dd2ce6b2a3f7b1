"""Context: the files of the repository that go into a brief, and the pinned instructions, read as they are now."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from console.domain.guard import safe
from console.domain.instruction import Load
from console.domain.run_event import PinnedSource
from console.services.run.briefs import CONTEXT_LIMIT, BriefError, Part

FILE_LIMIT = 200_000
"""The most bytes of one file of the context."""


def read_context(root: Path, patterns: Sequence[str]) -> tuple[Part, ...]:
    """Read the files of a repository that patterns such as `docs/*.md` name, in the order of their paths.

    Raises:
        BriefError: A pattern names nothing or leaves the repository, or a file is too large or no text.

    """
    real = Path(os.path.realpath(root))
    paths: dict[str, Path] = {}
    for pattern in patterns:
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
            raise BriefError(f"the context {safe(pattern, limit=80)} leaves the repository; name paths within it")
        found = sorted(each for each in real.glob(pattern) if each.is_file())
        if not found:
            raise BriefError(f"the context {safe(pattern, limit=80)} names no file in the repository")
        for each in found:
            inside = Path(os.path.realpath(each))
            if not inside.is_relative_to(real) or ".git" in each.relative_to(real).parts:
                raise BriefError(
                    f"the context {safe(pattern, limit=80)} names a file outside the repository's own files"
                )
            paths[each.relative_to(real).as_posix()] = inside
    if len(paths) > CONTEXT_LIMIT:
        raise BriefError(f"the context names {len(paths)} files; at most {CONTEXT_LIMIT} are given")
    return tuple(Part(name, _text(path, name)) for name, path in sorted(paths.items()))


def _text(path: Path, name: str) -> str:
    shown = safe(name, limit=120)
    try:
        data = read_beginning(path, FILE_LIMIT + 1)
    except OSError as error:
        raise BriefError(f"{shown} cannot be read: {error.strerror or 'input/output error'}") from None
    if len(data) > FILE_LIMIT:
        raise BriefError(f"{shown} is larger than {FILE_LIMIT} bytes, the most for a file of the context")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BriefError(f"{shown} is no UTF-8 text; leave it out of the context") from None
    if "\0" in text:
        raise BriefError(f"{shown} is a binary file; leave it out of the context")
    return text


def read_beginning(path: Path, size: int) -> bytes:
    """Read no more of a file than so many bytes, however large it is or has become; a pipe in its place is empty."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(size) or b""


def read_instructions(root: Path, home: Path, sources: Sequence[PinnedSource]) -> tuple[Part, ...]:
    """Read the pinned instructions that a tool puts before its model at once, as far as the tool reads them.

    Raises:
        BriefError: One is not as it was pinned, or cannot be read.

    """
    return tuple(
        Part(source.path, _pinned_text(_place(root, home, source.path), source))
        for source in sources
        if source.load in (Load.ALWAYS, Load.TRUNCATED) and source.effective_size
    )


def _place(root: Path, home: Path, label: str) -> Path:
    return home / label.removeprefix("~/") if label.startswith("~/") else root / label


def _pinned_text(path: Path, source: PinnedSource) -> str:
    try:
        data = read_beginning(path, source.size + 1)
    except OSError as error:
        raise BriefError(
            f"{safe(source.path, limit=120)} cannot be read any more: {error.strerror or 'input/output error'}"
        ) from None
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise BriefError(f"{safe(source.path, limit=120)} is not as it was pinned")
    return data[: source.effective_size].decode(errors="replace")
