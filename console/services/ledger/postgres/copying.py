"""Copying runs in from another ledger: lines, checkpoints and tombstones as they are, each run in one transaction.

A copied line keeps its hash, and so the id of the log that it was written in: the store then has runs of several logs.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.stored import StoredLine
from console.domain.problem import ProblemKind
from console.services.ledger.ledger import LedgerError, Summary

if TYPE_CHECKING:
    import psycopg

_LINE = "version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous, sha256, call_id"
_PUT_LINE = f"INSERT INTO gateway_console.line ({_LINE}) VALUES ({', '.join(['%s'] * 13)})"  # noqa: S608  # of our own constants
_GET_LINES = f"SELECT {_LINE} FROM gateway_console.line WHERE run_id = %s ORDER BY seq"  # noqa: S608  # of our own constants
_CHECKPOINT = "log_id, run_id, count, head, at_ms, signature"
_PUT_CHECKPOINT = (
    f"INSERT INTO gateway_console.checkpoint ({_CHECKPOINT})"  # noqa: S608  # of our own constants
    " SELECT %(log_id)s, %(run_id)s, %(count)s, %(head)s, %(at_ms)s, %(signature)s WHERE NOT EXISTS ("
    " SELECT 1 FROM gateway_console.checkpoint WHERE run_id = %(run_id)s AND count = %(count)s AND head = %(head)s"
    " AND at_ms = %(at_ms)s AND signature IS NOT DISTINCT FROM %(signature)s)"
)
_PUT_TOMBSTONE = f"INSERT INTO gateway_console.tombstone ({_CHECKPOINT}) VALUES (%s, %s, %s, %s, %s, %s)"  # noqa: S608  # of our own constants
_PUT_RUN = "SELECT gateway_console.put_run(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


class CopyOutcome(StrEnum):
    """What became of a run, or would become of it."""

    COPIED = "copied"
    CONTINUED = "continued"
    """The store had its beginning, as of an earlier copy; the rest was added."""
    THERE = "there"
    """The store has all of it."""
    AHEAD = "ahead"
    """The store has all of it, and it went on there."""
    PRUNED = "pruned"
    """The store has pruned it; nothing was copied."""
    DIFFERS = "differs"
    """The store has other lines under this id; nothing was copied."""


@dataclass(frozen=True, slots=True)
class CopiedRun:
    """All that another ledger has of a run."""

    run_id: str
    log_id: str
    """The log that its lines name."""
    lines: tuple[StoredLine, ...]
    """As they are stored; none of a run that was pruned."""
    checkpoints: tuple[Checkpoint, ...]
    tombstone: Checkpoint | None
    summary: Summary | None
    """Its entry in the list of runs; None if it has none."""


def require_right_to_copy(connection: "psycopg.Connection[Any]") -> None:
    """Raise `LedgerError` unless this user may do what the owner of the tables may: a copy has lines of others."""
    row = connection.execute(
        "SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class"
        " WHERE oid = to_regclass('gateway_console.line')"
    ).fetchone()
    if row != (True,):
        raise LedgerError(
            "copying brings lines of other people in, so only the user who ran gateway-console store migrate may do it;"
            " put that user's URL where url_ref points, for as long as you copy",
            ProblemKind.REFUSED,
        )


def judge(connection: "psycopg.Connection[Any]", run: CopiedRun) -> CopyOutcome:
    """Return what copying a run would do. Nothing is changed."""
    there = _lines_of(connection, run.run_id)
    buried = connection.execute(
        "SELECT count, head FROM gateway_console.tombstone WHERE run_id = %s", (run.run_id,)
    ).fetchone()
    if run.tombstone is not None:
        same = buried == (run.tombstone.count, run.tombstone.head)
        is_new = buried is None and not there
        return CopyOutcome.COPIED if is_new else CopyOutcome.THERE if same else CopyOutcome.DIFFERS
    if buried is not None:
        return CopyOutcome.PRUNED
    shared = min(len(there), len(run.lines))
    if there[:shared] != run.lines[:shared]:
        return CopyOutcome.DIFFERS
    if not there:
        return CopyOutcome.COPIED
    if len(there) > len(run.lines):
        return CopyOutcome.AHEAD
    return CopyOutcome.THERE if len(there) == len(run.lines) else CopyOutcome.CONTINUED


def copy_run(connection: "psycopg.Connection[Any]", run: CopiedRun, at_ms: int) -> CopyOutcome:
    """Copy a run in, as far as the store lacks it, and compare what is stored then. The caller's transaction keeps it.

    Raises:
        LedgerError: What was stored differs from what was given.

    """
    connection.execute("SET LOCAL gateway_console.copying = 'on'")
    connection.execute("SELECT gateway_console.lock_run(%s)", (run.run_id,))
    outcome = judge(connection, run)
    if outcome in (CopyOutcome.DIFFERS, CopyOutcome.PRUNED):
        return outcome
    connection.execute(
        "INSERT INTO gateway_console.log (log_id, at_ms, is_own) VALUES (%s, %s, false) ON CONFLICT DO NOTHING",
        (run.log_id, at_ms),
    )
    if run.tombstone is not None:
        if outcome is CopyOutcome.COPIED:
            connection.execute(_PUT_TOMBSTONE, _checkpoint_row(run.tombstone))
        return outcome
    if outcome in (CopyOutcome.COPIED, CopyOutcome.CONTINUED):
        _put_lines(connection, run)
    with connection.cursor() as cursor:
        cursor.executemany(_PUT_CHECKPOINT, [_checkpoint_fields(each) for each in run.checkpoints])
    return outcome


def _put_lines(connection: "psycopg.Connection[Any]", run: CopiedRun) -> None:
    before = len(_lines_of(connection, run.run_id))
    with connection.cursor() as cursor:
        cursor.executemany(_PUT_LINE, run.lines[before:])
    if _lines_of(connection, run.run_id) != run.lines:
        raise LedgerError(
            f"the lines of run {run.run_id} are not stored as they were given, so none of them was copied;"
            " run: gateway-console store check"
        )
    if run.summary is not None:
        connection.execute(_PUT_RUN, _summary_row(run.summary))


def _lines_of(connection: "psycopg.Connection[Any]", run_id: str) -> tuple[StoredLine, ...]:
    return tuple(connection.execute(_GET_LINES, (run_id,), binary=True).fetchall())


def _checkpoint_row(each: Checkpoint) -> tuple[object, ...]:
    return each.log_id, each.run_id, each.count, each.head, each.at_ms, each.signature


def _checkpoint_fields(each: Checkpoint) -> dict[str, object]:
    return dict(zip(_CHECKPOINT.split(", "), _checkpoint_row(each), strict=True))


def _summary_row(summary: Summary) -> tuple[object, ...]:
    return (
        summary.run_id, summary.repository, summary.gate, summary.status, summary.started_at_ms,
        summary.updated_at_ms, summary.attempt, summary.is_simulated, summary.verdict, summary.category,
        summary.operator,
    )  # fmt: skip
