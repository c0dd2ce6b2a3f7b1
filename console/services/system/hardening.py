"""Process hygiene: what keeps a token out of core files, other processes' eyes and files that others read."""

import contextlib
import ctypes
import os
import resource
import sys
from collections.abc import Mapping

DEBUGGABLE = "GATEWAY_CONSOLE_DEBUGGABLE"
"""Set to 1, this environment variable lets debuggers and profilers attach, and core files be written."""

_PR_SET_DUMPABLE = 4
"""prctl(2): with 0 no core file is written, and other processes of the same user cannot read this one's memory."""


def harden(environment: Mapping[str, str] = os.environ) -> None:
    """Harden this process before it holds a token. What a platform does not have is left out."""
    os.umask(0o077)
    if environment.get(DEBUGGABLE) == "1":
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
