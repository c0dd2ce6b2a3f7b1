"""Processes of this machine, and the end of each: waited for without a clock."""

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seen:
    """A process that was at work."""

    pid: int
    command: bytes
    handle: int
    """Its end can be waited for with this, whatever process gets its id next."""

    @property
    def is_supervisor(self) -> bool:
        return b"\0supervise\0" in self.command

    @property
    def is_agent(self) -> bool:
        """Whether it is the agent itself, and not what holds it."""
        words = self.command.split(b"\0")
        return (b"own_agent.py" in self.command and b"hold" not in words) or words[0].endswith(b"/codex")

    async def is_gone(self) -> None:
        """Wait until it has ended."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(self.handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self.handle)


def parents() -> dict[int, list[int]]:
    """Return the children of each process."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
            found.setdefault(parent, []).append(int(entry.name))
    return found


def descendants_of(pid: int) -> tuple[Seen, ...]:
    """Return all processes that a process has started, and that those have."""
    children, waiting, found = parents(), [pid], []
    while waiting:
        for child in children.get(waiting.pop(), []):
            waiting.append(child)
            with contextlib.suppress(OSError):
                handle = os.pidfd_open(child)
                found.append(Seen(child, Path(f"/proc/{child}/cmdline").read_bytes(), handle))
    return tuple(found)
