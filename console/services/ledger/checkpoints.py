"""The checkpoints and tombstones of the ledger's file, each operation as one transaction."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from console.domain.ledger.checkpoint import Checkpoint, CheckpointKind
from console.domain.text.safe import safe
from console.services.ledger.ledger import LedgerError
from console.services.ledger.rows import Rows
from console.services.system.sqlite_file import transaction

if TYPE_CHECKING:
    from sqlite3 import Connection

_CHECKPOINT = "log_id, run_id, count, head, at_ms, signature"


def add_checkpoint(connection: "Connection", wanted: Checkpoint) -> None:
    """Store a checkpoint, unless the same one is stored already.

    Raises:
        LedgerError: The run does not have such a line.

    """
    with _of_a_line(wanted), transaction(connection):
        insert_checkpoint(connection, wanted)


def insert_checkpoint(rows: Rows, wanted: Checkpoint) -> None:
    """Store a checkpoint, unless the same one is stored already, within a transaction."""
    row = checkpoint_row(wanted)
    same = rows.execute(
        "SELECT 1 FROM checkpoint WHERE (log_id, run_id, count, head, at_ms) = (?, ?, ?, ?, ?)"
        " AND coalesce(signature, '') = ?",
        (*row[:5], row[5] or ""),
    ).fetchone()
    if same is None:
        rows.execute(f"INSERT INTO checkpoint ({_CHECKPOINT}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608  # of our own constants


def checkpoints_of(rows: Rows, run_id: str) -> tuple[Checkpoint, ...]:
    """Return a run's checkpoints, in the order of its lines.

    Raises:
        LedgerError: One is damaged.

    """
    found = rows.execute(
        f"SELECT {_CHECKPOINT} FROM checkpoint WHERE run_id = ? ORDER BY count, place",  # noqa: S608  # of our own constants
        (run_id,),
    )
    return tuple(_read_checkpoint(row, CheckpointKind.CHECKPOINT) for row in found)


def tombstone(rows: Rows, run_id: str) -> Checkpoint | None:
    """Return what is left of a run that was deleted because it was old; None if it was not."""
    row = rows.execute(f"SELECT {_CHECKPOINT} FROM tombstone WHERE run_id = ?", (run_id,)).fetchone()  # noqa: S608  # of our own constants
    return None if row is None else _read_checkpoint(row, CheckpointKind.TOMBSTONE)


def tombstones(rows: Rows) -> tuple[Checkpoint, ...]:
    """Return what is left of the runs that were deleted because they were old, the newest run first."""
    found = rows.execute(f"SELECT {_CHECKPOINT} FROM tombstone ORDER BY run_id DESC")  # noqa: S608  # of our own constants
    return tuple(_read_checkpoint(row, CheckpointKind.TOMBSTONE) for row in found)


def named_runs(rows: Rows) -> frozenset[str]:
    """Return the runs that have a checkpoint or a tombstone."""
    found = rows.execute("SELECT run_id FROM checkpoint UNION SELECT run_id FROM tombstone")
    return frozenset(run_id for (run_id,) in found)


def prune(connection: "Connection", wanted: Checkpoint) -> None:
    """Delete the lines of a run and leave its tombstone, in one transaction. The checkpoints go with the lines.

    Raises:
        LedgerError: The run has other lines than the tombstone says.

    """
    with _of_a_line(wanted), transaction(connection):
        connection.execute(
            f"INSERT INTO tombstone ({_CHECKPOINT}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608  # of our own constants
            checkpoint_row(wanted),
        )
        for table in ("line", "checkpoint", "run", "lease"):
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (wanted.run_id,))  # noqa: S608  # of our own constants


@contextlib.contextmanager
def _of_a_line(wanted: Checkpoint) -> Iterator[None]:
    import sqlite3

    try:
        yield
    except sqlite3.IntegrityError:
        raise not_of_a_line(wanted) from None


def not_of_a_line(wanted: Checkpoint) -> LedgerError:
    """Return the refusal of a checkpoint or tombstone that names another line than the run has."""
    return LedgerError(
        f"line {wanted.count} of run {wanted.run_id} is not the one that this {wanted.kind} names, so it was not"
        f" stored; run: gateway-console record verify {wanted.run_id}"
    )


def checkpoint_row(wanted: Checkpoint) -> tuple[Any, ...]:
    """Return a checkpoint or tombstone as it is stored."""
    return wanted.log_id, wanted.run_id, wanted.count, wanted.head, wanted.at_ms, wanted.signature


def _read_checkpoint(row: Sequence[Any], kind: CheckpointKind) -> Checkpoint:
    try:
        return Checkpoint(row[0], row[1], row[2], row[3], row[4], kind, row[5])
    except ValueError:
        raise LedgerError(
            f"a {kind} of run {safe(str(row[1]), limit=64)} is damaged: something else changed the ledger",
            is_unsafe=True,
        ) from None
