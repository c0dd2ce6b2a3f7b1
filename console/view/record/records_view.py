"""What the screen knows about records: the list, the record in view, and what verifying found; none of it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from console.domain.record.record import Record
    from console.view.record.proof import Claim, Proven

PAGE = 50
"""How many records are read at a time."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as the list shows it."""

    run_id: str
    repository: str = ""
    verdict: str = ""
    status: str = ""
    category: str = ""
    started_at_ms: int | None = None
    """Unix time; so is the next. None if the ledger's list of runs lacks the run."""
    updated_at_ms: int = 0
    is_simulated: bool = False
    is_signed: bool = False
    """Whether a checkpoint of it has a signature, which nothing has verified."""


# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordsListed:
    """The newest records were read."""

    rows: tuple[RecordRow, ...]
    has_more: bool
    """Whether there are older ones."""


@dataclass(frozen=True, slots=True)
class RecordsUnread:
    """The list of records cannot be read."""

    words: str


@dataclass(frozen=True, slots=True)
class RecordCursorMoved:
    """The cursor of the list was moved."""

    cursor: int


@dataclass(frozen=True, slots=True)
class RecordRead:
    """The record under the cursor was read, or cannot be."""

    run_id: str
    record: "Record | None"
    claim: "Claim | None" = None
    problem: str = ""
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class RecordMarked:
    """The record in view is to be compared with the next one, or no longer if None is."""

    record: "Record | None"


@dataclass(frozen=True, slots=True)
class VerifyBegun:
    """Runs are being verified."""

    total: int


@dataclass(frozen=True, slots=True)
class RunsVerified:
    """Some runs were verified."""

    results: "tuple[Proven, ...]"


@dataclass(frozen=True, slots=True)
class VerifyEnded:
    """The verification is over, or was cancelled."""

    is_cancelled: bool = False
    problem: str = ""
    """Why it could not be done."""


RecordsViewEvent = (
    RecordsListed
    | RecordsUnread
    | RecordCursorMoved
    | RecordRead
    | RecordMarked
    | VerifyBegun
    | RunsVerified
    | VerifyEnded
)


# --- The view ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verifying:
    """A verification in progress, or the last one."""

    total: int
    done: int = 0
    failed: int = 0
    """How many of them are broken, or cannot be read."""
    is_live: bool = True
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class RecordsView:
    """Everything that the screen draws of records."""

    is_read: bool = False
    failure: str = ""
    """Why the list cannot be read."""
    problem: str = ""
    """Why the last verification could not be done."""
    listed: tuple[RecordRow, ...] = ()
    """The newest first."""
    has_more: bool = False
    cursor: int = 0
    shown: RecordRead | None = None
    """The record that was read last."""
    marked: "Record | None" = None
    """The record that the next one is compared with."""
    proofs: "Mapping[str, Proven]" = field(default_factory=dict)
    """What verifying found in this session, by the run's id."""
    verifying: Verifying | None = None

    @property
    def rows(self) -> tuple[RecordRow, ...]:
        """The records of the list; after them, those that do not hold and are not in it: no fault is out of sight."""
        known = {each.run_id for each in self.listed}
        other = (each for each in self.proofs.values() if not each.holds and each.run_id not in known)
        return (*self.listed, *(RecordRow(each.run_id) for each in other))

    @property
    def row(self) -> RecordRow | None:
        """The record under the cursor."""
        rows = self.rows
        return rows[self.cursor] if self.cursor < len(rows) else None

    @property
    def is_verifying(self) -> bool:
        """Whether runs are being verified now."""
        return self.verifying is not None and self.verifying.is_live

    def apply(self, event: RecordsViewEvent) -> "RecordsView":
        """Return the view after an event. Pure."""
        match event:
            case RecordsListed():
                return self._listed(event)
            case RecordsUnread(words):
                return replace(self, is_read=True, failure=words)
            case RecordCursorMoved(cursor):
                return replace(self, cursor=max(0, min(cursor, len(self.rows) - 1)))
            case RecordRead():
                return replace(self, shown=event)
            case RecordMarked(record):
                return replace(self, marked=record)
            case VerifyBegun(total):
                return replace(self, verifying=Verifying(total), problem="")
            case RunsVerified(results):
                return self._verified(results)
            case VerifyEnded(is_cancelled, problem):
                over = self.verifying and replace(self.verifying, is_live=False, is_cancelled=is_cancelled)
                return replace(self, verifying=over, problem=problem)
            case _:
                assert_never(event)

    def _listed(self, event: RecordsListed) -> "RecordsView":
        """Keep the cursor on the same record; what was proven of a run that went on since says nothing of it now."""
        before = {each.run_id: each for each in self.listed}
        changed = {
            each.run_id
            for each in event.rows
            if each.run_id in before and before[each.run_id].updated_at_ms != each.updated_at_ms
        }
        proofs = {run_id: each for run_id, each in self.proofs.items() if run_id not in changed}
        after = replace(self, is_read=True, failure="", listed=event.rows, has_more=event.has_more, proofs=proofs)
        return after._with_cursor_on(None if self.row is None else self.row.run_id)

    def _verified(self, results: "tuple[Proven, ...]") -> "RecordsView":
        now = self.verifying or Verifying(len(results))
        failed = sum(not each.holds for each in results)
        verifying = replace(now, done=now.done + len(results), failed=now.failed + failed)
        proofs = {**self.proofs, **{each.run_id: each for each in results}}
        after = replace(self, proofs=proofs, verifying=verifying)
        return after._with_cursor_on(None if self.row is None else self.row.run_id)

    def _with_cursor_on(self, run_id: str | None) -> "RecordsView":
        rows = self.rows
        place = next((at for at, each in enumerate(rows) if each.run_id == run_id), self.cursor)
        return replace(self, cursor=max(0, min(place, len(rows) - 1)))
