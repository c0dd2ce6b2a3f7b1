"""Process hygiene: keeps a token out of core files, other processes and files that others can read."""

import contextlib
import ctypes
import os
import resource
import sys
from collections.abc import Mapping

DEBUGGABLE = "GATEWAY_CONSOLE_DEBUGGABLE"
"""Set to 1, this environment variable lets debuggers and profilers attach, and allows core files."""

_PR_SET_DUMPABLE = 4
"""prctl(2): with 0 no core file is written, and other processes of the same user cannot read this one's memory."""


_REPLACED: list[int] = []
"""The operator's umask, once `harden` has replaced it."""


def operators_umask() -> int:
    """Return the umask that the operator set: for files that are theirs, not the console's."""
    if _REPLACED:
        return _REPLACED[0]
    umask = os.umask(0o077)  # the only way to read it is to set it
    os.umask(umask)
    return umask


def harden(environment: Mapping[str, str] = os.environ) -> None:
    """Harden this process before it holds a token. Skip what a platform does not have."""
    _REPLACED.append(os.umask(0o077))
    if environment.get(DEBUGGABLE) == "1":
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
