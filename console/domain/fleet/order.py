"""Order: by what a fleet is sorted, what needs someone first."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from console.domain.fleet.row import FleetRow


class Order(StrEnum):
    """By what the rows are sorted."""

    VERDICT = "verdict"
    """The worst first; of equal ones, that which was looked at longest ago."""
    AGE = "age"
    """That which was never looked at, then that which was looked at longest ago."""
    COST = "cost"
    """The most expensive of the last 7 days first."""
    RETIREMENT = "retirement"
    """The model that retires next first."""
    NAME = "name"


def ordered(rows: Iterable[FleetRow], order: Order) -> tuple[FleetRow, ...]:
    """Return rows in an order; equal ones by name."""
    by_name = sorted(rows, key=lambda row: (row.name, row.origin))
    match order:
        case Order.NAME:
            return tuple(by_name)
        case Order.VERDICT:
            return tuple(sorted(by_name, key=lambda row: (-row.verdict.gravity, _looked(row))))
        case Order.AGE:
            return tuple(sorted(by_name, key=_looked))
        case Order.COST:
            return tuple(sorted(by_name, key=lambda row: (-row.spending.week, -row.spending.day)))
        case Order.RETIREMENT:
            return tuple(sorted(by_name, key=lambda row: row.retires_on or date.max))


def _looked(row: FleetRow) -> int:
    return -1 if row.looked_ms is None else row.looked_ms
