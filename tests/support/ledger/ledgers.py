"""What tests of the ledger write into it, and how they get behind its back."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.waiting import HANG_S

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import Line, NewLine
from console.domain.ledger.ulid import new_run_id
from console.services.ledger.ledger import Holder, Ledger, Summary
from console.services.ledger.sqlite import FILE_NAME
from console.services.system.clock import unix_ms

ANN = Actor(ActorKind.OPERATOR, "ann")
BOB = Actor(ActorKind.OPERATOR, "bob")
CREATED = NewLine("RunCreated", None, 0, canonical({"repository": "example.org/team/app"}))
BOOT_MS = 50_000
"""Since boot, in tests in which no time passes: no lease ends because a process was slow."""


@dataclass
class Clock:
    """Both clocks of a machine, which a test sets."""

    unix_ms: int = 1_790_000_000_000
    boot_ms: int = BOOT_MS

    def unix(self) -> int:
        return self.unix_ms

    def boot(self) -> int:
        return self.boot_ms

    def passes(self, ms: int) -> None:
        self.unix_ms += ms
        self.boot_ms += ms


@dataclass
class Beats:
    """A sleep that ends when a test says so."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, _: float) -> None:
        self.asked.set()
        await self._waiting.wait()
        self._waiting.clear()

    async def beat(self) -> None:
        """Let one sleep end, and return when the next one begins."""
        await self.asked.wait()
        self.asked.clear()
        self._waiting.set()
        await self.asked.wait()

    async def beat_last(self) -> None:
        """Let the last sleep end."""
        await self.asked.wait()
        self._waiting.set()


def new_id() -> str:
    return new_run_id(unix_ms, os.urandom)


def summary(run_id: str, status: str = "waiting", gate: str = "planner", attempt: int = 1) -> Summary:
    return Summary(run_id, "example.org/team/app", gate, status, 1, 2, attempt, is_simulated=True)


def score(total: int = 88) -> NewLine:
    return NewLine("ReviewScored", "reviewer", 1, canonical({"total": total}))


def decision(verdict: str = "ready", gate: str = "reviewer", attempt: int = 1) -> NewLine:
    return NewLine("GateDecided", gate, attempt, canonical({"verdict": verdict}))


def call(kind: str, call_id: str = "call-1") -> NewLine:
    return NewLine(kind, "writer", 1, b"{}", call_id)


def holder(name: str = "ann", host: str = "0123456789ab", pid: int = 7, started: int = 99) -> Holder:
    return Holder(name, host, pid, started)


async def begun(ledger: Ledger, run_id: str | None = None) -> Line:
    """Begin a run and return its first line."""
    run_id = run_id or new_id()
    (line,) = await ledger.create(run_id, [CREATED], actor=ANN, summary=summary(run_id))
    return line


async def appended(ledger: Ledger, after: Line, *new: NewLine, actor: Actor = ANN, fence: int | None = None) -> Line:
    """Append to a run and return its last line."""
    lines = await ledger.append(
        after.run_id, new, expected_head=after.sha256, actor=actor, summary=summary(after.run_id), fence=fence
    )
    return lines[-1]


@contextmanager
def behind(directory: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger's file as anybody could who may write to it; what keeps lines from being changed is put back."""
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as connection:
        kept = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE type = 'trigger' OR name = 'decided_once'"
        ).fetchall()
        for kind, name, _ in kept:
            connection.execute(f"DROP {kind} {name}")
        yield connection
        for _, _, sql in kept:
            with suppress(sqlite3.IntegrityError):  # an edit may double a decision, which the index does not take
                connection.execute(sql)


class LedgerProcess:
    """A process of its own that uses a ledger as its role says; see `ledger_process.py`."""

    def __init__(self, role: str, directory: Path, *arguments: str) -> None:
        program = Path(__file__).with_name("ledger_process.py")
        self._process = subprocess.Popen(
            [sys.executable, program, role, directory, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self) -> object:
        """Return what it says next; None where it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line.endswith("\n") else None

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def send(self, signal: int) -> None:
        self._process.send_signal(signal)

    def kill(self) -> list[object]:
        """End it at once; return what it still said."""
        self._process.kill()
        return self.rest()

    def rest(self) -> list[object]:
        """Wait for its end and return what it still said."""
        said = list(iter(self.read, None))
        self.returncode = self._process.wait(timeout=HANG_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return said


@contextmanager
def processes(role: str, directory: Path, *arguments: str, count: int = 1) -> Iterator[list[LedgerProcess]]:
    """Run so many processes, and leave none behind."""
    started = [LedgerProcess(role, directory, *arguments, str(number)) for number in range(count)]
    try:
        yield started
    finally:
        for process in started:
            if process._process.poll() is None:
                process.kill()
            for pipe in (process._process.stdin, process._process.stdout):
                if pipe is not None:
                    pipe.close()
