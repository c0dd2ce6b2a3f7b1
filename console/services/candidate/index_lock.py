"""The lock of a repository's index: git's own file, which keeps every other git from writing the index meanwhile."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe


class ApplyError(Problem):
    """The patch was not applied, and the repository is as it was; the message says why and what to do."""

    kind = ProblemKind.BLOCKED


@contextlib.contextmanager
def index_lock(index: Path) -> Iterator[Path]:
    """Hold the lock; yield its file, which becomes the index when it is moved to the index's place.

    Raises:
        ApplyError: Another git command holds it, or left it behind.

    """
    lock = index.with_name(f"{index.name}.lock")
    try:
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        raise ApplyError(
            f"{safe(str(lock))} exists: another git command is running, or one was killed. Wait for it, or remove the"
            " file; nothing was applied"
        ) from None
    try:
        yield lock
    finally:
        lock.unlink(missing_ok=True)


def fill(lock: Path, made: Path) -> None:
    """Write an index into the lock's file, with its time, which shows git which entries are too recent to trust."""
    found = made.stat()
    with lock.open("wb") as file:
        file.write(made.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    os.utime(lock, ns=(found.st_atime_ns, found.st_mtime_ns))
