"""The operations on a run's lines that are the same in every store: they are told in SQL that all of them know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
from console.domain.ledger.ulid import is_run_id
from console.domain.text.safe import safe
from console.services.ledger.checkpoints import tombstone
from console.services.ledger.fence import require_fence
from console.services.ledger.ledger import ConflictError, LedgerError, Summary
from console.services.ledger.rows import Found, Rows

_COLUMNS = "version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous, sha256, call_id"
"""In the order of a Line's fields."""
_INSERT = f"INSERT INTO line ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # of our own constants
_SELECT = f"SELECT {_COLUMNS} FROM line WHERE run_id = ? ORDER BY seq"  # noqa: S608  # of our own constants


@dataclass(frozen=True, slots=True)
class Append:
    """Lines to append to a run."""

    run_id: str
    new_lines: Sequence[NewLine]
    expected_head: str | None
    """The head that the author has seen; None begins a run."""
    actor: Actor
    summary: Summary
    fence: int | None = None
    """The author's lease; None if none is needed."""

    def __post_init__(self) -> None:
        """Refuse what no caller may ask for."""
        if not self.new_lines or self.summary.run_id != self.run_id or not is_run_id(self.run_id):
            raise ValueError("an append needs at least one line, and one run with a ULID")


def insert(rows: Rows, wanted: Append, put: Callable[[Summary], None], *, log_id: str, at_ms: int) -> tuple[Line, ...]:
    """Append lines to a run, within a transaction.

    Args:
        rows: The ledger.
        wanted: What to append.
        put: Writes the run's entry in the list.
        log_id: The ledger's id.
        at_ms: The writer's time.

    """
    _require_storable(wanted.summary)
    run_id = wanted.run_id
    seq, head = _end(rows, log_id, wanted)
    lines: list[Line] = []
    for number, new in enumerate(wanted.new_lines, seq + 1):
        line = seal(new, log_id=log_id, run_id=run_id, seq=number, at_ms=at_ms, actor=wanted.actor, previous=head)
        lines.append(line)
        head = line.sha256
    rows.executemany(_INSERT, map(_row, lines))
    if lines and last_of(rows, run_id) != (lines[-1].seq, lines[-1].sha256):
        raise LedgerError(f"the ledger did not store the lines of run {run_id}: something else is changing it")
    put(wanted.summary)
    return tuple(lines)


def _require_storable(summary: Summary) -> None:
    """Refuse a NUL character, which no line can have and not every database can store."""
    if any("\0" in text for text in summary_row(summary) if isinstance(text, str)):
        raise LedgerError(
            f"the entry of run {summary.run_id} in the list of runs has a NUL character, so nothing was stored;"
            " remove it from the repository's name"
        )


def refused(rows: Rows, wanted: Append, said: str) -> LedgerError:
    """Return why the tables refuse these lines; `said` is the database's own reason."""
    try:
        conflict = _said_already(rows, wanted.run_id, wanted.new_lines)
    except LedgerError as damaged:  # a line of this run: the reason why this author cannot be told more
        return damaged
    return conflict or LedgerError(f"the ledger rejects these lines of run {wanted.run_id}: {safe(said)}")


def _end(rows: Rows, log_id: str, wanted: Append) -> tuple[int, str]:
    """Return the number and hash of the line that the new ones follow."""
    last = last_of(rows, wanted.run_id)
    if wanted.expected_head is None:
        if last is not None:
            raise _conflict(rows, wanted.run_id, lines_of(rows, wanted.run_id))
        return 0, root_of(log_id, wanted.run_id)
    seq, head = _found(rows, last, wanted.run_id)
    if wanted.fence is not None:
        require_fence(rows, wanted.run_id, wanted.fence)
    if head != wanted.expected_head:
        raise _conflict(rows, wanted.run_id, _since(rows, wanted.run_id, wanted.expected_head))
    return seq, head


def read(rows: Rows, run_id: str) -> tuple[Line, ...]:
    """Return a run's lines.

    Raises:
        LedgerError: The run does not exist, or a line is damaged.

    """
    lines = lines_of(rows, run_id)
    if not lines:
        raise _unknown(rows, run_id)
    return lines


def check(rows: Rows, log_id: str, run_id: str) -> tuple[ChainFault, ...]:
    """Return where a run's lines differ from what was written, damaged ones included."""
    lines, faults = [], []
    for row in stored_rows(rows, run_id):
        try:
            lines.append(_line(row))
        except ValueError:
            faults.append(ChainFault(row[3], "it was edited, and cannot be read as a line"))
    if not (lines or faults):
        raise _unknown(rows, run_id)
    faults.extend(check_chain(lines, run_id=run_id, log_id=log_id))
    return tuple(sorted(faults, key=lambda fault: fault.seq))


def stored(rows: Rows, run_id: str) -> tuple[StoredLine, ...]:
    """Return the fields of a run's lines as they are stored.

    Raises:
        LedgerError: The run does not exist.

    """
    found = tuple(stored_rows(rows, run_id))
    if not found:
        raise _unknown(rows, run_id)
    return found


def head(rows: Rows, run_id: str) -> str:
    """Return the hash of a run's last line."""
    return _found(rows, last_of(rows, run_id), run_id)[1]


def head_of(rows: Rows, run_id: str, seq: int) -> str | None:
    """Return the hash of a run's line by its number; None if it has no such line."""
    row = rows.execute("SELECT sha256 FROM line WHERE run_id = ? AND seq = ?", (run_id, seq)).fetchone()
    return None if row is None else str(row[0])


