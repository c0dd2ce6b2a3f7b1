"""The ways to hold a program, and which of them this machine has."""

import shutil

from support.referees.not_tested import not_tested

from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard
from console.services.system.confined_child import landlock_version

WAYS = [FileGuard.BUBBLEWRAP, FileGuard.LANDLOCK, FileGuard.NONE]
_CAN_RESTRICT_TCP = 4


def require(files: FileGuard) -> Isolation:
    """Return what holds a program in a way; say so loudly where this machine does not have it."""
    if files is FileGuard.BUBBLEWRAP and shutil.which("bwrap") is None:
        not_tested("bubblewrap", "it is not installed; apt-get install -y --no-install-recommends bubblewrap")
    if files is FileGuard.LANDLOCK and not landlock_version():
        not_tested("Landlock", "this kernel has none")
    is_network_held = files is not FileGuard.NONE and landlock_version() >= _CAN_RESTRICT_TCP
    return Isolation(files, NetworkGuard.LANDLOCK if is_network_held else NetworkGuard.NONE)
