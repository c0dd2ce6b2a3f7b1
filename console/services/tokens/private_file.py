"""Private files: read only where nobody else can read or swap them, written whole or not at all."""

import contextlib
import os
import shlex
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from console.domain.event import TokenState
from console.domain.guard import safe
from console.services.tokens.store import StoreError


def read_private(path: Path, limit: int) -> bytes | None:
    """Read a file of this user's own; None where there is none.

    Args:
        path: The file; a symbolic link in its place is refused, and so is a pipe or a device.
        limit: The most bytes that it may have.

    Raises:
        StoreError: It is not safe to use, too large, or cannot be read.

    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if path.is_symlink():
            raise StoreError(TokenState.REFUSED, "the file is a symbolic link; name the file itself") from None
        raise _unreadable(error) from None
    try:
        check_private(os.fstat(descriptor), "file", "600", path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(error) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise StoreError(TokenState.REFUSED, f"the file is larger than {limit} bytes")
    return data


def _unreadable(error: OSError) -> StoreError:
    return StoreError(TokenState.UNAVAILABLE, f"the file cannot be read: {error.strerror or 'input/output error'}")


def shown(path: Path) -> str:
    """Return a path fit for a message, and for a shell where a command is named."""
    return shlex.quote(safe(str(path)))


def check_private(status: os.stat_result, kind: str, mode: str, path: Path) -> None:
    """Refuse a file or directory that others may read or write, or that is not what it should be.

    Raises:
        StoreError: It is refused.

    """
    is_kind = stat.S_ISDIR(status.st_mode) if kind == "directory" else stat.S_ISREG(status.st_mode)
    if not is_kind:
        raise StoreError(TokenState.REFUSED, f"this is no regular {kind}")
    if status.st_uid != os.geteuid():
        raise StoreError(TokenState.REFUSED, f"the {kind} belongs to another user; it must be your own")
    if status.st_mode & 0o077:
        raise StoreError(TokenState.REFUSED, f"other users may use the {kind}; run: chmod {mode} {shown(path)}")


def make_private_directory(path: Path) -> None:
    """Make a directory for this user alone, and its parents where they are missing.

    Raises:
        StoreError: It cannot be made, or others may use it.

    """
    try:
        for each in (*reversed(path.parents), path):
            if not each.exists():
                with contextlib.suppress(FileExistsError):
                    each.mkdir(mode=0o700)
        status = path.lstat()
    except OSError as error:
        raise StoreError(
            TokenState.UNAVAILABLE,
            f"the directory {shown(path)} cannot be made: {error.strerror or 'input/output error'}",
        ) from None
    check_private(status, "directory", "700", path)


def write_private(path: Path, data: bytes) -> None:
    """Write a file for this user alone; a reader sees the old file or the new one, never a part.

    Raises:
        StoreError: It cannot be written.

    """
    _put(path, data, os.replace)


def create_private(path: Path, data: bytes) -> bool:
    """Write a file that must not be there yet, whole or not at all; tell whether it was written.

    Raises:
        StoreError: It cannot be written.

    """
    try:
        _put(path, data, os.link)
    except FileExistsError:
        return False
    return True


def _put(path: Path, data: bytes, place: Callable[[str, Path], None]) -> None:
    make_private_directory(path.parent)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            place(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        _sync_directory(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise StoreError(
            TokenState.UNAVAILABLE, f"{shown(path)} cannot be written: {error.strerror or 'input/output error'}"
        ) from None


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
