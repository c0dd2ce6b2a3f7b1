"""The tables of facts, for a person."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from console.cli import output
from console.domain.facts.overview import FRESH_DAYS, STALE_DAYS
from console.view.facts_sign import age_sign

if TYPE_CHECKING:
    from console.services.facts.tables import FactsTable


def show_tables(tables: "Sequence[FactsTable]", today: date) -> None:
    """Write all tables in one line each."""
    rows = [("table", "rows", "sources", "oldest", "newest", "age", "in use")]
    rows += [
        (
            each.name,
            str(each.used.rows),
            str(len(each.used.sources)),
            _day(each.used.oldest),
            _day(each.used.newest),
            f"{age_sign(each.used.is_stale(today))} {_age(each, today)}",
            _in_use(each),
        )
        for each in tables
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    stale = [each.name for each in tables if each.used.is_stale(today)]
    undated = sum(each.used.oldest is None for each in tables)
    output.note(
        f"{len(tables)} table(s): {len(stale)} stale ({STALE_DAYS} days or more, a recording after"
        f" {FRESH_DAYS}), {undated} without dates."
        " A newer one: gateway-console facts update --from FILE"
    )


def show_table(table: "FactsTable", today: date) -> None:
    """Write one table with its sources."""
    fields = [
        ("table", table.name),
        ("rows", str(table.used.rows)),
        ("read", f"{_day(table.used.oldest)} to {_day(table.used.newest)}"),
        ("age", f"{age_sign(table.used.is_stale(today))} {_age(table, today)}"),
        ("in use", _in_use(table)),
    ]
    if table.installed is not None:
        fields += [
            ("installed", table.installed.origin or "unknown"),
            ("file", str(table.installed.path)),
            ("sha256", table.installed.sha256 or "-"),
            (
                "built in",
                f"{table.built_in.rows} rows, read {_day(table.built_in.oldest)} to {_day(table.built_in.newest)}",
            ),
        ]
    fields += [("source" if index == 0 else "", source) for index, source in enumerate(table.used.sources)]
    widths = (*output.column_widths([(name,) for name, _ in fields]), 0)
    for field in fields:
        output.write_line(output.table_line(field, widths))


def note_of_table(table: "FactsTable") -> str:
    """Return what to know about an installed table: that it is unusable, older than the built-in one, or in use."""
    installed, newest, built_in = table.installed, table.used.newest, table.built_in.newest
    again = f"gateway-console facts update --reset {table.name}"
    if installed is not None and installed.problem:
        return f"{table.name}: {installed.problem}. The built-in table is in use. To remove the other: {again}"
    if newest is not None and built_in is not None and newest < built_in:
        return f"{table.name}: installed, but older than the built-in table. To go back: {again}"
    return f"{table.name}: installed and in use from now on. To go back: {again}"


def _day(day: date | None) -> str:
    return "-" if day is None else day.isoformat()


def _age(table: "FactsTable", today: date) -> str:
    age_days = table.used.age_days(today)
    return "no dates" if age_days is None else f"{age_days} d"


def _in_use(table: "FactsTable") -> str:
    how = "captured" if table.can_be_captured else "installed"
    if table.is_installed:
        return how
    if table.installed is not None:
        return f"built in; {how} one unusable"
    return "built in, can be updated" if table.can_be_installed else "built in"
