"""Locks on files, as the kernel sees them."""

from pathlib import Path


def is_waited_for(path: Path) -> bool:
    """Return whether the kernel knows of someone who waits for a lock on a file."""
    inode = f":{path.stat().st_ino} "
    return any("->" in line and inode in line for line in Path("/proc/locks").read_text().splitlines())
