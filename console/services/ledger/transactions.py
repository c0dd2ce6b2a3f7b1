"""The ledger's operations, each as one transaction on one connection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.domain.ledger.actor import Actor, ActorKind, actor_from, actor_json
from console.domain.ledger.canonical import read_canonical
from console.domain.ledger.checkpoint import moment
from console.domain.ledger.line import (
    CALL_ENDS,
    CALL_INTENDED,
    GATE_DECIDED,
    ChainFault,
    Line,
    NewLine,
    check_chain,
    root_of,
    seal,
)
from console.domain.ledger.stored import StoredLine
from console.domain.text.safe import safe
from console.services.ledger.checkpoints import tombstone
from console.services.ledger.ledger import ConflictError, LedgerError, Summary, Wanted
from console.services.system.sqlite_file import transaction

if TYPE_CHECKING:
    from sqlite3 import Connection, Cursor

_COLUMNS = "version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous, sha256, call_id"
"""In the order of a Line's fields."""
_INSERT = f"INSERT INTO line ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # of our own constants
_SELECT = f"SELECT {_COLUMNS} FROM line WHERE run_id = ? ORDER BY seq"  # noqa: S608  # of our own constants
_PUT_SUMMARY = """INSERT INTO run
    (run_id, repository, gate, status, started_at_ms, updated_at_ms, attempt, is_simulated, verdict, category, operator)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id) DO UPDATE SET repository = excluded.repository, gate = excluded.gate,
        status = excluded.status, started_at_ms = excluded.started_at_ms, updated_at_ms = excluded.updated_at_ms,
        attempt = excluded.attempt, is_simulated = excluded.is_simulated, verdict = excluded.verdict,
        category = excluded.category, operator = excluded.operator"""


@dataclass(frozen=True, slots=True)
class Append:
    """Lines to append to a run."""

    run_id: str
    new_lines: Sequence[NewLine]
    expected_head: str | None
    """The head that the author has seen; None begins a run."""
    actor: Actor
    summary: Summary
    require_lease: Callable[[], None] = lambda: None
    """Raises if the author must not append."""


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
            return _insert(connection, wanted, log_id, at_ms)
    except sqlite3.IntegrityError as error:
        raise _refused(connection, wanted, error) from None


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
        outcome: Outcome = _insert(connection, wanted, log_id, at_ms)
    except sqlite3.IntegrityError as error:
        connection.execute("ROLLBACK TO one")
        outcome = _refused(connection, wanted, error)
    except (LedgerError, ValueError, OverflowError) as error:  # what a caller may get wrong
        connection.execute("ROLLBACK TO one")
        outcome = error
    connection.execute("RELEASE one")
    return outcome


def _insert(connection: "Connection", wanted: Append, log_id: str, at_ms: int) -> tuple[Line, ...]:
    run_id = wanted.run_id
    seq, head = _end(connection, log_id, wanted, wanted.require_lease)
    lines: list[Line] = []
    for number, new in enumerate(wanted.new_lines, seq + 1):
        line = seal(new, log_id=log_id, run_id=run_id, seq=number, at_ms=at_ms, actor=wanted.actor, previous=head)
        lines.append(line)
        head = line.sha256
    connection.executemany(_INSERT, map(_row, lines))
    if lines and _last(connection, run_id) != (lines[-1].seq, lines[-1].sha256):
        raise LedgerError(f"the ledger did not store the lines of run {run_id}: something else is changing it")
    connection.execute(_PUT_SUMMARY, _summary_row(wanted.summary))
    return tuple(lines)


def _refused(connection: "Connection", wanted: Append, error: Exception) -> LedgerError:
    """Return why the tables refuse these lines."""
    try:
        conflict = _said_already(connection, wanted.run_id, wanted.new_lines)
    except LedgerError as damaged:  # a line of this run: the reason why this author cannot be told more
        return damaged
    return conflict or LedgerError(f"the ledger rejects these lines of run {wanted.run_id}: {safe(str(error))}")


def _end(connection: "Connection", log_id: str, wanted: Append, require_lease: Callable[[], None]) -> tuple[int, str]:
    """Return the number and hash of the line that the new ones follow."""
    last = _last(connection, wanted.run_id)
    if wanted.expected_head is None:
        if last is not None:
            raise _conflict(connection, wanted.run_id, _lines(connection, wanted.run_id))
        return 0, root_of(log_id, wanted.run_id)
    seq, head = _found(connection, last, wanted.run_id)
    require_lease()
    if head != wanted.expected_head:
        raise _conflict(connection, wanted.run_id, _since(connection, wanted.run_id, wanted.expected_head))
    return seq, head


