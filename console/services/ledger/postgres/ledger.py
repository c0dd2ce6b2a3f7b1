"""The ledger in a PostgreSQL database, for consoles and workers on several machines.

The lines, their chain and what the tables refuse are those of the ledger in SQLite. An append whose commit was not
answered is settled: after the connection is back, it is looked for under the lock of its run.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from console.domain.ledger.actor import Actor
from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.line import ChainFault, Line, NewLine
from console.domain.ledger.stored import StoredLine
from console.domain.problem import ProblemKind
from console.services.ledger import checkpoints, lines
from console.services.ledger.holder import is_dead
from console.services.ledger.leak import leak_refusal
from console.services.ledger.ledger import EVERY_RUN, Holder, Lease, Ledger, LedgerError, Summary, Wanted
from console.services.ledger.lines import Append
from console.services.ledger.postgres import leases, transactions
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.failures import UnknownOutcomeError
from console.services.ledger.postgres.statements import Statements
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    import psycopg

CHANNEL = "gateway_console_run"
"""On which the database tells the id of each run with a new line."""
_Value = TypeVar("_Value")


class PostgresLedger(Ledger):
    """An open ledger; `open` opens it. Whoever opened the database closes it."""

    def __init__(
        self,
        database: Database,
        log_id: str,
        *,
        beside: Path,
        clock: Callable[[], int],
        is_hit: Callable[[str], bool] | None,
        is_dead: Callable[[Holder], bool],
    ) -> None:
        self._database = database
        self._clock = clock
        self._is_hit = is_hit
        self._is_dead = is_dead
        self._is_closed = False
        self.log_id = log_id
        """The store's own id."""
        self.where = database.where
        """Where it is, safe to display."""
        self.path: None = None
        """It is not a file."""
        self.beside = beside
        """A directory of this machine, apart from the store: the last checkpoint of each run goes there too."""

    @classmethod
    async def open(
        cls,
        database: Database,
        *,
        beside: Path,
        clock: Callable[[], int] = unix_ms,
        is_hit: Callable[[str], bool] | None = None,
        is_dead: Callable[[Holder], bool] = is_dead,
    ) -> Self:
        """Open the ledger of a database that was set up.

        Args:
            database: An open one.
            beside: A directory of this machine.
            clock: Returns the Unix time in ms.
            is_hit: Returns whether a text holds a value that is known to be secret.
            is_dead: Returns whether a holder of a lease is known to be dead.

        Raises:
            LedgerError: It has not been set up, or cannot be used.

        """
        log_id = await database.run(transactions.own_log)
        if log_id is None:
            raise LedgerError(
                f"{database.where} has no id of its own yet; run: gateway-console store migrate", ProblemKind.CONFIG
            )
        return cls(database, log_id, beside=beside, clock=clock, is_hit=is_hit, is_dead=is_dead)

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
        refused = leak_refusal(wanted.run_id, wanted.new_lines, wanted.actor, wanted.summary, self._is_hit)
        if refused is not None:
            raise refused
        tried: tuple[Line, ...] = ()

        def append(connection: "psycopg.Connection[Any]") -> tuple[Line, ...]:
            nonlocal tried
            tried = transactions.append(connection, wanted, log_id=self.log_id, at_ms=max(self._clock(), 0))
            return tried

        try:
            return await self._run(append, may_repeat=False)
        except UnknownOutcomeError:
            return await self._settled(tried)

    async def _settled(self, tried: tuple[Line, ...]) -> tuple[Line, ...]:
        """Return lines whose commit was not answered, if they are stored.

        Raises:
            LedgerError: They are not stored.
            UnknownOutcomeError: That could not be found out.

        """
        run_id = tried[-1].run_id
        try:
            is_stored = await self._run(partial(transactions.has_stored, tried=tried))
        except LedgerError as error:
            raise UnknownOutcomeError(
                f"{self.where} was cut off while it stored lines of run {run_id}, so whether it did is unknown;"
                " read the run again when the store can be reached", error.kind,
            ) from None  # fmt: skip
        if is_stored:
            return tried
        raise LedgerError(
            f"{self.where} was cut off before it stored lines of run {run_id}; nothing was stored, try again",
            ProblemKind.UNREACHABLE,
        )

    async def log_of(self, run_id: str) -> str:
        """Return the id of the log that a run's lines or its tombstone name; see `Ledger`."""
        return await self._run(partial(transactions.log_of, run_id=run_id, log_id=self.log_id))

    async def read(self, run_id: str) -> tuple[Line, ...]:
        """Return a run's lines as stored; see `Ledger`."""
        return await self._shared(lambda rows: lines.read(rows, run_id))

    async def stored(self, run_id: str) -> tuple[StoredLine, ...]:
        """Return the fields of a run's lines as they are stored; see `Ledger`."""
        return await self._shared(lambda rows: lines.stored(rows, run_id))

    async def last_place(self) -> int:
        """Return the position of the last line of all runs; see `Ledger`."""
        return await self._shared(lines.last_place)

    async def check(self, run_id: str) -> tuple[ChainFault, ...]:
        """Return where a run's lines differ from what was written; see `Ledger`."""
        return await self._run(
            lambda each: lines.check(Statements(each), transactions.log_of(each, run_id, self.log_id), run_id)
        )

    async def head(self, run_id: str) -> str:
        """Return the hash of a run's last line; see `Ledger`."""
        return await self._shared(lambda rows: lines.head(rows, run_id))

    async def head_of(self, run_id: str, count: int) -> str | None:
        """Return the hash of a run's line by its number; see `Ledger`."""
        return await self._shared(lambda rows: lines.head_of(rows, run_id, count))

    async def runs(self, limit: int, wanted: Wanted = EVERY_RUN) -> tuple[Summary, ...]:
        """Return the runs that are wanted, newest first; see `Ledger`."""
        return await self._run(partial(transactions.runs, limit=limit, wanted=wanted))

    async def run_ids(self) -> tuple[str, ...]:
        """Return the ids of all runs; see `Ledger`."""
        return await self._shared(lines.run_ids)

    async def unsummarised(self) -> tuple[str, ...]:
        """Return the runs whose entries are not complete; see `Ledger`."""
        return await self._shared(lines.unsummarised)

    async def summarise_again(self, run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]) -> None:
        """Write a run's entry again; see `Ledger`."""
        await self._run(partial(transactions.summarise_again, run_id=run_id, summarise=summarise))

    async def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint of a run; see `Ledger`."""
        await self._run(partial(transactions.add_checkpoint, wanted=checkpoint))

    async def checkpoints(self, run_id: str) -> tuple[Checkpoint, ...]:
        """Return a run's checkpoints; see `Ledger`."""
        return await self._shared(lambda rows: checkpoints.checkpoints_of(rows, run_id))

    async def tombstone(self, run_id: str) -> Checkpoint | None:
        """Return what is left of a run that was pruned; see `Ledger`."""
        return await self._shared(lambda rows: checkpoints.tombstone(rows, run_id))

    async def tombstones(self) -> tuple[Checkpoint, ...]:
        """Return what is left of all runs that were pruned; see `Ledger`."""
        return await self._shared(checkpoints.tombstones)

    async def named_runs(self) -> frozenset[str]:
        """Return the runs that have a checkpoint or a tombstone; see `Ledger`."""
        return await self._shared(checkpoints.named_runs)

    async def prune(self, tombstone: Checkpoint) -> None:
        """Delete a run's lines, and leave its tombstone; see `Ledger`."""
        await self._run(partial(transactions.prune, wanted=tombstone), may_repeat=False)

    async def rebuild(self, summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
        """Rebuild all summaries from the lines; see `Ledger`."""
        return await self._run(partial(transactions.rebuild, summarise=summarise))

    async def acquire(self, run_id: str, holder: Holder) -> Lease:
        """Take the right to step a run; see `Ledger`."""
        acquire = partial(leases.acquire, run_id=run_id, holder=holder, is_dead=self._is_dead)
        return await self._run(acquire, may_repeat=False)  # repeated, it would be refused by its own lease

    async def renew(self, lease: Lease) -> None:
        """Extend a lease, counted from now; see `Ledger`."""
        await self._run(partial(leases.keep, lease=lease, is_kept=True))

    async def release(self, lease: Lease) -> None:
        """Release a lease; see `Ledger`."""
        await self._run(partial(leases.keep, lease=lease, is_kept=False), may_repeat=False)

    async def changes(self, *, interval_s: float = 0.1) -> AsyncIterator[frozenset[str]]:
        """Yield the runs that were appended to since the first look, as the database tells; see `Ledger`.

        Only after a cut, and once a minute, it is looked whether a message was lost. A database that cannot be reached
        is an error: whoever follows says so, and follows again.
        """
        since = await self._run(transactions.mark)
        async with contextlib.aclosing(self._database.listen(CHANNEL, is_patient=False)) as listening:
            async for run_id in listening:
                if run_id:
                    yield frozenset({run_id})
                    continue
                since, changed = await self._run(partial(transactions.changed_since, since=since))
                if changed:
                    yield changed

    async def close(self) -> None:
        """Accept no more calls; the database stays open."""
        self._is_closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _shared(self, work: Callable[[Statements], _Value]) -> _Value:
        """Do what is the same in every store."""
        return await self._run(lambda connection: work(Statements(connection)))

    async def _run(self, work: "Callable[[psycopg.Connection[Any]], _Value]", *, may_repeat: bool = True) -> _Value:
        if self._is_closed:
            raise LedgerError("the ledger is closed; open it again")
        return await self._database.run(work, may_repeat=may_repeat)
