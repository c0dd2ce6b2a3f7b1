"""A checkout: a working tree, and where git keeps its data. Nothing that the repository names is run."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.services.git.command import ask_git

_OBJECT_FORMAT = re.compile(rb"sha1|sha256")
_PATHS = ("objects", "index", "info/exclude", "info/sparse-checkout", "info/attributes")
_POINTER_BYTES = 4096
_POINTER = b"gitdir: "


class NoCheckoutError(Exception):
    """A directory is not in a working tree that git may be asked about."""


class EmbeddedBareError(NoCheckoutError):
    """The directory is in a bare repository that is among the files of another one.

    Its configuration consists of files that were committed there, so a plain clone brings it along.
    """

    def __init__(self, place: Path) -> None:
        super().__init__()
        self.place = place


@dataclass(frozen=True, slots=True)
class Checkout:
    """A working tree and its repository; all paths are absolute."""

    root: Path
    """The top of the working tree."""
    objects: Path
    index: Path
    """Git's directory. It need not exist: a repository without a commit has none."""
    excludes: Path
    """The repository's own ignore patterns; the file need not exist."""
    sparse: Path
    """The patterns of a sparse checkout; the file need not exist."""
    attributes: Path
    """The repository's own attributes of paths; the file need not exist."""
    object_format: str
    """`sha1` or `sha256`."""


async def find_checkout(directory: Path, environment: Mapping[str, str]) -> Checkout:
    """Find the working tree that a directory is in.

    Raises:
        EmbeddedBareError: Git would use a bare repository among the files of another one.
        NoCheckoutError: It is in none, in one that git does not trust, or in one whose working tree is elsewhere.
        NoGitError: Git cannot be started.

    """
    directory = Path(os.path.abspath(directory))  # noqa: ASYNC240, PTH100  # works on the string, not the disk
    places = ("--show-toplevel", "--absolute-git-dir")
    paths = [name for path in _PATHS for name in ("--git-path", path)]
    report = await ask_git(
        directory, environment, "rev-parse", "--path-format=absolute", "--show-object-format", *places, *paths
    )
    lines = report.tail.removesuffix(b"\n").split(b"\n")
    if not report.is_success or len(lines) != 3 + len(_PATHS) or _OBJECT_FORMAT.fullmatch(lines[0]) is None:
        if (place := _bare_above(directory)) is not None:
            raise EmbeddedBareError(place)
        raise NoCheckoutError
    root, git_dir, objects, index, excludes, sparse, attributes = (Path(os.fsdecode(line)) for line in lines[1:])
    if not _leads_to(root / ".git", git_dir):
        raise EmbeddedBareError(git_dir) if _bare_above(directory) is not None else NoCheckoutError
    return Checkout(root, objects, index, excludes, sparse, attributes, lines[0].decode())


def _leads_to(entry: Path, git_dir: Path) -> bool:
    """Return whether a working tree's `.git`, a directory or a file that points to one, is this directory."""
    try:
        if entry.is_dir():
            return entry.samefile(git_dir)
        descriptor = os.open(entry, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            pointer = (file.read(_POINTER_BYTES) or b"").rstrip(b"\n")
        return pointer.startswith(_POINTER) and (entry.parent / os.fsdecode(pointer.removeprefix(_POINTER))).samefile(
            git_dir
        )
    except (OSError, ValueError):
        return False


def _bare_above(directory: Path) -> Path | None:
    """Return the nearest directory upwards that git would use as a bare repository, inside a working tree."""
    real = Path(os.path.realpath(directory))
    for each in (real, *real.parents):
        if os.path.lexists(each / ".git"):
            return None
        if all(os.path.lexists(each / name) for name in ("HEAD", "objects", "refs")):
            return each
    return None
