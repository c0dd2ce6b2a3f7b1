"""f shows the fleet: what another console finds, filtered; of a thousand profiles only what fits is laid out."""

import os
from pathlib import Path

import pytest
from support.app import hands
from support.run.screen_desk import Desk, config, sitting

from console.app.panes.fleet.list_pane import fleet_list_lines
from console.app.screens.fleet_screen import FleetScreen
from console.app.screens.routes_screen import RoutesScreen
from console.domain.errors.category import Category
from console.domain.fleet.filter import parse_filter
from console.domain.fleet.fleet import Fleet
from console.domain.fleet.row import FleetRow, FleetVerdict
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey
from console.services.history.file import HistoryFile
from console.services.system.clock import unix_ms
from console.view.fleet.fleet_view import FleetCursorMoved, FleetFiltered, FleetOrderAsked, FleetRead, FleetView

pytestmark = pytest.mark.usefixtures("state_home")

WRITER = FactRoute("desk", "sim:", RouteKey("writer"), "gpt-route-placeholder", EndpointFamily.RESPONSES)


def view(desk: Desk) -> FleetView:
    return hands.state_of(desk.app).fleet or FleetView()


async def test_what_another_console_finds_is_shown_at_once_and_a_filter_hides_the_rest(tmp_path: Path) -> None:
    async with sitting(config(tmp_path), (80, 24)) as desk:
        await desk.press("f")
        await desk.until_screen(FleetScreen)
        await desk.until(lambda: view(desk).fleet is not None)
        failed = Fact(unix_ms(), WRITER, FactKind.SMOKE, FactStatus.FAILED, Rung.SMOKE, category=Category.TIMEOUT)
        file = HistoryFile(dict(os.environ))
        file.append((failed,), {"desk": 90})
        file.close()
        await desk.until(lambda: view(desk).rows[0].verdict is FleetVerdict.DOWN)
        for width, height in ((80, 24), (120, 40)):
            await hands.resize(desk.app, width, height)
            assert "× down" in desk.drawn("fleet")
            assert "writer: timeout" in desk.drawn("fleet")
            assert "writer" in desk.drawn("profile-detail")
        await desk.press("slash", *"!red", "enter")
        await desk.until(lambda: view(desk).rows == ())
        assert "no profile fits !red" in desk.drawn("fleet")
        await desk.press("escape")
        await desk.until_screen(RoutesScreen)


def test_a_list_of_ten_thousand_profiles_lays_out_only_what_fits() -> None:
    rows = tuple(FleetRow((f"p{number:05d}", "https://gw.example"), FleetVerdict.PROVEN) for number in range(10_000))
    shown = FleetView().apply(FleetRead(Fleet(rows, 1), "here")).apply(FleetCursorMoved(9_999))
    lines = list(fleet_list_lines(shown, 80, range(9_990, 10_000)))
    assert len(lines) == 11
    assert "▌" in str(lines[-1])
    assert all(len(str(each)) <= 80 for each in lines)


def test_the_cursor_stays_on_its_profile_when_others_are_wanted() -> None:
    names = ("a", "b", "c")
    rows = tuple(FleetRow((name, "sim:"), FleetVerdict.PROVEN) for name in names)
    shown = FleetView().apply(FleetRead(Fleet(rows, 1), "here")).apply(FleetCursorMoved(2))
    shown = shown.apply(FleetFiltered(parse_filter("!name:a")))
    assert (len(shown.rows), shown.row, shown.apply(FleetOrderAsked()).cursor) == (2, rows[2], 0)
