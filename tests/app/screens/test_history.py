"""H shows the history: what was just found, what another console adds, filtered by kind and time, at every size."""

import os
from pathlib import Path

import pytest
from support.app import hands
from support.run.screen_desk import Desk, config, sitting

from console.app.screens.history_screen import HistoryScreen
from console.app.screens.routes_screen import RoutesScreen
from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactRoute, FactStatus
from console.domain.history.regression import Measure
from console.domain.probes.ladder import Rung
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.history.file import HistoryFile
from console.services.system.clock import unix_ms
from console.view.history.history_view import HistoryView, Range

pytestmark = pytest.mark.usefixtures("state_home")

WRITER = FactRoute("desk", "sim:", RouteKey("writer"), "gpt-route-placeholder", EndpointFamily.RESPONSES)
DAY_MS = 86_400_000


def add(*facts: Fact) -> None:
    """Add facts as another console does."""
    file = HistoryFile(dict(os.environ))
    file.append(facts, {"desk": 90})
    file.close()


def passed(days_ago: float, ttft_ms: float = 200.0, kind: FactKind = FactKind.SMOKE) -> Fact:
    at = unix_ms() - int(days_ago * DAY_MS)
    return Fact(at, WRITER, kind, FactStatus.PASSED, Rung.SMOKE, Shape.TEXT, None, 200, ttft_ms, 500.0, 28, 60.0, 420)


def red(days_ago: float) -> Fact:
    at = unix_ms() - int(days_ago * DAY_MS)
    return Fact(at, WRITER, FactKind.SMOKE, FactStatus.FAILED, Rung.SMOKE, Shape.TEXT, Category.TIMEOUT)


def view(desk: Desk) -> HistoryView:
    return hands.state_of(desk.app).history or HistoryView()


def count(desk: Desk) -> int:
    return sum(each.count for each in view(desk).routes)


async def open_history(desk: Desk) -> None:
    await desk.press("H")
    await desk.until_screen(HistoryScreen)
    await desk.until(lambda: view(desk).trends is not None)


async def test_what_was_smoked_here_and_what_another_console_adds_is_there(tmp_path: Path) -> None:
    async with sitting(config(tmp_path), (80, 24)) as desk:
        await open_history(desk)
        assert "nothing in the last 7d" in " ".join(desk.drawn("history").split())
        await desk.press("escape")
        await desk.until_screen(RoutesScreen)
        await desk.press("j", "s")
        await desk.until(lambda: not hands.state_of(desk.app).is_live)
        await open_history(desk)
        await desk.until(lambda: count(desk) == 1)
        add(*(passed(2 + each / 100) for each in range(60)), *(passed(0.1, 900.0) for _ in range(15)), red(0.0))
        await desk.until(lambda: count(desk) == 77)
        for width, height in ((80, 24), (120, 40), (200, 50)):
            await hands.resize(desk.app, width, height)
            await desk.press("k")
            shown = desk.drawn("history")
            assert "× failed" in shown
            assert " !" in shown
            assert "█" in shown
            chart = desk.drawn("chart")
            assert "ms ┤" in chart
            assert "└──" in chart
            assert max(map(len, chart.splitlines())) <= width
        assert "is worse: 200 to 900 ms" in " ".join(desk.drawn("chart").split())
        assert "red since" in desk.drawn("chart")


async def test_it_is_filtered_by_kind_and_range_and_says_why_not_further(tmp_path: Path) -> None:
    add(passed(0.01), passed(3), passed(20), passed(0.02, kind=FactKind.RELAY))
    async with sitting(config(tmp_path)) as desk:
        await open_history(desk)
        await desk.until(lambda: count(desk) == 3)
        await desk.press("plus")
        await desk.until(lambda: count(desk) == 4)
        await desk.press("minus", "minus")
        await desk.until(lambda: view(desk).range is Range.DAY and count(desk) == 2)
        await desk.press("f", "f", "f")
        await desk.until(lambda: view(desk).kind is FactKind.RELAY and count(desk) == 1)
        assert "relay · last 24h" in str(desk.app.screen.query_one("#history").border_subtitle)
        await desk.press("m")
        assert view(desk).measure is Measure.TOTAL
        await desk.press("minus", "minus")
        assert desk.said() == ["this is the shortest range"]


async def test_a_red_route_says_since_when_beside_its_contract(tmp_path: Path) -> None:
    models = {"writer": "gpt-truncated-placeholder"}
    known = FactRoute("desk", "sim:", RouteKey("writer"), models["writer"], EndpointFamily.RESPONSES)
    at = unix_ms() - 2 * DAY_MS
    add(Fact(at, known, FactKind.SMOKE, FactStatus.PASSED, Rung.SMOKE, Shape.TEXT))
    async with sitting(config(tmp_path, **models)) as desk:
        await desk.press("j", "s")
        await desk.until(lambda: hands.state_of(desk.app).streak(RouteKey("writer")) is not None)
        words = " ".join(desk.drawn("contract").split())
        assert "red since now, last green " in words


async def test_a_history_that_cannot_be_kept_is_told_once_and_stops_nothing(tmp_path: Path, state_home: Path) -> None:
    (state_home / "gateway-console" / "history.db").mkdir(parents=True)
    (state_home / "gateway-console").chmod(0o700)
    async with sitting(config(tmp_path)) as desk:
        await desk.press("S")
        await desk.until(lambda: not hands.state_of(desk.app).is_live and bool(desk.said()))
        (told,) = desk.said()
        assert told.startswith("history was not kept: ")
        assert "is not a regular file" in told


async def test_read_only_keeps_nothing(tmp_path: Path, state_home: Path) -> None:
    async with sitting(config(tmp_path), is_read_only=True) as desk:
        await desk.press("c")
        await desk.until(lambda: not hands.state_of(desk.app).is_busy)
    assert not (state_home / "gateway-console" / "history.db").exists()