def read(connection: "Connection", run_id: str) -> tuple[Line, ...]:
    """Return a run's lines.

    Raises:
        LedgerError: The run does not exist, or a line is damaged.

    """
    lines = _lines(connection, run_id)
    if not lines:
        raise _unknown(connection, run_id)
    return lines


def check(connection: "Connection", log_id: str, run_id: str) -> tuple[ChainFault, ...]:
    """Return where a run's lines differ from what was written, damaged ones included."""
    lines, faults = [], []
    for row in stored_rows(connection, run_id):
        try:
            lines.append(_line(row))
        except ValueError:
            faults.append(ChainFault(row[3], "it was edited: it is no longer a line"))
    if not (lines or faults):
        raise _unknown(connection, run_id)
    faults.extend(check_chain(lines, run_id=run_id, log_id=log_id))
    return tuple(sorted(faults, key=lambda fault: fault.seq))


def stored(connection: "Connection", run_id: str) -> tuple[StoredLine, ...]:
    """Return the fields of a run's lines as they are stored.

    Raises:
        LedgerError: The run does not exist.

    """
    rows = tuple(stored_rows(connection, run_id))
    if not rows:
        raise _unknown(connection, run_id)
    return rows


def head(connection: "Connection", run_id: str) -> str:
    """Return the hash of a run's last line."""
    return _found(connection, _last(connection, run_id), run_id)[1]


def head_of(connection: "Connection", run_id: str, seq: int) -> str | None:
    """Return the hash of a run's line by its number; None if it has no such line."""
    row = connection.execute("SELECT sha256 FROM line WHERE run_id = ? AND seq = ?", (run_id, seq)).fetchone()
    return None if row is None else str(row[0])


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


def run_ids(connection: "Connection") -> tuple[str, ...]:
    """Return the ids of all runs that the list of runs or a line names."""
    listed = connection.execute("SELECT run_id FROM run ORDER BY number DESC").fetchall()
    unlisted = connection.execute(  # from one run's first index entry to the next: its lines are not visited
        """WITH RECURSIVE each (run_id) AS (
            SELECT min(run_id) FROM line
            UNION ALL SELECT (SELECT min(run_id) FROM line WHERE run_id > each.run_id) FROM each WHERE run_id NOT NULL
        ) SELECT run_id FROM each WHERE run_id NOT NULL AND run_id NOT IN (SELECT run_id FROM run)"""
    )
    return tuple(run_id for (run_id,) in (*listed, *unlisted))


def rebuild(connection: "Connection", summarise: Callable[[tuple[Line, ...]], Summary]) -> int:
    """Rebuild all summaries from the lines; return how many."""
    with transaction(connection):
        connection.execute("DELETE FROM run")
        found = connection.execute("SELECT run_id FROM line GROUP BY run_id ORDER BY min(place)").fetchall()
        for (run_id,) in found:
            connection.execute(_PUT_SUMMARY, _summary_row(summarise(_lines(connection, run_id))))
        return len(found)


def unsummarised(connection: "Connection") -> tuple[str, ...]:
    """Return the runs whose entries lack what this version writes."""
    rows = connection.execute("SELECT run_id FROM run WHERE operator IS NULL ORDER BY number DESC")
    return tuple(run_id for (run_id,) in rows)


def summarise_again(connection: "Connection", run_id: str, summarise: Callable[[tuple[Line, ...]], Summary]) -> None:
    """Write a run's entry again, from its lines; it keeps its place in the list."""
    with transaction(connection):
        connection.execute(_PUT_SUMMARY, _summary_row(summarise(read(connection, run_id))))


def last_place(connection: "Connection") -> int:
    """Return the position of the last line of all runs."""
    return int(connection.execute("SELECT coalesce(max(place), 0) FROM line").fetchone()[0])


def appended_since(connection: "Connection", place: int) -> tuple[int, frozenset[str]]:
    """Return the position of the last line of all runs, and the runs with lines after a position."""
    now = last_place(connection)
    if now == place:
        return now, frozenset()
    rows = connection.execute("SELECT DISTINCT run_id FROM line WHERE place > ? AND place <= ?", (place, now))
    return now, frozenset(run_id for (run_id,) in rows)


def require_run(connection: "Connection", run_id: str) -> None:
    """Refuse a run that does not exist."""
    _found(connection, _last(connection, run_id), run_id)


