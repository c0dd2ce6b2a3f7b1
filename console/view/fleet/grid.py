"""The fleet as the table of a page: a row for each profile, and by what each cell is sorted."""

from collections.abc import Sequence

from console.domain.fleet.row import FleetRow
from console.view.fleet.words import age_words, cost_words, retires_words, verdict_sign, why_words
from console.view.report.report import Grid

_HEAD = ("verdict", "profile", "gateway", "routes", "looked", "cost 24 h", "cost 7 d", "retires", "why", "by")


def fleet_grid(rows: Sequence[FleetRow], now_ms: int) -> Grid:
    """Return the table of some rows."""
    return Grid(
        "Profiles",
        _HEAD,
        tuple(_texts(row, now_ms) for row in rows),
        tuple(_keys(row, now_ms) for row in rows),
        tuple(verdict_sign(row.verdict).tone for row in rows),
    )


def _texts(row: FleetRow, now_ms: int) -> tuple[str, ...]:
    return (
        str(verdict_sign(row.verdict)),
        row.name if row.is_in_config else f"{row.name} (not in this config)",
        row.origin or "-",
        str(len(row.routes)),
        age_words(row, now_ms),
        cost_words(row.spending.day),
        cost_words(row.spending.week),
        retires_words(row, now_ms),
        why_words(row),
        "" if row.looker is None else str(row.looker),
    )


def _keys(row: FleetRow, now_ms: int) -> tuple[str, ...]:
    age_ms = row.age_ms(now_ms)
    return (
        str(row.verdict.gravity),
        "",
        "",
        str(len(row.routes)),
        str(2**53 if age_ms is None else age_ms),
        str(row.spending.day),
        str(row.spending.week),
        "9999-12-31" if row.retires_on is None else row.retires_on.isoformat(),
        "",
        "",
    )
