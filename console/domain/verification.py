"""The verification table: what to verify before relying on a gateway, who verified it, and until when that counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.finding import Finding, Severity
from console.domain.text.secret_scan import looks_like_secret

NOTE_LIMIT = 500
"""The maximum length of a mark's note."""
MAX_AGE_DAYS = 30
"""How many days a mark counts, unless a policy says otherwise."""
_CLOCK_SLACK_DAYS = 1
"""How far in the future a mark may be: the clocks of two machines differ, and so may their dates."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact to verify, and the public page that states it."""

    id: str
    area: str
    what: str
    """What to find out from the source."""
    source_url: str
    safe_wording: str
    """The statement that is safe without further verification."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A person confirmed having read a row's source."""

    row_id: str
    at: datetime
    """In UTC."""
    by: str
    """The user's name in the operating system."""
    note: str = ""
    content_sha256: str | None = None
    """SHA-256 of the source's text at that time; None if the page was not fetched."""


class Freshness(StrEnum):
    """Whether a row's newest mark still counts."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"
    """No one has marked the row yet."""


@dataclass(frozen=True, slots=True)
class RowState:
    """A row, its newest mark, and its expiry."""

    row: Row
    freshness: Freshness
    mark: Mark | None = None
    expires_on: date | None = None
    """The first day on which the mark no longer counts, in UTC."""


class SourceOutcome(StrEnum):
    """The result of fetching a row's source."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NOT_COMPARED = "not_compared"
    """The page was read, but the newest mark has no hash to compare it with."""
    UNREACHABLE = "unreachable"
    """The page could not be read."""
    REFUSED = "refused"
    """The page's IP address must not be contacted."""


@dataclass(frozen=True, slots=True)
class PageChecked:
    """A row's source was fetched. Only the page's hash is kept."""

    row_id: str
    outcome: SourceOutcome
    reason: str
    """One sentence of our own; it never contains text from outside."""
    http_status: int | None = None
    content_sha256: str | None = None

    @property
    def wants_a_look(self) -> bool:
        """Whether a person should look: the page changed, or could not be read."""
        return self.outcome not in (SourceOutcome.UNCHANGED, SourceOutcome.NOT_COMPARED)


@cache
def rows() -> tuple[Row, ...]:
    """Return the rows of the table, in order."""
    return tuple(Row(**row) for row in load_facts("verification")["row"])


def row_of(row_id: str) -> Row | None:
    """Return the row with an id, or None."""
    return next((row for row in rows() if row.id == row_id), None)


def nearest_row_id(word: str) -> str | None:
    """Return the id closest to a mistyped word, or None."""
    import difflib

    return next(iter(difflib.get_close_matches(word[:100].lower(), [row.id for row in rows()], n=1, cutoff=0.4)), None)


def newest_mark(row: Row, marks: Sequence[Mark]) -> Mark | None:
    """Return a row's newest mark: the last one made, whatever the clocks said."""
    return next((mark for mark in reversed(marks) if mark.row_id == row.id), None)


def state(row: Row, marks: Sequence[Mark], today: date, expiry_days: int = MAX_AGE_DAYS) -> RowState:
    """Return whether a row's newest mark still counts, and until when.

    A mark in the future, because a clock was set back, does not count: it would count for too long.

    Args:
        row: A row of the table.
        marks: The marks of all rows, in the order in which they were made.
        today: The date in UTC.
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
    """Find the rows whose verification does not count today; they fail if the policy requires fresh marks."""
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


def sum_up_freshness(states: Iterable[RowState], *, is_required: bool) -> tuple[Finding, ...]:
    """Find the same in one finding for all rows that were never verified and one for all that were, but too long ago.

    A run tells it among its other findings, which a line for each row would hide.
    """
    severity = Severity.FAIL if is_required else Severity.WARN
    old = {
        Freshness.NEVER: ("VERIFY-01", "never verified"),
        Freshness.STALE: ("VERIFY-02", "verified too long ago"),
    }
    ids = [(each.freshness, each.row.id) for each in states]
    findings = []
    for freshness, (finding_id, words) in old.items():
        found = [row_id for is_so, row_id in ids if is_so is freshness]
        rows_were = "1 row of the verification table was" if len(found) == 1 else f"{len(found)} rows were"
        if found:
            message = (
                f"{rows_were} {words}: {', '.join(found)}. Read each source, then: gateway-console verify mark ROW"
            )
            findings.append(Finding(finding_id, severity, message))
    return tuple(findings)


def check_note(note: str) -> Finding | None:
    """Return why a note cannot be stored with a mark, or None."""
    if (words := looks_like_secret(note)) is not None:
        return Finding("NOTE-01", Severity.FAIL, f"The note seems to contain {words}; remove it.")
    if len(note) > NOTE_LIMIT:
        return Finding("NOTE-02", Severity.FAIL, f"The note is longer than {NOTE_LIMIT} characters; shorten it.")
    return None


def compare(row: Row, marks: Sequence[Mark], content_sha256: str, http_status: int) -> PageChecked:
    """Compare the hash of a source's text with the hash in a row's newest mark."""
    mark = newest_mark(row, marks)
    again = f"gateway-console verify mark {row.id} --live"
    if mark is None or mark.content_sha256 is None:
        outcome = SourceOutcome.NOT_COMPARED
        reason = f"There is no hash to compare the page with. Read it, then: {again}"
    elif mark.content_sha256 == content_sha256:
        outcome = SourceOutcome.UNCHANGED
        reason = f"The page's text has not changed since it was verified on {mark.at.date().isoformat()}."
    else:
        outcome = SourceOutcome.CHANGED
        reason = f"The page's text has changed since {mark.at.date().isoformat()}. Read it again, then: {again}"
    return PageChecked(row.id, outcome, reason, http_status, content_sha256)
