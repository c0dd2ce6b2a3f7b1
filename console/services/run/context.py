"""Context: the files of the pinned commit that go into a brief, and the pinned instructions."""

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from console.domain.artifacts.repository_path import Scope, check_path, check_pattern
from console.domain.instructions.imports import model_text
from console.domain.instructions.source import Load, Tool
from console.domain.run.event import InstructionPinned
from console.domain.run.pinned import PinnedSource
from console.domain.text.safe import safe
from console.services.git.checkout import NoCheckoutError, find_checkout
from console.services.git.command import NoGitError
from console.services.git.scratch import ScratchError, scratch
from console.services.git.tree import TreeFile, list_files, read_files
from console.services.run.briefs import CONTEXT_LIMIT, BriefError, Part
from console.services.system.os_reason import os_reason

FILE_LIMIT = 200_000
"""The most bytes of one context file."""


async def read_context(
    root: Path, commit: str, patterns: Sequence[str], environment: Mapping[str, str]
) -> tuple[Part, ...]:
    """Read the files that match patterns such as `docs/*.md` from a commit, sorted by path.

    A pattern is one of `Scope`'s. Only committed content can go out: links are not followed, and a file that is
    ignored, edited or swapped for another is not read.

    Raises:
        BriefError: A pattern matches nothing or leaves the repository, or a file is too large or not text.

    """
    if not patterns:
        return ()
    try:
        async with scratch(await find_checkout(root, environment), environment) as own:
            chosen = await asyncio.to_thread(_choose, await list_files(own, commit), patterns)
            contents = await read_files(own, chosen)
    except NoCheckoutError:
        raise BriefError("the context cannot be read: its directory is no longer in a git repository") from None
    except (NoGitError, ScratchError) as error:
        raise BriefError(f"the context cannot be read: {error}") from None
    return tuple(Part(file.path, _text(data, file.path)) for file, data in zip(chosen, contents, strict=True))


def _choose(files: Sequence[TreeFile], patterns: Sequence[str]) -> tuple[TreeFile, ...]:
    """Return the files that patterns match; each must match at least one."""
    chosen: dict[str, TreeFile] = {}
    for pattern in patterns:
        shown = safe(pattern, limit=80)
        if (why := check_pattern(pattern)) is not None:
            raise BriefError(f"the context {shown} cannot be used: {why}; name paths in the repository")
        scope = Scope((pattern,))
        named = [file for file in files if scope.covers(file.path)]
        found = [file for file in named if not file.is_link]
        if not found:
            what = "only links, which are not followed" if named else "no file in the run's commit"
            raise BriefError(f"the context {shown} names {what}; see: git ls-files")
        chosen |= {file.path: file for file in found}
        if len(chosen) > CONTEXT_LIMIT:
            raise BriefError(f"the context names {len(chosen)} files; at most {CONTEXT_LIMIT} are allowed")
    for path, file in chosen.items():
        shown = safe(path, limit=120)
        if (why := check_path(path)) is not None:
            raise BriefError(f"{shown} cannot be given as context: {why}")
        if file.size is None:
            raise BriefError(f"{shown} cannot be given as context: it was not fetched into this clone")
        if file.size > FILE_LIMIT:
            raise BriefError(f"{shown} is larger than {FILE_LIMIT} bytes, the limit for a context file")
    return tuple(chosen[path] for path in sorted(chosen))


def _text(data: bytes, name: str) -> str:
    shown = safe(name, limit=120)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BriefError(f"{shown} is not UTF-8 text; leave it out of the context") from None
    if "\0" in text:
        raise BriefError(f"{shown} is a binary file; leave it out of the context")
    return text


def read_beginning(path: Path, size: int) -> bytes:
    """Read at most `size` bytes of a file, however large it is; a pipe in its place reads as empty."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(size) or b""


def read_instructions(root: Path, home: Path, pinned: InstructionPinned | None) -> tuple[Part, ...]:
    """Read the pinned instructions that a tool gives its model at the start, as far as the tool reads them.

    Raises:
        BriefError: One has changed since it was pinned, or cannot be read.

    """
    if pinned is None:
        return ()
    return tuple(
        Part(source.path, _pinned_text(_place(root, home, source.path), Tool(pinned.tool), source))
        for source in pinned.sources
        if source.load in (Load.ALWAYS, Load.TRUNCATED) and source.effective_size
    )


def _place(root: Path, home: Path, label: str) -> Path:
    return home / label.removeprefix("~/") if label.startswith("~/") else root / label


def _pinned_text(path: Path, tool: Tool, source: PinnedSource) -> str:
    try:
        data = read_beginning(path, source.size + 1)
    except OSError as error:
        raise BriefError(f"{safe(source.path, limit=120)} can no longer be read: {os_reason(error)}") from None
    if hashlib.sha256(data).hexdigest() != source.sha256:
        raise BriefError(f"{safe(source.path, limit=120)} has changed since it was pinned")
    if source.load == Load.TRUNCATED:
        return data[: source.effective_size].decode(errors="replace")
    return model_text(tool, data.decode(errors="replace"))
