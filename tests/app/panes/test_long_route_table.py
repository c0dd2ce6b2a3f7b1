"""A table of more routes than the screen has lines: the cursor stays visible, and the frame has the sums."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.app import hands
from support.app.states import opened
from support.config import config_table, route, write_config
from textual.geometry import Size

from console.app.app import ConsoleApp
from console.app.panes.route_table import HEADER_LINES, RouteTablePane, first_row
from console.domain.probes.event import RoutesChecked
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.services.config.load import load_profile
from console.services.config.settings import EMBEDDED
from console.view.console_state import ConsoleState

pytestmark = pytest.mark.usefixtures("state_home")

R = EndpointFamily.RESPONSES
KEYS = ["writer", *(f"writer.n{at}" for at in range(18)), "writer.drifts"]


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


async def test_the_keys_reach_every_route_at_80_by_24_and_the_frame_has_the_sums(tmp_path: Path) -> None:
    named = {f"n{at}": route("m") for at in range(18)} | {"drifts": route("claude-opus-4-1", "responses")}
    profile = load_profile(
        write_config(tmp_path / "c.toml", config_table({"base_url": EMBEDDED}, {"writer": route() | named}))
    )
    app = ConsoleApp(profile, start_embedded=hands.at_once)
    async with app.run_test(size=(80, 24)):
        await hands.settled(app)
        pane = hands.main_screen(app).query_one("#routes", RouteTablePane)
        rows, at = pane.size.height - HEADER_LINES, []
        for key in ("pagedown", "pagedown", "pagedown", "end", "pageup", "home", "pageup"):
            await hands.press(app, key)
            (line,) = [line for line in hands.drawn(hands.main_screen(app), "routes").splitlines() if "▌" in line]
            assert str(pane.border_subtitle).split(" · ")[0] == f"{KEYS.index(line.split()[1]) + 1} of 20"
            at.append(line.split()[1])
    assert at == [
        KEYS[rows],
        KEYS[min(2 * rows, 19)],
        KEYS[min(3 * rows, 19)],
        KEYS[19],
        KEYS[19 - rows],
        "writer",
        "writer",
    ]
    assert str(pane.border_subtitle) == "1 of 20 · 1 drift, 19 unproven"


def test_a_table_that_fits_does_not_move() -> None:
    assert [first_row(6, cursor, 6) for cursor in range(6)] == [0] * 6