def _last(connection: "Connection", run_id: str) -> Any:
    return connection.execute(
        "SELECT seq, sha256 FROM line WHERE run_id = ? ORDER BY seq DESC LIMIT 1", (run_id,)
    ).fetchone()


def _found(connection: "Connection", last: Any, run_id: str) -> tuple[int, str]:
    if last is None:
        raise _unknown(connection, run_id)
    return last[0], last[1]


def _unknown(connection: "Connection", run_id: str) -> LedgerError:
    shown = safe(run_id, limit=64)
    if (left := tombstone(connection, run_id)) is not None:
        return LedgerError(
            f"run {shown} was pruned on {moment(left.at_ms)[:10]}: it had {left.count} lines, head {left.head};"
            f" run: gateway-console record verify {shown}"
        )
    return LedgerError(f"there is no run {shown}; see the list of runs")


def stored_rows(connection: "Connection", run_id: str) -> "Cursor":
    """Return the fields of a run's lines, one after the other; none if the run does not exist."""
    return connection.execute(_SELECT, (run_id,))


def _lines(connection: "Connection", run_id: str) -> tuple[Line, ...]:
    lines = []
    for row in stored_rows(connection, run_id):
        try:
            lines.append(_line(row))
        except ValueError:
            raise LedgerError(
                f"line {row[3]} of run {run_id} is damaged: something else changed the ledger; verify the record"
            ) from None
    return tuple(lines)


def _row(line: Line) -> tuple[object, ...]:
    return (
        line.version, line.log_id, line.run_id, line.seq, line.at_ms, actor_json(line.actor).encode(), line.kind,
        line.gate, line.attempt, line.body, line.previous, line.sha256, line.call_id,
    )  # fmt: skip


def _summary_row(summary: Summary) -> tuple[object, ...]:
    return (
        summary.run_id, summary.repository, summary.gate, summary.status, summary.started_at_ms,
        summary.updated_at_ms, summary.attempt, summary.is_simulated, summary.verdict, summary.category,
        summary.operator,
    )  # fmt: skip


def _line(row: Sequence[Any]) -> Line:
    if not (isinstance(row[5], bytes) and isinstance(row[9], bytes)):
        raise ValueError("an actor or a body is not stored as bytes")  # noqa: TRY004  # one kind of error for all damaged lines
    return Line(*(*row[:5], actor_from(read_canonical(row[5])), *row[6:]))


def _since(connection: "Connection", run_id: str, head: str) -> tuple[Line, ...]:
    """Return the lines after the one with this hash; none if no line has it."""
    lines = _lines(connection, run_id)
    places = [place for place, line in enumerate(lines, 1) if line.sha256 == head]
    return lines[places[-1] :] if places else ()


def _said_already(connection: "Connection", run_id: str, new_lines: Sequence[NewLine]) -> ConflictError | None:
    """Return the conflict with a line that decides the same gate, or intends or ends the same call."""
    for new in new_lines:
        for line in _lines(connection, run_id):
            if _says_the_same(line, new):
                return _conflict(connection, run_id, (line,))
    return None


def _says_the_same(line: Line, new: NewLine) -> bool:
    if line.kind == new.kind == GATE_DECIDED:
        return (line.gate, line.attempt) == (new.gate, new.attempt)
    is_same_deed = line.kind == new.kind == CALL_INTENDED or (line.kind in CALL_ENDS and new.kind in CALL_ENDS)
    return is_same_deed and line.call_id == new.call_id


_DECIDED_FIRST = "another operator decided first: "


def _conflict(connection: "Connection", run_id: str, instead: tuple[Line, ...]) -> ConflictError:
    by = instead[-1].actor if instead else None
    if instead:
        decisions = (line for line in reversed(instead) if line.kind == GATE_DECIDED)
        decided = next((line for line in decisions if line.actor.kind is ActorKind.OPERATOR), None)
        last = decided or instead[-1]
        where = f" at gate {last.gate}, attempt {last.attempt}" if last.gate is not None else ""
        by_whom = f"{last.actor.id} was first: {last.kind}" if decided is None else _DECIDED_FIRST + last.actor.id
        words = f"{by_whom}{where}, line {last.seq} of run {run_id}"
    else:
        words = f"run {run_id} has changed since you looked"
    return ConflictError(
        f"{words}; nothing of yours was stored, look at the run again",
        head=head(connection, run_id),
        by=by,
        instead=instead,
    )
