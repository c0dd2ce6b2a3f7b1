"""The ways to hold a program, and which of them this machine has."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from support.referees.not_tested import not_tested

from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard
from console.services.system.confined_child import landlock_version
from console.services.system.confinement import find_isolation

EXCUSE_VARIABLE = "GATEWAY_CONSOLE_NO_BUBBLEWRAP"
"""Why bubblewrap cannot hold anything on this machine, as `.ci/run` found out."""
WAYS = [FileGuard.BUBBLEWRAP, FileGuard.LANDLOCK, FileGuard.NONE]
_CAN_RESTRICT_TCP = 4


def require(files: FileGuard) -> Isolation:
    """Return what holds a program in a way; say so loudly where this machine does not have it."""
    if files is FileGuard.BUBBLEWRAP and not _holds(files):
        how = "apt-get install -y --no-install-recommends bubblewrap"
        not_tested("bubblewrap", f"it is not installed, or may make no namespaces; {how}", EXCUSE_VARIABLE)
    if files is FileGuard.LANDLOCK and not _holds(files):
        pytest.skip("NOT TESTED against Landlock: this kernel has none")
    is_network_held = files is not FileGuard.NONE and landlock_version() >= _CAN_RESTRICT_TCP
    return Isolation(files, NetworkGuard.LANDLOCK if is_network_held else NetworkGuard.NONE)


def require_any() -> None:
    """Require that something holds a program here: without it, what an agent wrote waits for a person."""
    if not any(map(_holds, WAYS[:2])):
        pytest.skip("NOT TESTED: neither bubblewrap nor Landlock holds a program here")


@cache
def _holds(files: FileGuard) -> bool:
    """Return whether a way works here, as the product finds it out; in a thread, as a loop may be running."""
    path = os.environ["PATH"] if files is FileGuard.BUBBLEWRAP else "/nowhere"
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(find_isolation({"PATH": path}))).result().files is files
