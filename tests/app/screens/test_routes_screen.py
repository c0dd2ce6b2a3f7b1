"""The screen under Textual's pilot, on real HTTP: the embedded gateway, and raw servers on loopback."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.app import hands
from support.app.hands import click, main_screen, press, resize, said, settled, state_of
from support.app.states import HOSTILE
from support.config import config_table, route, write_config
from textual.command import CommandPalette

from console.app.app import ConsoleApp
from console.app.dialogs.dialogs import Dialog
from console.app.panes.route_pane import RoutePane
from console.app.screens.routes_screen import RoutesScreen
from console.app.screens.run_screen import RunScreen
from console.app.session import StartEmbedded, embedded_in_a_process
from console.app.widgets.line_pane import LinePane
from console.domain.probes.smoke import SmokeStatus
from console.domain.routes.role import Role
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.services.config.settings import Profile
from console.view.console_state import ConsoleState
from console.view.live_call import CallPhase

pytestmark = pytest.mark.usefixtures("state_home")


async def until(app: ConsoleApp, is_reached: Callable[[ConsoleState], bool]) -> ConsoleState:
    await hands.until(app, lambda: is_reached(state_of(app)))
    return state_of(app)


def is_open(state: ConsoleState) -> bool:
    return state.token_state is TokenState.FOUND


def is_done(state: ConsoleState) -> bool:
    return state.loop_lag_p99_ms is not None and not state.is_live


def drawn(app: ConsoleApp, pane_id: str) -> str:
    return hands.drawn(main_screen(app), pane_id)


@contextlib.asynccontextmanager
async def running(
    profile: Profile,
    size: tuple[int, int] = (120, 40),
    *,
    is_read_only: bool = False,
    start_embedded: StartEmbedded = hands.at_once,
) -> AsyncIterator[ConsoleApp]:
    app = ConsoleApp(profile, is_read_only=is_read_only, start_embedded=start_embedded)
    async with app.run_test(size=size):
        await settled(app)
        yield app


async def smoke_all(app: ConsoleApp) -> None:
    """Smoke all routes, and look at what the screen says of it."""
    before = len(state_of(app).requests.calls)
    await press(app, "S")
    state = await until(app, is_done)
    assert {each.smoke.result.status for each in state.routes if each.smoke.result} == {SmokeStatus.PASSED}
    assert sum(call.is_sent for call in state.requests.calls[before:]) == len(state.routes) == 6
    assert "~ 5 unproven  ✓ 1 proven" in drawn(app, "header"), "only the fallback needs no more than text"
    rows = drawn(app, "routes")
    assert (rows.count("~ unproven  ✓ ok"), rows.count("✓ proven    ✓ ok")) == (5, 1)


async def test_all_routes_are_smoked_side_by_side() -> None:
    async with running(load_profile(name="demo")) as app:
        await until(app, is_open)
        assert state_of(app).requests.calls == ()
        await smoke_all(app)
        await resize(app, 200, 50)
        await smoke_all(app)


async def test_a_narrow_screen_smokes_on_a_gateway_in_a_process_of_its_own() -> None:
    async with running(load_profile(name="demo"), (80, 24), start_embedded=embedded_in_a_process) as app:
        await until(app, is_open)
        assert state_of(app).requests.calls == ()
        await smoke_all(app)


async def test_one_cursor_moves_all_panes_and_a_key_that_is_not_possible_says_why() -> None:
    async with running(load_profile(name="faults")) as app:
        await until(app, is_open)
        await press(app, "j", "j", "j")
        assert "▌ reviewer" in drawn(app, "routes")
        assert "× drift" in drawn(app, "contract")
        await press(app, "s")
        assert any("held back: endpoint drift" in each for each in said(app))
        assert state_of(app).requests.calls == ()
        await press(app, "G")
        assert "▌ fallback" in drawn(app, "routes")
        await press(app, "g")
        assert "▌ planner" in drawn(app, "routes")
        await click(app, "#routes", offset=(10, 5))
        assert "▌ reviewer" in drawn(app, "routes")


async def test_drift_is_held_and_the_rest_ends_in_its_category() -> None:
    async with running(load_profile(name="faults")) as app:
        await until(app, is_open)
        await press(app, "S")
        state = await until(app, is_done)
        categories = {
            each.check.route.role: each.smoke.result.classification.category
            for each in state.routes
            if each.smoke.result and each.smoke.result.classification
        }
        assert categories == {
            Role.PLANNER: "contract_violation",
            Role.REVISION: "contract_violation",
            Role.REVIEWER: "endpoint_drift",
            Role.FALLBACK: "account_pricing",
        }
        assert state.smoke(Role.REVIEWER).result.requests_sent == 0  # type: ignore[union-attr]


async def test_a_read_only_session_sends_nothing() -> None:
    async with running(load_profile(name="demo"), is_read_only=True) as app:
        await until(app, is_open)
        await press(app, "s", "S")
        assert "read-only" in drawn(app, "header")
        assert state_of(app).requests.calls == ()


async def test_panes_and_titles_follow_the_width() -> None:
    async with running(load_profile(name="demo"), (80, 24)) as app:
        contract = main_screen(app).query_one("#contract", LinePane)
        smoke = main_screen(app).query_one("#smoke", LinePane)
        await hands.until(app, lambda: (contract.display, smoke.display) == (True, False))
        assert contract.border_title == "2 contract · planner   3 smoke"
        await press(app, "3")
        assert not contract.display
        assert smoke.has_focus
        await resize(app, 120, 40)
        await hands.until(app, lambda: (contract.display, smoke.display) == (True, True))
        assert contract.border_title == "2 contract · planner"
        await resize(app, 200, 50)
        await hands.until(app, lambda: main_screen(app).query_one("#calls").display)
        walked = []
        for _ in range(5):
            walked.append(app.focused.id if app.focused else None)
            await press(app, "tab")
        assert walked == ["smoke", "calls", "routes", "contract", "smoke"]


async def test_dialogs_open_and_close() -> None:
    async with running(load_profile(name="demo"), (80, 24)) as app:
        await until(app, is_open)
        assert app.focused is main_screen(app).query_one("#routes")
        for key in ("question_mark", "enter"):
            await press(app, key)
            assert isinstance(app.screen, Dialog)
            await press(app, "escape")
            assert isinstance(app.screen, RoutesScreen)
        await press(app, "K", "T")
        assert isinstance(app.screen, RoutesScreen)
        assert any("makes its own token" in each for each in said(app))
        await press(app, "colon")
        assert isinstance(app.screen, CommandPalette)
        assert [command.title for command in app.get_system_commands(app.screen)] == ["Theme"]


@contextlib.asynccontextmanager
async def raw_gateway(
    answer: bytes, *, hold_open: bool = False
) -> AsyncIterator[tuple[int, list[bytes], asyncio.Event]]:
    """Serve the same bytes to every request, and keep what was asked."""
    asked: list[bytes] = []
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            asked.append(head + await reader.readexactly(length))
            arrived.set()
            writer.write(answer)
            await writer.drain()
            if hold_open:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked, arrived


def config(path: Path, port: int, token_ref: str = "env:CONSOLE_TEST_TOKEN") -> Path:
    gateway = {"base_url": f"http://127.0.0.1:{port}", "token_ref": [token_ref]}
    routes = {"writer": route("some-model", "chat_completions")}
    return write_config(path / "config.toml", config_table(gateway, routes, profile="raw"))


async def test_hostile_text_is_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": HOSTILE,
        "choices": [{"index": 0, "delta": {"content": HOSTILE + "test-token-0000"}, "finish_reason": "stop"}],
    }
    body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    async with raw_gateway(head + body) as (port, asked, _), running(load_profile(config(tmp_path, port))) as app:
        await until(app, is_open)
        assert asked == []
        await press(app, "S")
        await until(app, is_done)
        shown = "\n".join(drawn(app, pane) for pane in ("header", "routes", "contract", "smoke", "calls"))
    assert len(asked) == 1
    assert b"authorization: Bearer test-token-0000" in asked[0] or b"Authorization: Bearer test-token-0000" in asked[0]
    assert "[@click=app.quit]x[/][red]" in shown
    assert "test-token-0000" not in shown
    assert not [character for character in shown if ord(character) < 32 and character != "\n"]
    assert not set(shown) & set("\x7f\x9b\u202e\u200b")


async def test_a_route_is_called_once_however_often_it_is_asked_for_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
    async with (
        raw_gateway(b"", hold_open=True) as (port, asked, arrived),
        running(load_profile(config(tmp_path, port))) as app,
    ):
        await until(app, is_open)
        main_screen(app).action_do("route.smoke")
        main_screen(app).action_do("smoke.stop")
        state = await until(app, lambda state: not state.is_live)
        assert outcome(state) == (SmokeStatus.UNKNOWN, 0)
        assert asked == []
        for _ in range(3):
            main_screen(app).action_do("route.smoke")
        main_screen(app).action_do("route.smoke_all")
        await arrived.wait()
        state = await until(app, lambda state: state.smoke(Role.WRITER).phase is CallPhase.WAITING)
        assert len(state.requests.calls) == 1
        await press(app, "x")
        state = await until(app, lambda state: not state.is_live)
        assert outcome(state) == (SmokeStatus.UNKNOWN, 1)
        assert "~ stopped" in drawn(app, "routes")
    assert len(asked) == 1


async def test_the_runs_are_opened_once_however_often_they_are_asked_for() -> None:
    async with running(load_profile(name="demo")) as app:
        await until(app, lambda state: state.run is not None)
        for _ in range(2):
            main_screen(app).action_do("run.open")
        await settled(app)
        assert [type(screen) for screen in app.screen_stack[-2:]] == [RoutesScreen, RunScreen]


def outcome(state: ConsoleState) -> tuple[SmokeStatus, int]:
    """Return how the writer's smoke test ended, and how many requests it sent."""
    result = state.smoke(Role.WRITER).result
    assert result is not None
    return result.status, result.requests_sent


