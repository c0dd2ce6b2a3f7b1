"""What a worker says of itself in the store, and what everyone reads of all of them."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from console import __version__
from console.domain.text.safe import safe
from console.services.ledger.postgres.database import Database
from console.services.system.clock import unix_ms
from console.services.system.leak_guard import LEAK_GUARD

if TYPE_CHECKING:
    from psycopg import Connection

ALIVE_MS = 30_000
"""How old the heartbeat of a worker may be; an older one counts as dead, and its jobs are failed."""
_MOST = 40
_LIMIT = 300


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker does, as it says itself."""

    doing: dict[str, str] = {}
    """By run or profile: at which gate."""
    passed: dict[str, str] = {}
    """By run: why this worker cannot take it."""
    failed: dict[str, str] = {}
    """By run or profile: why the last job of it failed here."""
    is_draining: bool = False


class WorkerSeen(msgspec.Struct, frozen=True):
    """A worker as everyone sees it."""

    name: str
    host: str
    """A digest of the machine's name."""
    version: str
    since_ms: int
    """Unix time."""
    beat_ms: int
    """Unix time of its last heartbeat."""
    age_ms: int
    """How long ago that was, by the database's clock."""
    said: Said

    @property
    def is_alive(self) -> bool:
        """Whether its heartbeat is fresh."""
        return self.age_ms < ALIVE_MS


class Queue(msgspec.Struct, frozen=True):
    """The jobs of one kind."""

    task: str
    waiting: int
    running: int
    failed: int
    """In the last day."""


class Presence:
    """What this worker says; kept in the store whenever it changes, by `keep_going`."""

    def __init__(self, database: Database, name: str, host: str, *, now_ms: Callable[[], int] = unix_ms) -> None:
        """Prepare to say something; nothing is written yet.

        Args:
            database: The store.
            name: The worker's name.
            host: A digest of the machine's name.
            now_ms: The wall clock.

        """
        self._database = database
        self.name = name
        self._host = host
        self._since_ms = now_ms()
        self.job_worker = 0
        """Procrastinate's id of this worker, under which its heartbeats are."""
        self._doing: dict[str, str] = {}
        self._passed: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._is_draining = False
        self._changed = asyncio.Event()

    @property
    def said(self) -> Said:
        """What it says now."""
        return Said(dict(self._doing), dict(self._passed), dict(self._failed), self._is_draining)

    def began(self, job_worker: int) -> None:
        """Take the id under which this worker's heartbeats are from now on."""
        self.job_worker = job_worker
        self._changed.set()

    def does(self, what: str, words: str) -> None:
        """Say what it does for a run or a profile."""
        self._doing[what] = _shareable(words)
        self._changed.set()

    def did(self, what: str) -> None:
        """Say that this ended."""
        if self._doing.pop(what, None) is not None:
            self._changed.set()

    def passes(self, run_id: str, why: str) -> bool:
        """Say why it passes over a run; return whether that is new."""
        return self._notes(self._passed, run_id, why)

    def fails(self, what: str, why: str) -> None:
        """Say why a job failed."""
        self._notes(self._failed, what, why)

    def succeeds(self, what: str) -> None:
        """Say that a job ended well, whatever the last one did."""
        if self._failed.pop(what, None) is not None:
            self._changed.set()

    def _notes(self, notes: dict[str, str], what: str, why: str) -> bool:
        """Keep the newest notes; return whether this one is new."""
        words = _shareable(why)
        is_new = notes.pop(what, None) != words
        notes[what] = words
        while len(notes) > _MOST:
            del notes[next(iter(notes))]
        if is_new:
            self._changed.set()
        return is_new

    def takes(self, run_id: str) -> None:
        """Say that it does not pass over a run any more."""
        if self._passed.pop(run_id, None) is not None:
            self._changed.set()

    def drains(self) -> None:
        """Say that it takes nothing new."""
        self._is_draining = True
        self._changed.set()

    async def keep_going(self) -> None:
        """Write what it says whenever that changes, until cancelled. Raises `LedgerError` if it cannot be written."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.keep()

    async def keep(self) -> None:
        """Write what it says now. Raises `LedgerError` if the store cannot be used."""
        said = msgspec.json.encode(self.said).decode()
        row = (self.name, self.job_worker, self._host, __version__, self._since_ms, said)

        def keep(connection: "Connection") -> None:
            connection.execute("SELECT gateway_console.keep_worker(%s, %s, %s, %s, %s, %s::jsonb)", row)

        await self._database.run(keep)

    async def forget(self) -> None:
        """Take this worker out of the list. Raises `LedgerError` if the store cannot be used."""
        await self._database.run(lambda each: each.execute("SELECT gateway_console.forget_worker(%s)", (self.name,)))


async def read_workers(database: Database) -> tuple[WorkerSeen, ...]:
    """Return all workers, the oldest first. Raises `LedgerError` if the store cannot be used."""

    def read(connection: "Connection") -> tuple[WorkerSeen, ...]:
        rows = connection.execute(
            "SELECT name, host, version, since_ms, beat_ms, age_ms, said::text FROM gateway_console.workers()"
        ).fetchall()
        return tuple(
            WorkerSeen(
                safe(name, limit=40), safe(host, limit=64), safe(version, limit=40), since, beat, age, _said(said)
            )
            for name, host, version, since, beat, age, said in rows
        )

    return await database.run(read)


async def read_queues(database: Database) -> tuple[Queue, ...]:
    """Return the jobs by kind. Raises `LedgerError` if the store cannot be used."""

    def read(connection: "Connection") -> tuple[Queue, ...]:
        rows = connection.execute("SELECT task, waiting, running, failed FROM gateway_console.queues()").fetchall()
        return tuple(Queue(safe(task, limit=60), waiting, running, failed) for task, waiting, running, failed in rows)

    return await database.run(read)


def _said(text: str) -> Said:
    """Return what a worker said; nothing if it is of a version whose words this one cannot read."""
    try:
        said = msgspec.json.decode(text, type=Said)
    except msgspec.MsgspecError:
        return Said()
    return Said(_safe(said.doing), _safe(said.passed), _safe(said.failed), said.is_draining)


def _shareable(words: str) -> str:
    """Return words that everyone of the team may read: without a token that this process knows."""
    return safe(LEAK_GUARD.redact(words), limit=_LIMIT)


def _safe(notes: dict[str, str]) -> dict[str, str]:
    return {safe(key, limit=60): safe(each, limit=_LIMIT) for key, each in notes.items()}
