"""The verification table: what to verify before a gateway is relied on, who did, and until when that counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity
from console.domain.text.secret_scan import looks_like_secret

NOTE_LIMIT = 500
"""The most characters of a mark's note."""
MAX_AGE_DAYS = 30
"""How many days a mark counts where no policy says otherwise."""
_CLOCK_SLACK_DAYS = 1
"""How far a mark may lie ahead of today: the clocks of two machines differ, and so do their days."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to verify, and the public page that says how it is."""

    id: str
    area: str
    what: str
    """What to find out from the source."""
    source_url: str
    safe_wording: str
    """What may be said without having verified more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A person read a row's source and says so."""

    row_id: str
    at: datetime
    """In UTC."""
    by: str
    """The operating system's name of the user."""
    note: str = ""
    content_sha256: str | None = None
    """SHA-256 of the source's text at that time; None where the page was not fetched."""


class Freshness(StrEnum):
    """Whether a row's newest mark still counts."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"
    """Nobody marked the row yet."""


@dataclass(frozen=True, slots=True)
class RowState:
    """A row, its newest mark, and until when that counts."""

    row: Row
    freshness: Freshness
    mark: Mark | None = None
    expires_on: date | None = None
    """The first day on which the mark no longer counts, in UTC."""


class SourceOutcome(StrEnum):
    """What fetching a row's source came to."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NOT_COMPARED = "not_compared"
    """The page was read, and the newest mark has no hash to compare it with."""
    UNREACHABLE = "unreachable"
    """The page could not be read."""
    REFUSED = "refused"
    """The page's address is one that must not be asked."""


@dataclass(frozen=True, slots=True)
class PageChecked:
    """A row's source was fetched. Nothing of the page is kept but its hash."""

    row_id: str
    outcome: SourceOutcome
    reason: str
    """One sentence in our words; text from outside never enters it."""
    http_status: int | None = None
    content_sha256: str | None = None

    @property
    def wants_a_look(self) -> bool:
        """Whether a person should look: the page changed, or could not be read."""
        return self.outcome not in (SourceOutcome.UNCHANGED, SourceOutcome.NOT_COMPARED)


@cache
def rows() -> tuple[Row, ...]:
    """Return the table's rows in their order."""
    return tuple(Row(**row) for row in load_facts("verification")["row"])


def row_of(row_id: str) -> Row | None:
    """Return the row of an id, or None."""
    return next((row for row in rows() if row.id == row_id), None)


def nearest_row_id(word: str) -> str | None:
    """Return the id that a word was probably meant to be, or None."""
    import difflib

    return next(iter(difflib.get_close_matches(word[:100].lower(), [row.id for row in rows()], n=1, cutoff=0.4)), None)


def newest_mark(row: Row, marks: Sequence[Mark]) -> Mark | None:
    """Return a row's newest mark: the last one in the order in which they were made, whatever their clocks said."""
    return next((mark for mark in reversed(marks) if mark.row_id == row.id), None)


def state(row: Row, marks: Sequence[Mark], today: date, expiry_days: int = MAX_AGE_DAYS) -> RowState:
    """Return whether a row's newest mark still counts, and until when.

    A mark that lies in the future, because a clock was set back since, does not count: it would for too long.

    Args:
        row: A row of the table.
        marks: Marks of all rows, in the order in which they were made.
        today: The day in UTC.
        expiry_days: How many days a mark counts.

    """
    mark = newest_mark(row, marks)
    if mark is None:
        return RowState(row, Freshness.NEVER)
    age_days = (today - mark.at.date()).days
    is_fresh = -_CLOCK_SLACK_DAYS <= age_days < expiry_days
    return RowState(row, Freshness.FRESH if is_fresh else Freshness.STALE, mark, _later(mark.at.date(), expiry_days))


def _later(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def check_freshness(states: Iterable[RowState], *, is_required: bool) -> tuple[Finding, ...]:
    """Find the rows whose verification does not count today; they fail where a policy requires them fresh."""
    severity = Severity.FAIL if is_required else Severity.WARN
    findings = []
    for each in states:
        area, row_id = each.row.area, each.row.id
        again = f"Read its source, then: gateway-console verify mark {row_id}"
        if each.freshness is Freshness.NEVER:
            findings.append(Finding("VERIFY-01", severity, f"{area} was never verified. {again}"))
        elif each.freshness is Freshness.STALE and each.mark is not None:
            day = each.mark.at.date().isoformat()
            message = f"{area} was last verified on {day}, which no longer counts. {again}"
            findings.append(Finding("VERIFY-02", severity, message, each.row.source_url, day))
    return tuple(findings)


def check_note(note: str) -> Finding | None:
    """Say why a note cannot be kept with a mark, or return None."""
    if (words := looks_like_secret(note)) is not None:
        return Finding("NOTE-01", Severity.FAIL, f"The note looks like it holds {words}; take it out.")
    if len(note) > NOTE_LIMIT:
        return Finding("NOTE-02", Severity.FAIL, f"The note is longer than {NOTE_LIMIT} characters; shorten it.")
    return None


def compare(row: Row, marks: Sequence[Mark], content_sha256: str, http_status: int) -> PageChecked:
    """Compare a source's text with the one that a row's newest mark vouches for, by their hashes."""
    mark = newest_mark(row, marks)
    again = f"gateway-console verify mark {row.id} --live"
    if mark is None or mark.content_sha256 is None:
        outcome = SourceOutcome.NOT_COMPARED
        reason = f"There is no hash to compare the page with. Read it, then: {again}"
    elif mark.content_sha256 == content_sha256:
        outcome = SourceOutcome.UNCHANGED
        reason = f"The page's text is the one that was verified on {mark.at.date().isoformat()}."
    else:
        outcome = SourceOutcome.CHANGED
        reason = f"The page's text changed since {mark.at.date().isoformat()}. Read it again, then: {again}"
    return PageChecked(row.id, outcome, reason, http_status, content_sha256)
