"""Walkers of runs that are forked, so that a kill costs no new process that loads everything again."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from support.ledger.ledgers import new_id
from support.run.desks import Office

PROGRAM = Path(__file__).with_name("run_walker.py")
AT_ONCE = 2
NOWHERE = ("", 0)
"""A walker that does not kill itself."""


@dataclass
class Nursery:
    """A process that forks walkers, one after the other; see `run_walker.py`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pid: int = 0
    """The walker that walks now."""

    async def walk(self, office: Office, who: str, run_id: str, *, is_new: bool, kill: tuple[str, int]) -> int:
        """Let a walker walk to its end, and return its exit code."""
        self.writer.write(job_of(office, who, run_id, is_new=is_new, kill=kill) + b"\n")
        self.pid = int(await self.reader.readline())
        code = int(await self.reader.readline())
        self.pid = 0
        return code

    def kill_walker(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def job_of(office: Office, who: str, run_id: str, *, is_new: bool = True, kill: tuple[str, int] = NOWHERE) -> bytes:
    job = {"directory": str(office.directory), "base_url": office.base_url, "token": office.token}
    job |= {"state": office.state, "who": who, "run_id": run_id, "is_new": is_new, "kill": kill}
    return json.dumps(job).encode()


@contextlib.asynccontextmanager
async def nurseries(office: Office) -> AsyncIterator[list[Nursery]]:
    """Run nurseries that have walked a run of their own."""
    pairs = [socket.socketpair() for _ in range(AT_ONCE)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        job_of(replace(office, state="state-of-the-nurseries"), "nursery", new_id()),
        *(str(child.fileno()) for _, child in pairs),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        pass_fds=[child.fileno() for _, child in pairs],
    )
    for _, child in pairs:
        child.close()
    started = [Nursery(*(await asyncio.open_connection(sock=ours))) for ours, _ in pairs]
    try:
        yield started
    finally:
        for each in started:
            each.writer.close()
            await each.writer.wait_closed()
        assert await process.wait() == 0
