"""The verification table, for a person."""

from collections.abc import Iterable, Sequence

from console.cli import output
from console.domain.verification import Freshness, Mark, PageChecked, RowState, SourceOutcome
from console.view.verification_sign import freshness_sign, outcome_sign


def show_table(states: Sequence[RowState]) -> None:
    """Write the table for a person."""
    rows = [("row", "area", "state", "checked", "by", "expires")]
    rows += [
        (
            each.row.id,
            each.row.area,
            str(freshness_sign(each.freshness)),
            each.mark.at.date().isoformat() if each.mark else "-",
            each.mark.by if each.mark else "-",
            each.expires_on.isoformat() if each.expires_on else "-",
        )
        for each in states
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))


def summary(states: Sequence[RowState]) -> str:
    """Return the number of rows in each state, as text."""
    counts = {kind: sum(each.freshness is kind for each in states) for kind in Freshness}
    return (
        f"{len(states)} row(s): {counts[Freshness.FRESH]} fresh, {counts[Freshness.STALE]} stale,"
        f" {counts[Freshness.NEVER]} never verified"
    )


def show_row(state: RowState, marks: Iterable[Mark]) -> None:
    """Write a row with all its details and marks."""
    row = state.row
    fields = [
        ("row", row.id),
        ("area", row.area),
        ("verify", row.what),
        ("source", row.source_url),
        ("safe to say", row.safe_wording),
        ("state", str(freshness_sign(state.freshness))),
    ]
    if state.expires_on is not None:
        fields.append(("expires", state.expires_on.isoformat()))
    widths = (*output.column_widths([(name,) for name, _ in fields]), 0)
    for field in fields:
        output.write_line(output.table_line(field, widths))
    for mark in marks:
        output.write_line(f"checked {moment_of(mark)} by {mark.by}{_hash_words(mark)}")
        if mark.note:
            output.write_line(f"    {mark.note}")


def show_checked(checked: PageChecked, widths: Sequence[int]) -> None:
    """Write the result of fetching one source."""
    cells = (str(outcome_sign(checked.outcome)), checked.row_id, checked.reason)
    output.write_line(output.table_line(cells, (*widths, 0)))


def checked_widths(states: Iterable[RowState]) -> list[int]:
    """Return the widths of the columns of `show_checked`."""
    longest = max((str(outcome_sign(each)) for each in SourceOutcome), key=output.width_of)
    return output.column_widths([(longest, each.row.id) for each in states])


def moment_of(mark: Mark) -> str:
    """Return when a mark was made, as RFC 3339 in UTC."""
    return mark.at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _hash_words(mark: Mark) -> str:
    return f", page {mark.content_sha256[:12]}" if mark.content_sha256 else ", page not fetched"