async def test_a_missing_token_is_said_and_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is this test's own: what a process has once read of one it keeps."""
    async with (
        raw_gateway(b"") as (port, asked, _),
        running(load_profile(config(tmp_path, port, "env:CONSOLE_LATER_TOKEN"))) as app,
    ):
        await until(app, lambda state: state.token_state is TokenState.ABSENT)
        assert "× absent" in drawn(app, "header")
        assert "CONSOLE_LATER_TOKEN" in drawn(app, "smoke")
        assert "s smokes this route" not in drawn(app, "smoke")
        assert said(app) == []
        await press(app, "s")
        assert any("CONSOLE_LATER_TOKEN" in each for each in said(app))
        await press(app, "K")
        assert isinstance(app.screen, Dialog)
        await press(app, "T")
        assert not isinstance(app.screen, Dialog)
        assert any("cannot be suspended" in each for each in said(app))
        monkeypatch.setenv("CONSOLE_LATER_TOKEN", "test-token-0000")
        await press(app, "R")
        await until(app, is_open)
    assert asked == []


@pytest.mark.parametrize(
    ("named", "expected"), [("daylight", "daylight"), ("textual-light", "textual-light"), ("", "midnight")]
)
async def test_the_environment_chooses_the_theme_and_it_is_drawn(
    named: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", named)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with running(load_profile(name="demo"), (80, 24)) as app:
        assert app.theme == expected
        ground = app.available_themes[expected].background
        assert ground is None or app.screen.styles.background.hex.lower() == ground.lower()
        pane = main_screen(app).query_one("#routes", LinePane)
        styles = [segment.style for segment in pane.render_line(1) if segment.style]
        assert all(style.color != style.bgcolor for style in styles)


async def test_a_dialog_opens_with_what_came_in_before_it_was_drawn() -> None:
    async with running(load_profile(name="demo")) as app:
        before = await until(app, is_open)
        await press(app, "s")
        after = await until(app, is_done)
        dialog = Dialog(RoutePane(before, id="route"), "route", before, 0)
        app.push_screen(dialog)
        dialog.show(after)
        await settled(app)
        pane = dialog.query_one("#route", LinePane)
        assert "first token" in "\n".join(pane.render_line(y).text for y in range(pane.size.height))


async def test_an_open_dialog_goes_on_with_the_stream() -> None:
    async with running(load_profile(name="demo")) as app:
        await until(app, is_open)
        await press(app, "s", "enter")
        assert isinstance(app.screen, Dialog)
        await until(app, is_done)
        pane = app.screen.query_one("#route", LinePane)
        assert "✓ ok" in "\n".join(pane.render_line(y).text for y in range(pane.size.height))
        assert "first token" in "\n".join(pane.render_line(y).text for y in range(pane.size.height))
