"""How other processes on this machine see this one, and whether another one is dead."""

import hashlib
import os
import socket
from pathlib import Path

from console.domain.text.safe import safe
from console.services.ledger.ledger import Holder

_PROC = Path("/proc")


def this_process(name: str) -> Holder:
    """Return this process as a holder of leases.

    Args:
        name: The operator's name.

    """
    try:
        started = _started(os.getpid()) or 0
    except OSError:
        started = 0
    return Holder(safe(name, limit=64), _host(), os.getpid(), started)


def is_dead(holder: Holder) -> bool:
    """Return whether a holder is known to be dead; one on another machine, or that we cannot see, never is."""
    if holder.started == 0 or holder.host != _host():
        return False
    try:
        return _started(holder.pid) != holder.started
    except OSError:
        return False


def _host() -> str:
    """Return a key that two processes share only if their pids and clocks since boot can be compared."""
    parts = [socket.gethostname()]
    try:
        parts += [(_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")]
        parts += [(_PROC / "self/ns/pid").readlink().name]
    except OSError:
        parts += ["no /proc"]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()[:12]


def _started(pid: int) -> int | None:
    """Return when a process started, in ticks since boot; None if it is not running.

    Raises:
        OSError: It may be running, but may not be inspected.

    """
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(b")")[2].split()  # the name before it may contain anything
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19])
