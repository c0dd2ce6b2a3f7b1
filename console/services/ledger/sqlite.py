"""The ledger in one SQLite file, for all consoles of one user on one machine.

Each append is one transaction that is on the disk when it returns (write-ahead log, synchronous=FULL). It survives the
process and a power failure, but not the disk.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self, TypeVar

from console.domain.ledger.actor import Actor
from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.line import ChainFault, Line, NewLine
from console.domain.ledger.stored import StoredLine
from console.domain.ledger.ulid import new_run_id
from console.domain.text.safe import safe
from console.services.ledger import checkpoints, lines, transactions
from console.services.ledger.holder import is_dead
from console.services.ledger.leak import leak_refusal
from console.services.ledger.leases import Leases
from console.services.ledger.ledger import EVERY_RUN, Holder, Lease, Ledger, LedgerError, Summary, Wanted
from console.services.ledger.lines import Append
from console.services.ledger.schema import connect, reporting
from console.services.ledger.thread import LedgerThread
from console.services.ledger.transactions import Outcome
from console.services.system.clock import boot_ms, unix_ms
from console.services.system.private_file import PrivateFileError
from console.services.system.sqlite_file import copy_to_look, linux_mounts, require_local, require_place

if TYPE_CHECKING:
    from sqlite3 import Connection

FILE_NAME = "runs.db"
_Value = TypeVar("_Value")


_GROUP = 256
"""The most appends in one transaction: other consoles wait while it is written."""


@dataclass(slots=True)
class _Ticket:
    """An append that waits, and its outcome."""

    wanted: Append
    is_wanted: bool = True
    """Whether its author still waits."""
    outcome: Outcome | None = None


class SqliteLedger(Ledger):
    """An open ledger. All of its IO happens in its own thread; `open` opens it."""

    def __init__(
        self,
        path: Path,
        connection: "Connection",
        log_id: str,
        worker: LedgerThread,
        leases: Leases,
        *,
        clock: Callable[[], int],
        is_hit: Callable[[str], bool] | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._leases = leases
        self._clock = clock
        self._is_hit = is_hit
        self._sleep = sleep
        self._tickets: deque[_Ticket] = deque()
        self._copies: TemporaryDirectory[str] | None = None
        self.log_id = log_id
        """The ledger's id."""
        self.where = safe(str(path))
        """Where it is, safe to display."""
        self.path: Path = path
        """Its file, which other processes may open to read."""
        self.beside = path.parent
        """The state directory."""

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        clock: Callable[[], int] = unix_ms,
        boot_clock: Callable[[], int] = boot_ms,
        random: Callable[[int], bytes] = os.urandom,
        is_hit: Callable[[str], bool] | None = None,
        is_dead: Callable[[Holder], bool] = is_dead,
        mounts: Callable[[], str] = linux_mounts,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        deadline_s: float = 10.0,
        time_limit: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
        is_looking: bool = False,
    ) -> Self:
        """Open the ledger of a state directory; create both if missing.

        Args:
            directory: The state directory.
            clock: Returns the Unix time in ms.
            boot_clock: Returns the ms since boot.
            random: Returns that many random bytes.
            is_hit: Returns whether a text holds a value that is known to be secret.
            is_dead: Returns whether a holder of a lease is known to be dead.
            mounts: Returns the text of a mountinfo file.
            sleep: Waits for that many seconds.
            deadline_s: How long an operation may take.
            time_limit: Raises TimeoutError inside the block after that many seconds.
            is_looking: Whether a read-only directory is acceptable: a copy of its ledger is opened then.

        Raises:
            LedgerError: It cannot be used, is on a network file system, or other users could read or change it.

        """
        copies = None

        def start() -> "tuple[Path, Connection, str]":
            nonlocal copies
            try:
                require_local(directory, mounts)
                if is_looking and (copied := copy_to_look(directory, FILE_NAME)) is not None:
                    copies, path = copied
                else:
                    path = require_place(directory, FILE_NAME)
            except PrivateFileError as error:
                raise LedgerError(str(error), is_unsafe=error.is_unsafe) from None
            return path, *connect(path, lambda: new_run_id(clock, random))

        worker = LedgerThread("ledger", deadline_s, time_limit)
        try:
            path, connection, log_id = await worker.run(start)
        except BaseException:
            worker.close()
            if copies is not None:
                copies.cleanup()
            raise
        leases = Leases(connection, clock, boot_clock, is_dead)
        ledger = cls(path, connection, log_id, worker, leases, clock=clock, is_hit=is_hit, sleep=sleep)
        ledger._copies = copies
        return ledger

    async def create(
        self, run_id: str, new_lines: Sequence[NewLine], *, actor: Actor, summary: Summary
    ) -> tuple[Line, ...]:
        """Begin a run with its first lines; see `Ledger`."""
        return await self._append(Append(run_id, new_lines, None, actor, summary))

    async def append(
        self,
        run_id: str,
        new_lines: Sequence[NewLine],
        *,
        expected_head: str,
        actor: Actor,
        summary: Summary,
        fence: int | None = None,
    ) -> tuple[Line, ...]:
        """Append all of some lines, or none; see `Ledger`."""
        return await self._append(Append(run_id, new_lines, expected_head, actor, summary, fence))

    async def _append(self, wanted: Append) -> tuple[Line, ...]:
        self._require_own()
        ticket = _Ticket(wanted)
        self._tickets.append(ticket)
        try:
            return await self._run(partial(self._settle, ticket))
        finally:
            ticket.is_wanted = False  # the author who left before its turn wants nothing stored

    def _settle(self, ticket: _Ticket) -> tuple[Line, ...]:
        """Append what waits, all in one transaction, unless an earlier author has done so; return one's own lines."""
        if ticket.outcome is None:
            group: list[_Ticket] = []
            while self._tickets and len(group) < _GROUP:
                each = self._tickets.popleft()
                if each.is_wanted and not self._is_leaking(each):
                    group.append(each)
            self._store(group)
        if ticket.outcome is None and not self._is_leaking(
            ticket
        ):  # an error that no outcome is made of ended its group
            self._store([ticket])
        if ticket.outcome is None or isinstance(ticket.outcome, Exception):
            raise ticket.outcome or LedgerError("the ledger did not say whether it was stored; read the run again")
        return ticket.outcome

    def _store(self, group: Sequence[_Ticket]) -> None:
        wanted = [each.wanted for each in group]
        outcomes = transactions.append_all(
            self._connection, wanted, log_id=self.log_id, at_ms=lambda: max(self._clock(), 0)
        )
        for each, outcome in zip(group, outcomes, strict=True):
            each.outcome = outcome

    def _is_leaking(self, ticket: _Ticket) -> bool:
        """Refuse lines that seem to hold a secret, or cannot be checked for one, before the ledger is locked."""
        wanted = ticket.wanted
        try:
            ticket.outcome = leak_refusal(wanted.run_id, wanted.new_lines, wanted.actor, wanted.summary, self._is_hit)
        except Exception as error:  # noqa: BLE001  # raised again where its author waits, who may be another one
            ticket.outcome = error
            return True
        return ticket.outcome is not None

    async def log_of(self, run_id: str) -> str:
        """Return this ledger's own id: nothing is copied into it; see `Ledger`."""
        return self.log_id

    async def read(self, run_id: str) -> tuple[Line, ...]:
        """Return a run's lines as stored; see `Ledger`."""
        return await self._run(partial(lines.read, self._connection, run_id))

    async def stored(self, run_id: str) -> tuple[StoredLine, ...]:
        """Return the fields of a run's lines as they are stored; see `Ledger`."""
        return await self._run(partial(lines.stored, self._connection, run_id))

    async def last_place(self) -> int:
        """Return the position of the last line of all runs; see `Ledger`."""
        return await self._run(partial(lines.last_place, self._connection))

    async def check(self, run_id: str) -> tuple[ChainFault, ...]:
        """Return where a run's lines differ from what was written; see `Ledger`."""
        return await self._run(partial(lines.check, self._connection, self.log_id, run_id))

    async def head(self, run_id: str) -> str:
        """Return the hash of a run's last line; see `Ledger`."""
        return await self._run(partial(lines.head, self._connection, run_id))

    async def head_of(self, run_id: str, count: int) -> str | None:
        """Return the hash of a run's line by its number; see `Ledger`."""
        return await self._run(partial(lines.head_of, self._connection, run_id, count))

    async def runs(self, limit: int, wanted: Wanted = EVERY_RUN) -> tuple[Summary, ...]:
        """Return the runs that are wanted, newest first; see `Ledger`."""
        return await self._run(partial(transactions.runs, self._connection, limit, wanted))

    async def run_ids(self) -> tuple[str, ...]:
        """Return the ids of all runs; see `Ledger`."""
        return await self._run(partial(lines.run_ids, self._connection))

    async def unsummarised(self) -> tuple[str, ...]:
        """Return the runs whose entries are not complete; see `Ledger`."""
        return await self._run(partial(lines.unsummarised, self._connection))

    async def summarise_again(self, run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]) -> None:
        """Write a run's entry again; see `Ledger`."""
        await self._run(partial(transactions.summarise_again, self._connection, run_id, summarise))

    async def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint of a run; see `Ledger`."""
        self._require_own()
        await self._run(partial(checkpoints.add_checkpoint, self._connection, checkpoint))

    async def checkpoints(self, run_id: str) -> tuple[Checkpoint, ...]:
        """Return a run's checkpoints; see `Ledger`."""
        return await self._run(partial(checkpoints.checkpoints_of, self._connection, run_id))

    async def tombstone(self, run_id: str) -> Checkpoint | None:
        """Return what is left of a run that was pruned; see `Ledger`."""
        return await self._run(partial(checkpoints.tombstone, self._connection, run_id))

    async def tombstones(self) -> tuple[Checkpoint, ...]:
        """Return what is left of all runs that were pruned; see `Ledger`."""
        return await self._run(partial(checkpoints.tombstones, self._connection))

    async def named_runs(self) -> frozenset[str]:
        """Return the runs that have a checkpoint or a tombstone; see `Ledger`."""
        return await self._run(partial(checkpoints.named_runs, self._connection))

    async def prune(self, tombstone: Checkpoint) -> None:
        """Delete a run's lines, and leave its tombstone; see `Ledger`."""
        self._require_own()
        await self._run(partial(checkpoints.prune, self._connection, tombstone))

    def _require_own(self) -> None:
        if self.is_copy:
            raise LedgerError("the state directory is read-only, so nothing can be stored in it")

    async def rebuild(self, summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
        """Rebuild all summaries from the lines; see `Ledger`."""
        return await self._run(partial(transactions.rebuild, self._connection, summarise))

    async def acquire(self, run_id: str, holder: Holder) -> Lease:
        """Take the right to step a run; see `Ledger`."""
        return await self._run(partial(self._leases.acquire, run_id, holder))

    async def renew(self, lease: Lease) -> None:
        """Extend a lease, counted from now; see `Ledger`."""
        await self._run(partial(self._leases.renew, lease))

    async def release(self, lease: Lease) -> None:
        """Release a lease; see `Ledger`."""
        await self._run(partial(self._leases.release, lease))

    async def changes(self, *, interval_s: float = 0.1) -> AsyncIterator[frozenset[str]]:
        """Yield the runs that were appended to since the first look; see `Ledger`."""
        place = await self._run(partial(lines.last_place, self._connection))
        while True:
            place, changed = await self._run(partial(transactions.appended_since, self._connection, place))
            if changed:
                yield changed
            await self._sleep(interval_s)

    async def close(self) -> None:
        """Close the file, after finishing what has begun."""
        try:
            await self._worker.run(self._connection.close)
        finally:
            self._worker.close()
            if self._copies is not None:
                self._copies.cleanup()

    @property
    def is_copy(self) -> bool:
        """Whether this is a copy of a read-only ledger: readable, but not for appending."""
        return self._copies is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, work: Callable[[], _Value]) -> _Value:
        def perform() -> _Value:
            with reporting(self.path):
                return work()

        return await self._worker.run(perform)