def run_ids(rows: Rows) -> tuple[str, ...]:
    """Return the ids of all runs that the list of runs or a line names."""
    listed = rows.execute("SELECT run_id FROM run ORDER BY number DESC").fetchall()
    # From one run's first index entry to the next: its lines are not visited.
    unlisted = rows.execute(
        """WITH RECURSIVE each (run_id) AS (
            SELECT min(run_id) FROM line UNION ALL
            SELECT (SELECT min(run_id) FROM line WHERE run_id > each.run_id) FROM each WHERE run_id IS NOT NULL
        ) SELECT run_id FROM each
            WHERE run_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run WHERE run.run_id = each.run_id)"""
    )
    return tuple(run_id for (run_id,) in (*listed, *unlisted))


def last_place(rows: Rows) -> int:
    """Return the position of the last line of all runs."""
    return int(rows.execute("SELECT coalesce(max(place), 0) FROM line").fetchone()[0])


def unsummarised(rows: Rows) -> tuple[str, ...]:
    """Return the runs whose entries lack what this version writes."""
    found = rows.execute("SELECT run_id FROM run WHERE operator IS NULL ORDER BY number DESC")
    return tuple(run_id for (run_id,) in found)


def summarise_again(
    rows: Rows, run_id: str, summarise: Callable[[tuple[Line, ...]], Summary], put: Callable[[Summary], None]
) -> None:
    """Write a run's entry again, from its lines, within a transaction; it keeps its place in the list."""
    put(summarise(read(rows, run_id)))


def rebuild(rows: Rows, summarise: Callable[[tuple[Line, ...]], Summary], put: Callable[[Summary], None]) -> int:
    """Write all entries again, from the lines, within a transaction, once they are deleted; return how many."""
    found = rows.execute("SELECT run_id FROM line GROUP BY run_id ORDER BY min(place)").fetchall()
    for (run_id,) in found:
        put(summarise(lines_of(rows, run_id)))
    return len(found)


def require_run(rows: Rows, run_id: str) -> None:
    """Refuse a run that does not exist."""
    _found(rows, last_of(rows, run_id), run_id)


def last_of(rows: Rows, run_id: str) -> Any:
    """Return the number and the hash of a run's last line; None if it has none."""
    return rows.execute("SELECT seq, sha256 FROM line WHERE run_id = ? ORDER BY seq DESC LIMIT 1", (run_id,)).fetchone()


def _found(rows: Rows, last: Any, run_id: str) -> tuple[int, str]:
    if last is None:
        raise _unknown(rows, run_id)
    return last[0], last[1]


def _unknown(rows: Rows, run_id: str) -> LedgerError:
    shown = safe(run_id, limit=64)
    if (left := tombstone(rows, run_id)) is not None:
        return LedgerError(
            f"run {shown} was pruned on {moment(left.at_ms)[:10]}: it had {left.count} lines, head {left.head};"
            f" run: gateway-console record verify {shown}"
        )
    return LedgerError(f"run {shown} is not in this ledger; to see which runs are, run: gateway-console run list")


def stored_rows(rows: Rows, run_id: str) -> Found:
    """Return the fields of a run's lines, one after the other; none if the run does not exist."""
    return rows.execute(_SELECT, (run_id,))


def lines_of(rows: Rows, run_id: str) -> tuple[Line, ...]:
    """Return a run's lines; none if it does not exist. Raises LedgerError if one is damaged."""
    lines = []
    for row in stored_rows(rows, run_id):
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


def summary_row(summary: Summary) -> tuple[object, ...]:
    """Return a run's entry in the list as it is stored."""
    return (
        summary.run_id, summary.repository, summary.gate, summary.status, summary.started_at_ms,
        summary.updated_at_ms, summary.attempt, summary.is_simulated, summary.verdict, summary.category,
        summary.operator,
    )  # fmt: skip


def _line(row: Sequence[Any]) -> Line:
    if not (isinstance(row[5], bytes) and isinstance(row[9], bytes)):
        raise ValueError("an actor or a body is not stored as bytes")  # noqa: TRY004  # one kind of error for all damaged lines
    return Line(*(*row[:5], actor_from(read_canonical(row[5])), *row[6:]))


def _since(rows: Rows, run_id: str, head: str) -> tuple[Line, ...]:
    """Return the lines after the one with this hash; none if no line has it."""
    lines = lines_of(rows, run_id)
    places = [place for place, line in enumerate(lines, 1) if line.sha256 == head]
    return lines[places[-1] :] if places else ()


def _said_already(rows: Rows, run_id: str, new_lines: Sequence[NewLine]) -> ConflictError | None:
    """Return the conflict with a line that decides the same gate, or intends or ends the same call."""
    for new in new_lines:
        for line in lines_of(rows, run_id):
            if _says_the_same(line, new):
                return _conflict(rows, run_id, (line,))
    return None


def _says_the_same(line: Line, new: NewLine) -> bool:
    if line.kind == new.kind == GATE_DECIDED:
        return (line.gate, line.attempt) == (new.gate, new.attempt)
    is_same_deed = line.kind == new.kind == CALL_INTENDED or (line.kind in CALL_ENDS and new.kind in CALL_ENDS)
    return is_same_deed and line.call_id == new.call_id


_DECIDED_FIRST = "another operator decided first: "


def _conflict(rows: Rows, run_id: str, instead: tuple[Line, ...]) -> ConflictError:
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
        head=head(rows, run_id),
        by=by,
        instead=instead,
    )
