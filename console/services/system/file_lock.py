"""A lock on a file that its writers replace: the second of two sees what the first wrote."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.services.system.private_file import shown

WAIT_S = 10.0
"""How long to wait for another writer, in seconds: writing takes some milliseconds."""
_LOOK_S = 0.01


@contextlib.contextmanager
def file_locked(path: Path, *, wait_s: float = WAIT_S) -> Iterator[bool]:
    """Hold the lock of a file, and yield whether the file exists: a missing one has no lock.

    Neither has one that cannot be opened, or whose file system has no locks, as some network file systems have none: a
    writer compares what is there with what it read in any case.

    Args:
        path: The file.
        wait_s: How long to wait for another process, in seconds.

    Raises:
        Problem: Another process holds it for longer than writing takes.

    """
    ends = time.monotonic() + wait_s
    while True:
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            yield False
            return
        except (OSError, ValueError):
            yield True
            return
        try:
            _take(file, path, ends)
            if _is_still(file, path):
                yield True
                return
        finally:
            os.close(file)


def _take(file: int, path: Path, ends: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                raise Problem(
                    f"{shown(path)} is being changed by another process; end that one, or try again later",
                    ProblemKind.WAITING,
                ) from None
            time.sleep(_LOOK_S)
        except OSError:  # no locks here
            return
        else:
            return


def _is_still(file: int, path: Path) -> bool:
    """Return whether a file was not replaced while its lock was waited for."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
