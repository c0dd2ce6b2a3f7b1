"""The operations of the ledger's file, each as one transaction on one connection; `lines` has what all stores share."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.domain.ledger.line import Line
from console.services.ledger import lines
from console.services.ledger.ledger import LedgerError, Summary, Wanted
from console.services.ledger.lines import Append, insert, last_place, refused, summary_row
from console.services.system.sqlite_file import transaction

if TYPE_CHECKING:
    from sqlite3 import Connection

_PUT_SUMMARY = """INSERT INTO run
    (run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated, verdict, category, operator)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET repository = excluded.repository, gate = excluded.gate,
        status = excluded.status, started_at_ms = excluded.started_at_ms, updated_at_ms = excluded.updated_at_ms,
        attempt = excluded.attempt, is_simulated = excluded.is_simulated, verdict = excluded.verdict,
        category = excluded.category, operator = excluded.operator"""

Outcome = tuple[Line, ...] | Exception
"""The lines that were appended, or why none was."""


def append(connection: "Connection", wanted: Append, *, log_id: str, at_ms: int) -> tuple[Line, ...]:
    """Append lines to a run in a transaction of their own: all of them, or none.

    Args:
        connection: The ledger.
        wanted: What to append.
        log_id: The ledger's id.
        at_ms: The writer's time.

    """
    import sqlite3

    try:
        with transaction(connection):
            return insert(connection, wanted, partial(_put, connection), log_id=log_id, at_ms=at_ms)
    except sqlite3.IntegrityError as error:
        raise refused(connection, wanted, str(error)) from None


def append_all(
    connection: "Connection", group: Sequence[Append], *, log_id: str, at_ms: Callable[[], int]
) -> tuple[Outcome, ...]:
    """Append for several authors in one transaction, in order, and return the outcome of each after the commit.

    An author who is refused leaves nothing, and the others unharmed. If SQLite cannot go on, as on a full disk, nothing
    of the group is stored, and each is tried again alone: each has the outcome that it would have without the others.
    Only a lock of another console that does not end is an outcome for all.
    """
    import sqlite3

    if len(group) > 1:
        try:
            with transaction(connection):
                return tuple(_within(connection, each, log_id, at_ms()) for each in group)
        except sqlite3.Error as error:  # nothing was stored
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                return (error,) * len(group)  # each would wait as long again
    return tuple(_alone(connection, each, log_id, at_ms()) for each in group)


def _alone(connection: "Connection", wanted: Append, log_id: str, at_ms: int) -> Outcome:
    import sqlite3

    try:
        return append(connection, wanted, log_id=log_id, at_ms=at_ms)
    except (LedgerError, ValueError, OverflowError, sqlite3.Error) as error:
        return error


def _within(connection: "Connection", wanted: Append, log_id: str, at_ms: int) -> Outcome:
    """Append within a transaction; a refusal takes back what this append has written, and nothing else."""
    import sqlite3

    connection.execute("SAVEPOINT one")
    try:
        outcome: Outcome = insert(connection, wanted, partial(_put, connection), log_id=log_id, at_ms=at_ms)
    except sqlite3.IntegrityError as error:
        connection.execute("ROLLBACK TO one")
        outcome = refused(connection, wanted, str(error))
    except (LedgerError, ValueError, OverflowError) as error:  # what a caller may get wrong
        connection.execute("ROLLBACK TO one")
        outcome = error
    connection.execute("RELEASE one")
    return outcome


def _put(connection: "Connection", summary: Summary) -> None:
    connection.execute(_PUT_SUMMARY, summary_row(summary))


def runs(connection: "Connection", limit: int, wanted: Wanted) -> tuple[Summary, ...]:
    """Return the summaries of the runs that are wanted, newest first."""
    rows = connection.execute(
        """SELECT run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated,
                coalesce(verdict, ''), coalesce(category, ''), coalesce(operator, ''),
                EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.run_id = run.run_id AND signature IS NOT NULL)
            FROM run WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR repository = ?2 COLLATE NOCASE)
                AND (?3 IS NULL OR started_at_ms >= ?3) AND (?5 IS NULL OR verdict = ?5)
                AND (?6 IS NULL OR category = ?6) AND (?7 IS NULL OR operator = ?7)
                AND (?8 IS NULL OR started_at_ms < ?8) AND (?9 IS NULL OR ?9 = EXISTS (
                    SELECT 1 FROM checkpoint WHERE checkpoint.run_id = run.run_id AND signature IS NOT NULL))
            ORDER BY number DESC LIMIT ?4""",
        (
            wanted.status,
            wanted.repository,
            wanted.since_ms,
            limit,
            wanted.verdict,
            wanted.category,
            wanted.operator,
            wanted.until_ms,
            wanted.is_signed,
        ),
    )
    return tuple(Summary(*row[:7], *map(bool, row[7:8]), *row[8:11], *map(bool, row[11:])) for row in rows)


def rebuild(connection: "Connection", summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
    """Rebuild all summaries from the lines; return how many."""
    with transaction(connection):
        connection.execute("DELETE FROM run")
        return lines.rebuild(connection, summarise, partial(_put, connection))


def summarise_again(connection: "Connection", run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]) -> None:
    """Write a run's entry again, from its lines; it keeps its place in the list."""
    with transaction(connection):
        lines.summarise_again(connection, run_id, summarise, partial(_put, connection))


def appended_since(connection: "Connection", place: int) -> tuple[int, frozenset[str]]:
    """Return the position of the last line of all runs, and the runs with lines after a position."""
    now = last_place(connection)
    if now == place:
        return now, frozenset()
    rows = connection.execute("SELECT DISTINCT run_id FROM line WHERE place > ? AND place <= ?", (place, now))
    return now, frozenset(run_id for (run_id,) in rows)
