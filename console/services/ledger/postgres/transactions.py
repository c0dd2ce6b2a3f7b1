"""The operations of a ledger on PostgreSQL that differ from SQLite's, each within one transaction."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.line import Line
from console.domain.problem import ProblemKind
from console.services.ledger import checkpoints, lines
from console.services.ledger.ledger import LedgerError, Summary, Wanted
from console.services.ledger.lines import Append, summary_row
from console.services.ledger.postgres.statements import OF_A_LINE, Statements, is_refused, said

if TYPE_CHECKING:
    import psycopg

_PUT = "SELECT gateway_console.put_run(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_RUNS = """SELECT run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated,
        coalesce(verdict, ''), coalesce(category, ''), coalesce(operator, ''), is_signed
    FROM gateway_console.run CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM gateway_console.checkpoint
        WHERE checkpoint.run_id = run.run_id AND signature IS NOT NULL) AS is_signed) AS signed
    WHERE (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(repository)s::text IS NULL OR lower(repository COLLATE "C") = lower(%(repository)s COLLATE "C"))
        AND (%(since)s::bigint IS NULL OR started_at_ms >= %(since)s)
        AND (%(until)s::bigint IS NULL OR started_at_ms < %(until)s)
        AND (%(verdict)s::text IS NULL OR verdict = %(verdict)s)
        AND (%(category)s::text IS NULL OR category = %(category)s)
        AND (%(operator)s::text IS NULL OR operator = %(operator)s)
        AND (%(signed)s::boolean IS NULL OR is_signed = %(signed)s)
    ORDER BY number DESC LIMIT %(limit)s"""


def lock(connection: "psycopg.Connection[Any]", run_id: str) -> None:
    """Wait until no one else appends to a run, and keep others waiting until this transaction ends."""
    connection.execute("SELECT gateway_console.lock_run(%s)", (run_id,))


def append(
    connection: "psycopg.Connection[Any]",
    wanted: Append,
    *,
    log_id: str,
    at_ms: int,
) -> tuple[Line, ...]:
    """Append lines to a run: all of them, or none. A run that was copied in goes on with its own log's id.

    Args:
        connection: The database.
        wanted: What to append.
        log_id: The store's own id.
        at_ms: The writer's time.

    """
    import psycopg

    statements = Statements(connection)
    lock(connection, wanted.run_id)
    own = log_of(connection, wanted.run_id, log_id)
    try:
        with connection.transaction():
            return lines.insert(statements, wanted, partial(_put, connection), log_id=own, at_ms=at_ms)
    except psycopg.Error as error:
        if not is_refused(error):
            raise
        raise lines.refused(statements, wanted, said(error)) from None


def has_stored(connection: "psycopg.Connection[Any]", tried: tuple[Line, ...]) -> bool:
    """Return whether lines are stored whose commit was not answered; wait for whoever still writes the run."""
    last = tried[-1]
    lock(connection, last.run_id)
    return lines.head_of(Statements(connection), last.run_id, last.seq) == last.sha256


def log_of(connection: "psycopg.Connection[Any]", run_id: str, log_id: str) -> str:
    """Return the id of the log that a run's lines or its tombstone name, if this store knows it; else its own."""
    row = connection.execute(
        "SELECT log_id FROM gateway_console.log WHERE log_id = coalesce("
        " (SELECT log_id FROM gateway_console.line WHERE run_id = %s ORDER BY seq LIMIT 1),"
        " (SELECT log_id FROM gateway_console.tombstone WHERE run_id = %s))",
        (run_id, run_id),
    ).fetchone()
    return log_id if row is None else str(row[0])


def own_log(connection: "psycopg.Connection[Any]") -> str | None:
    """Return the store's own id; None if it has not been set up."""
    row = connection.execute("SELECT log_id FROM gateway_console.log WHERE is_own").fetchone()
    return None if row is None else str(row[0])


def runs(connection: "psycopg.Connection[Any]", limit: int, wanted: Wanted) -> tuple[Summary, ...]:
    """Return the summaries of the runs that are wanted, newest first."""
    rows = connection.execute(
        _RUNS,
        {
            "status": wanted.status,
            "repository": wanted.repository,
            "since": wanted.since_ms,
            "until": wanted.until_ms,
            "verdict": wanted.verdict,
            "category": wanted.category,
            "operator": wanted.operator,
            "signed": wanted.is_signed,
            "limit": limit,
        },
    )
    return tuple(Summary(*row) for row in rows)


def rebuild(connection: "psycopg.Connection[Any]", summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
    """Rebuild all summaries from the lines; return how many."""
    connection.execute("SELECT gateway_console.forget_runs()")
    return lines.rebuild(Statements(connection), summarise, partial(_put, connection))


def summarise_again(
    connection: "psycopg.Connection[Any]", run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]
) -> None:
    """Write a run's entry again, from its lines; it keeps its place in the list."""
    lock(connection, run_id)
    lines.summarise_again(Statements(connection), run_id, summarise, partial(_put, connection))


def add_checkpoint(connection: "psycopg.Connection[Any]", wanted: Checkpoint) -> None:
    """Store a checkpoint, unless the same one is stored already.

    Raises:
        LedgerError: The run does not have such a line.

    """
    import psycopg

    lock(connection, wanted.run_id)
    try:
        checkpoints.insert_checkpoint(Statements(connection), wanted)
    except psycopg.Error as error:
        if error.sqlstate != OF_A_LINE:
            raise
        raise checkpoints.not_of_a_line(wanted) from None


def prune(connection: "psycopg.Connection[Any]", wanted: Checkpoint) -> None:
    """Delete the lines of a run and leave its tombstone. The checkpoints go with the lines.

    Raises:
        LedgerError: The run has other lines than the tombstone says.

    """
    import psycopg

    row = checkpoints.checkpoint_row(wanted)
    may = connection.execute(
        "SELECT has_function_privilege('gateway_console.prune(text, text, bigint, text, bigint, text)', 'EXECUTE')"
    ).fetchone()
    if may != (True,):
        raise LedgerError(
            "this user of the store may not prune runs; its owner runs: GRANT gateway_console_admin TO this user",
            ProblemKind.REFUSED,
        )
    try:
        connection.execute(
            "SELECT gateway_console.prune(%s, %s, %s, %s, %s, %s)", (wanted.run_id, wanted.log_id, *row[2:])
        )
    except psycopg.Error as error:
        if error.sqlstate != OF_A_LINE and not isinstance(error, psycopg.errors.UniqueViolation):
            raise
        raise checkpoints.not_of_a_line(wanted) from None


def mark(connection: "psycopg.Connection[Any]") -> int:
    """Return a mark: what changes after this has a transaction that is not before it.

    It comes from the transactions under way and never from the table: a restored table names another server's.
    """
    (found,) = connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone() or (0,)
    return int(found)


def changed_since(connection: "psycopg.Connection[Any]", since: int) -> tuple[int, frozenset[str]]:
    """Return a new mark, and the runs whose entries changed since an earlier one; some may be told twice."""
    now = mark(connection)
    rows = connection.execute(
        "SELECT run_id FROM gateway_console.run WHERE changed_in >= %s::text::xid8", (str(since),)
    )
    return now, frozenset(run_id for (run_id,) in rows)


def _put(connection: "psycopg.Connection[Any]", summary: Summary) -> None:
    connection.execute(_PUT, summary_row(summary))
