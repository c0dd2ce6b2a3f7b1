"""A cache of files: each is read once, within limits of size and number, and the bytes read are the bytes hashed."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from console.services.system.os_reason import os_reason

FILE_LIMIT = 4 * 1024 * 1024
"""The most bytes of one file; no tool reads a larger one either."""
FILES_LIMIT = 500
TOTAL_LIMIT = 16 * 1024 * 1024
TOO_MANY = f"comes after {FILES_LIMIT} files or {TOTAL_LIMIT >> 20} MiB were read"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was read."""

    path: Path
    """As the tool names it, including symbolic links."""
    real: Path
    data: bytes = b""
    why_not: str = ""
    """Why it could not be read, in our own words; empty if it was."""
    is_file: bool = True
    """Whether it is a regular file."""

    @property
    def sha256(self) -> str | None:
        """The hash of the raw bytes; None if it was not read."""
        return None if self.why_not else hashlib.sha256(self.data).hexdigest()

    @property
    def text(self) -> str:
        """The bytes as text; invalid UTF-8 becomes replacement characters, as in the tools."""
        return self.data.decode("utf-8", "replace")

    @property
    def is_blank(self) -> bool:
        """Whether a tool that skips blank text skips it."""
        return not self.text.strip()


def exists(path: Path, *, if_unknown: bool = False) -> bool:
    """Return whether anything exists at a path, even a dangling link.

    Args:
        path: Where to look.
        if_unknown: What to return if the directory cannot be searched.

    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return if_unknown
    return True


def is_file(path: Path) -> bool:
    """Return whether a path leads to a regular file."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


@dataclass(slots=True)
class FileCache:
    """The files that one search reads, each once."""

    files: dict[Path, ReadFile] = field(default_factory=dict)
    total: int = 0

    def read(self, path: Path) -> ReadFile:
        """Read a file; a pipe or device in its place does not block the caller."""
        if path not in self.files:
            self.files[path] = self._read(path)
        return self.files[path]

    def _read(self, path: Path) -> ReadFile:
        real = Path(os.path.realpath(path))
        if len(self.files) >= FILES_LIMIT or self.total > TOTAL_LIMIT:
            return ReadFile(path, real, why_not=TOO_MANY)
        try:
            data = _bytes_of(path)
        except _NotReadError as error:
            return ReadFile(path, real, why_not=str(error), is_file=error.is_file)
        except FileNotFoundError:
            return ReadFile(path, real, why_not="is a dangling symbolic link", is_file=False)
        except OSError as error:
            return ReadFile(path, real, why_not=f"cannot be read ({os_reason(error)})")
        except ValueError:
            return ReadFile(path, real, why_not="has a name that no file can have")
        self.total += len(data)
        return ReadFile(path, real, data)


class _NotReadError(Exception):
    """The path is not read; the message says why."""

    def __init__(self, words: str, *, is_file: bool) -> None:
        super().__init__(words)
        self.is_file = is_file


def _bytes_of(path: Path) -> bytes:
    """Return a regular file's bytes.

    Raises:
        _NotReadError: It is not a regular file, or too large.
        OSError: It cannot be read.

    """
    _require_file(path.stat().st_mode)  # before opening it, as that may trigger a device
    # O_NONBLOCK: a pipe that replaced the file since then must not block the console.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        _require_file(os.fstat(file.fileno()).st_mode)
        data = b""
        while len(data) <= FILE_LIMIT and (piece := file.read(FILE_LIMIT + 1 - len(data))):
            data += piece
    if len(data) > FILE_LIMIT:
        raise _NotReadError(f"is larger than {FILE_LIMIT >> 20} MiB", is_file=True)
    return data


def _require_file(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise _NotReadError("is a directory" if stat.S_ISDIR(mode) else "is not a regular file", is_file=False)
