"""What the screen knows of the fleet: the rows that are wanted, in their order, and the one under the cursor."""

from dataclasses import dataclass, replace
from typing import assert_never

from console.domain.fleet.filter import NO_FILTER, Filter
from console.domain.fleet.fleet import Fleet
from console.domain.fleet.order import Order, ordered
from console.domain.fleet.row import FleetRow

# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FleetRead:
    """The fleet was read."""

    fleet: Fleet
    source: str
    """Where its states are from."""


@dataclass(frozen=True, slots=True)
class FleetUnread:
    """The fleet cannot be read now; what was read before stays."""

    words: str


@dataclass(frozen=True, slots=True)
class FleetCursorMoved:
    """The cursor of the list was moved."""

    cursor: int


@dataclass(frozen=True, slots=True)
class FleetOrderAsked:
    """The next order is asked for; after the last one, the first."""


@dataclass(frozen=True, slots=True)
class FleetFiltered:
    """Other rows are wanted."""

    filter: Filter


FleetViewEvent = FleetRead | FleetUnread | FleetCursorMoved | FleetOrderAsked | FleetFiltered


# --- The view --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FleetView:
    """Everything that is drawn of the fleet."""

    fleet: Fleet | None = None
    """None until it was read."""
    source: str = ""
    failure: str = ""
    """Why it cannot be read now."""
    filter: Filter = NO_FILTER
    order: Order = Order.VERDICT
    rows: tuple[FleetRow, ...] = ()
    """The wanted ones, in their order."""
    cursor: int = 0

    @property
    def row(self) -> FleetRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def now_ms(self) -> int:
        """When the fleet was read."""
        return 0 if self.fleet is None else self.fleet.now_ms

    def apply(self, event: FleetViewEvent) -> "FleetView":
        """Return the view after an event. Pure."""
        match event:
            case FleetRead(fleet, source):
                return replace(self, fleet=fleet, source=source, failure="")._arranged()
            case FleetUnread(words):
                return replace(self, failure=words)
            case FleetCursorMoved(cursor):
                return replace(self, cursor=max(0, min(cursor, len(self.rows) - 1)))
            case FleetOrderAsked():
                orders = list(Order)
                order = orders[(orders.index(self.order) + 1) % len(orders)]
                return replace(self, order=order, rows=ordered(self.rows, order), cursor=0)
            case FleetFiltered(wanted):
                return replace(self, filter=wanted)._arranged()
            case _:
                assert_never(event)

    def _arranged(self) -> "FleetView":
        """Return it with the wanted rows in order, and the cursor on the same profile."""
        if self.fleet is None:
            return self
        now_ms, picked = self.fleet.now_ms, None if self.row is None else self.row.owner
        rows = ordered((row for row in self.fleet.rows if self.filter.takes(row, now_ms)), self.order)
        place = next((at for at, row in enumerate(rows) if row.owner == picked), self.cursor)
        return replace(self, rows=rows, cursor=max(0, min(place, len(rows) - 1)))
