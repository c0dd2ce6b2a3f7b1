"""A lock on a directory, which every writer of a file in it takes: the second of two sees what the first wrote."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from console.domain.problem import Problem
from console.domain.text.safe import safe
from console.services.system.os_reason import os_reason


@contextlib.contextmanager
def directory_locked(path: Path) -> Iterator[None]:
    """Hold the lock of a directory, which is made for this user alone if it is missing; wait for who holds it.

    Raises:
        Problem: It cannot be made or opened.

    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Problem(f"{safe(str(path))} cannot be written: {os_reason(error)}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
