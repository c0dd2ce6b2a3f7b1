"""A table of more routes than the screen has lines: the cursor stays visible, and the frame has the sums."""

from dataclasses import replace

import pytest
from support.app.states import opened
from textual.geometry import Size

from console.app.panes.route_table import RouteTablePane, first_row
from console.domain.probes.event import RoutesChecked
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.view.console_state import ConsoleState

R = EndpointFamily.RESPONSES


def state_of(count: int) -> ConsoleState:
    routes = [Route(Role.WRITER, "m", R, R.standard_path, name="" if not at else f"n{at}") for at in range(count)]
    return replace(opened("demo"), routes=()).apply(RoutesChecked(check(RouteTable(tuple(routes)))))


@pytest.mark.parametrize("cursor", [0, 3, 31, 60, 63])
def test_the_cursors_route_is_among_the_lines_that_fit(cursor: int) -> None:
    state = state_of(64)
    pane = RouteTablePane(state, id="routes")
    lines = [str(line) for line in pane.lines(state, cursor, Size(78, 9))]
    assert len(lines) == 9
    assert [line.split()[1] for line in lines if line.startswith("▌")] == [state.routes[cursor].proven.key]


def test_a_table_that_fits_does_not_move() -> None:
    assert [first_row(6, cursor, 6) for cursor in range(6)] == [0] * 6
