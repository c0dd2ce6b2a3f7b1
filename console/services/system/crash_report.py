"""Crashes: what may be said of a bug. Places and types only, because a message or a local may hold anything."""

import errno
import traceback
from pathlib import Path


def crash_lines(error: BaseException) -> list[str]:
    """Return the lines that report a bug, with no value in them; one line where the system had nothing more to give."""
    if (words := _shortage(error)) is not None:
        return [words]
    frames = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-30)
    ]
    return [f"internal error, {type(error).__name__}. This is a bug; please report these lines:", *frames]


_SHORTAGES = {
    errno.EMFILE: "this process may open no more files; allow more, with: ulimit -n 1024",
    errno.ENFILE: "this machine has no more open files to give; close other programs, then try again",
    errno.ENOMEM: "there is no more memory to be had; close other programs, then try again",
    errno.ENOSPC: "the disk is full; free some space, then try again",
    errno.EDQUOT: "the disk quota is used up; free some space, then try again",
}


def _shortage(error: BaseException | None) -> str | None:
    """Return in words what ran out, where that is behind an error; None if it is another one."""
    for _ in range(10):  # an error may have itself as its cause
        match error:
            case MemoryError():
                return _SHORTAGES[errno.ENOMEM]
            case OSError(errno=int(number)) if number in _SHORTAGES:
                return _SHORTAGES[number]
            case BaseExceptionGroup(exceptions=(first, *_)):
                error = first
            case BaseException():
                error = error.__cause__ or error.__context__
            case _:
                return None
    return None
