"""The profile under the cursor of the fleet: how it stands, and each of its routes, the worst first."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import BLANK, Line, cell, dim, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.fleet.row import FleetRoute
from console.view.console_state import ConsoleState
from console.view.fleet.fleet_view import FleetView
from console.view.fleet.words import detail_rows, fleet_notes
from console.view.history.words import age
from console.view.route_sign import standing_sign
from console.view.sign import Tone

_VERDICT, _ROUTE, _AGE = 12, 18, 8


class FleetDetailPane(LinePane):
    """The profile under the cursor."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return all lines."""
        return tuple(fleet_detail_lines(state.fleet or FleetView(), size.width))


def fleet_detail_lines(view: FleetView, width: int) -> Iterator[Line]:
    """Yield what is known of the profile under the cursor, and what must be known of all."""
    if view.failure and view.fleet is not None:
        yield from labelled("not now", f"{view.failure}; what was read before is shown", width, tone=Tone.WARN)
    for words in () if view.fleet is None else fleet_notes(view.fleet):
        yield from labelled("note", words, width, tone=Tone.WARN)
    if (row := view.row) is None:
        return
    for label, text in detail_rows(row, view.now_ms):
        yield from labelled(label, text.replace("\n", "; "), width)
    yield BLANK
    for route in row.routes:
        yield _route_line(route, view.now_ms, width)
    if not row.routes:
        yield from (line(dim(piece)) for piece in wrap("no route of it is known", width))


def _route_line(route: FleetRoute, now_ms: int, width: int) -> Line:
    sign = standing_sign(route.standing)
    looked = "never" if route.at_ms is None else age(max(0, now_ms - route.at_ms))
    rest = max(10, width - _VERDICT - _ROUTE - _AGE - 2)
    model = min(34, rest // 2)
    return line(
        cell(str(sign), _VERDICT, sign.tone),
        cell(route.key, _ROUTE),
        cell(route.model, model, Tone.DIM),
        cell(looked, _AGE, right=True),
        dim("  "),
        cell(route.why or ("" if route.rung is None else f"rung {int(route.rung)} holds"), rest - model, Tone.DIM),
    )
