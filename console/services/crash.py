"""Crashes: what may be said of a bug. Places and types only, because a message or a local may hold anything."""

import traceback
from pathlib import Path


def crash_lines(error: BaseException) -> list[str]:
    """Return the lines that report a bug, with no value in them."""
    frames = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-30)
    ]
    return [f"internal error, {type(error).__name__}. This is a bug; please report these lines:", *frames]
