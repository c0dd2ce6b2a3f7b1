"""Crashes: what a bug report may say. Places and types only, because a message or a local may hold anything."""

import errno
import traceback
from pathlib import Path

from console.services.system.os_reason import SHORTAGES


def crash_lines(error: BaseException) -> list[str]:
    """Return the lines that report a bug, without any values; one line if the system ran out of something."""
    if (words := _shortage(error)) is not None:
        return [words]
    frames = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-30)
    ]
    return [f"internal error, {type(error).__name__}. This is a bug; please report these lines:", *frames]


def _shortage(error: BaseException | None) -> str | None:
    """Return a message about what ran out, if that caused the error; None for any other error."""
    for _ in range(10):  # an error may be its own cause
        match error:
            case MemoryError():
                return SHORTAGES[errno.ENOMEM]
            case OSError(errno=int(number)) if number in SHORTAGES:
                return SHORTAGES[number]
            case BaseExceptionGroup(exceptions=(first, *_)):
                error = first
            case BaseException():
                error = error.__cause__ or error.__context__
            case _:
                return None
    return None
