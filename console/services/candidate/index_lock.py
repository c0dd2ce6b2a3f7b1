"""The lock of a repository's index: git's own file, which keeps every other git from writing the index meanwhile."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.system.hardening import operators_umask


class ApplyError(Problem):
    """The patch was not applied, and the repository is as it was; the message says why and what to do."""

    kind = ProblemKind.BLOCKED


def lock_of(index: Path) -> Path:
    """Return the lock's file, which exists while a git command holds it."""
    return index.with_name(f"{index.name}.lock")


def held(lock: Path) -> ApplyError:
    """Return what to do about a lock that exists."""
    return ApplyError(
        f"{safe(str(lock))} exists: another git command is running, or one was killed. Wait for it, or remove the file;"
        " nothing was applied"
    )


@contextlib.contextmanager
def index_lock(index: Path) -> Iterator[Path]:
    """Hold the lock; yield its file, which becomes the index when it is moved to the index's place.

    Raises:
        ApplyError: Another git command holds it, or left it behind.

    """
    lock = lock_of(index)
    try:
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        raise held(lock) from None
    try:
        yield lock
    finally:
        lock.unlink(missing_ok=True)


def fill(lock: Path, made: Path, index: Path) -> None:
    """Write an index into the lock's file: with its time, which shows git which entries are too recent to trust.

    Args:
        lock: The lock's file.
        made: The index to write.
        index: The index that it is to replace, whose mode it gets.

    """
    found = made.stat()
    mode = index.stat().st_mode & 0o777 if index.exists() else 0o666 & ~operators_umask()
    with lock.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(made.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    os.utime(lock, ns=(found.st_atime_ns, found.st_mtime_ns))
