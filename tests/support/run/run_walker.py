"""Processes that walk runs: `python run_walker.py JOB SOCKET…` forks one for each line that a socket gives.

A job is JSON: the office, who walks, the run, whether to begin it, and where the process is to kill itself. The first
job is done before anything forks, so that a hundred walks need not load and read a hundred times what does not change.
For each further job its walker's pid and its end are said.
"""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from support.run.desks import Office

from console.domain.ledger.line import Line
from console.domain.run.command import AllowRepeat, operator_verdict
from console.domain.run.state import Phase
from console.services.ledger.ledger import Ledger
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.session import stepping

Watch = Callable[[str, Sequence[Line]], None]
"""Told "before" each append, and "after" it with its lines."""


class WatchedLedger:
    """A ledger that tells before and after each append; all else is the ledger's own."""

    def __init__(self, ledger: Ledger, watch: Watch) -> None:
        self._ledger = ledger
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def create(self, *arguments: Any, **more: Any) -> tuple[Line, ...]:
        return await self._watched(self._ledger.create(*arguments, **more))

    async def append(self, *arguments: Any, **more: Any) -> tuple[Line, ...]:
        return await self._watched(self._ledger.append(*arguments, **more))

    async def _watched(self, appending: Any) -> tuple[Line, ...]:
        self._watch("before", ())
        lines: tuple[Line, ...] = await appending
        self._watch("after", lines)
        return lines


@dataclass
class Killer:
    """Kills this process before or after its nth append; never where that is 0."""

    side: str
    number: int
    seen: int = 0

    def watch(self, side: str, _: Sequence[Line]) -> None:
        self.seen += side == "before"
        if (side, self.seen) == (self.side, self.number):
            os.kill(os.getpid(), signal.SIGKILL)


async def walk(office: Office, who: str, run_id: str, *, is_new: bool, watch: Watch) -> None:
    """Walk a run to its end as its operator: decide as computed, and repeat a lost call once it was said to be lost."""
    async with office.desk() as opened:
        desk: RunContext = replace(opened, ledger=WatchedLedger(opened.ledger, watch))
        if is_new:
            log = await office.begin(desk, run_id=run_id)
        else:
            log = await RunLog.open(desk.ledger, run_id)
        async with stepping(desk, log) as stepper:
            while not log.state.is_over:
                async for _ in stepper.step():
                    pass
                if log.state.phase is Phase.LOST:
                    assert [news async for news in stepper.step()] == [], "a lost call was repeated by itself"
                    await command(desk, log, AllowRepeat(f"{who}: once more"))
                elif log.state.phase is Phase.WAITING:
                    await decide(desk, log, who)


async def decide(desk: RunContext, log: RunLog, who: str) -> None:
    state = log.state
    assert state.opened is not None
    verdict = operator_verdict(state, state.gate, state.opened.verdict, f"{who}: as computed here")
    await command(desk, log, verdict)


def perform(job: dict[str, Any]) -> None:
    office = Office(Path(job["directory"]), job["base_url"], job["token"], job["state"])
    killer = Killer(*job["kill"])
    asyncio.run(walk(office, job["who"], job["run_id"], is_new=job["is_new"], watch=killer.watch))


def serve(told: TextIO) -> None:
    """Fork a walker for each job, one after the other."""
    for job in map(json.loads, told):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                perform(job)
                code = 0
            finally:
                sys.excepthook(*sys.exc_info()) if code else None
                os._exit(code)
        say(told, pid)
        say(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def say(told: TextIO, number: int) -> None:
    told.write(f"{number}\n")
    told.flush()


def main(first_job: str, *sockets: str) -> None:
    perform(json.loads(first_job))
    for thread in set(threading.enumerate()) - {threading.main_thread()}:
        thread.join()
    gc.freeze()  # what forks share is not copied by looking through it
    for descriptor in sockets:
        if os.fork() == 0:
            with socket.socket(fileno=int(descriptor)).makefile("rw") as told:
                serve(told)
            return
    for _ in sockets:
        os.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
