"""The screen under Textual's pilot, on real HTTP: the embedded gateway, and raw servers on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from states import HOSTILE
from textual.command import CommandPalette
from textual.pilot import Pilot

from console.app.app import ConsoleApp
from console.app.dialogs import Dialog
from console.app.line_pane import LinePane
from console.app.routes_screen import RoutesScreen
from console.domain.event import SmokeStatus, TokenState
from console.domain.role import Role
from console.domain.state import ConsoleState, SmokePhase
from console.services.config_file import load_profile

SIZES = [(80, 24), (120, 40), (200, 50)]


def screen_of(app: ConsoleApp) -> RoutesScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, RoutesScreen))


def state_of(app: ConsoleApp) -> ConsoleState:
    return screen_of(app).session.state


async def until(pilot: Pilot[None], app: ConsoleApp, reached: object) -> ConsoleState:
    """Let the app work until its state is as wanted; the test's own time limit ends what never comes."""
    async with asyncio.timeout(20):
        while not reached(state_of(app)):  # type: ignore[operator]
            await pilot.pause(0.02)
    await pilot.pause(0.1)
    return state_of(app)


def is_open(state: ConsoleState) -> bool:
    return state.token_state is TokenState.FOUND


def is_done(state: ConsoleState) -> bool:
    return state.loop_lag_p99_ms is not None and not state.is_live


def drawn(app: ConsoleApp, pane_id: str) -> str:
    pane = screen_of(app).query_one(f"#{pane_id}", LinePane)
    return "\n".join(pane.render_line(y).text.rstrip() for y in range(pane.size.height))


@contextlib.asynccontextmanager
async def running(app: ConsoleApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size) as pilot:
        yield pilot


@pytest.mark.parametrize("size", SIZES)
async def test_all_routes_are_smoked_side_by_side(size: tuple[int, int]) -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, size) as pilot:
        await until(pilot, app, is_open)
        assert state_of(app).calls == ()
        await pilot.press("S")
        state = await until(pilot, app, is_done)
        assert {each.smoke.result.status for each in state.routes if each.smoke.result} == {SmokeStatus.PASSED}
        assert sum(call.is_sent for call in state.calls) == len(state.routes) == 6
        assert "✓ 6" in drawn(app, "header")
        assert drawn(app, "routes").count("✓ ok      ✓ ok") == 6


async def test_one_cursor_moves_all_panes() -> None:
    app = ConsoleApp(load_profile(name="faults"))
    async with running(app) as pilot:
        await pilot.press("j", "j", "j")
        assert "▌ reviewer" in drawn(app, "routes")
        assert "× endpoint drift" in drawn(app, "contract")
        await pilot.press("G")
        assert "▌ fallback" in drawn(app, "routes")
        await pilot.press("g")
        assert "▌ planner" in drawn(app, "routes")


async def test_drift_is_held_and_the_rest_ends_in_its_category() -> None:
    app = ConsoleApp(load_profile(name="faults"))
    async with running(app) as pilot:
        await until(pilot, app, is_open)
        await pilot.press("S")
        state = await until(pilot, app, is_done)
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


async def test_a_key_that_is_not_possible_says_why() -> None:
    app = ConsoleApp(load_profile(name="faults"))
    async with running(app) as pilot:
        await until(pilot, app, is_open)
        await pilot.press("j", "j", "j", "s")
        assert any("held back: endpoint drift" in note.message for note in app._notifications)
        assert state_of(app).calls == ()


async def test_a_read_only_session_sends_nothing() -> None:
    app = ConsoleApp(load_profile(name="demo"), is_read_only=True)
    async with running(app) as pilot:
        await until(pilot, app, is_open)
        await pilot.press("s", "S")
        assert "read-only" in drawn(app, "header")
        assert state_of(app).calls == ()


async def test_narrow_screens_show_contract_and_smoke_as_tabs() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, (80, 24)) as pilot:
        screen = screen_of(app)
        assert screen.query_one("#contract").display
        assert not screen.query_one("#smoke").display
        await pilot.press("3")
        assert not screen.query_one("#contract").display
        assert screen.query_one("#smoke").has_focus
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert screen.query_one("#contract").display
        assert screen.query_one("#smoke").display
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        assert screen.query_one("#calls").display


async def test_tab_walks_through_the_panes_that_are_there() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, (200, 50)) as pilot:
        await pilot.pause()
        walked = []
        for _ in range(5):
            walked.append(app.focused.id if app.focused else None)
            await pilot.press("tab")
        assert walked == ["routes", "contract", "smoke", "calls", "routes"]


@pytest.mark.parametrize("key", ["question_mark", "enter"])
async def test_dialogs_open_and_close(key: str) -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, (80, 24)) as pilot:
        await pilot.press(key)
        assert isinstance(app.screen, Dialog)
        await pilot.press("escape")
        assert isinstance(app.screen, RoutesScreen)


async def test_the_palette_has_our_actions_and_no_screenshot() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app) as pilot:
        await pilot.press("colon")
        assert isinstance(app.screen, CommandPalette)
        assert [command.title for command in app.get_system_commands(app.screen)] == ["Theme"]


async def test_a_click_moves_the_cursor() -> None:
    app = ConsoleApp(load_profile(name="faults"))
    async with running(app) as pilot:
        await pilot.pause()
        await pilot.click("#routes", offset=(10, 5))
        assert "▌ reviewer" in drawn(app, "routes")


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
    target = path / "config.toml"
    target.write_text(
        f'''
schema = 1
default_profile = "raw"
[profiles.raw.gateway]
base_url = "http://127.0.0.1:{port}"
token_ref = ["{token_ref}"]
[profiles.raw.routes.writer]
model = "some-model"
endpoint_family = "chat_completions"
endpoint_path = "/v1/chat/completions"
''',
        encoding="utf-8",
    )
    return target


async def test_hostile_text_is_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

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
    async with raw_gateway(head + body) as (port, asked, _):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app) as pilot:
            await until(pilot, app, is_open)
            assert asked == []
            await pilot.press("S")
            await until(pilot, app, is_done)
            shown = "\n".join(drawn(app, pane) for pane in ("header", "routes", "contract", "smoke", "calls"))
    assert len(asked) == 1
    assert b"authorization: Bearer test-token-0000" in asked[0] or b"Authorization: Bearer test-token-0000" in asked[0]
    assert "[@click=app.quit]x[/][red]" in shown
    assert "test-token-0000" not in shown
    assert not [character for character in shown if ord(character) < 32 and character != "\n"]
    assert not set(shown) & set("\x7f\x9b\u202e\u200b")


async def test_stopping_leaves_an_unknown_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
    async with raw_gateway(b"", hold_open=True) as (port, asked, arrived):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app) as pilot:
            await until(pilot, app, is_open)
            await pilot.press("s")
            await asyncio.wait_for(arrived.wait(), 10)
            await until(pilot, app, lambda state: state.smoke(Role.WRITER).phase is SmokePhase.WAITING)
            await pilot.press("x")
            state = await until(pilot, app, lambda state: not state.is_live)
            result = state.smoke(Role.WRITER).result
            assert result is not None
            assert (result.status, result.requests_sent) == (SmokeStatus.UNKNOWN, 1)
            assert "~ stopped" in drawn(app, "routes")
    assert len(asked) == 1


async def test_a_missing_token_is_said_and_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSOLE_TEST_TOKEN", raising=False)
    async with raw_gateway(b"") as (port, asked, _):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app) as pilot:
            await until(pilot, app, lambda state: state.token_state is TokenState.ABSENT)
            assert "× absent" in drawn(app, "header")
            await pilot.press("s")
            assert any("CONSOLE_TEST_TOKEN" in note.message for note in app._notifications)
            monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
            await pilot.press("R")
            await until(pilot, app, is_open)
    assert asked == []


async def test_the_token_s_dialog_takes_the_key_that_it_names(tmp_path: Path) -> None:
    async with raw_gateway(b"") as (port, _, _):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app, (80, 24)) as pilot:
            await until(pilot, app, lambda state: state.token_state is TokenState.ABSENT)
            await pilot.press("K")
            assert isinstance(app.screen, Dialog)
            await pilot.press("T")
            await pilot.pause()
            assert not isinstance(app.screen, Dialog)
            assert any("cannot step aside" in note.message for note in app._notifications)


async def test_the_token_s_dialog_says_why_a_token_cannot_be_set_here() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, (80, 24)) as pilot:
        await until(pilot, app, is_open)
        await pilot.press("K", "T")
        await pilot.pause()
        assert not isinstance(app.screen, Dialog)
        assert any("makes its own token" in note.message for note in app._notifications)


@pytest.mark.parametrize(
    ("named", "expected"), [("daylight", "daylight"), ("textual-light", "textual-light"), ("", "midnight")]
)
async def test_the_environment_chooses_the_theme_and_it_is_drawn(
    named: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", named)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app) as pilot:
        await pilot.pause()
        assert app.theme == expected
        ground = app.available_themes[expected].background
        assert ground is None or app.screen.styles.background.hex.lower() == ground.lower()
        pane = screen_of(app).query_one("#routes", LinePane)
        styles = [segment.style for segment in pane.render_line(1) if segment.style]
        assert all(style.color != style.bgcolor for style in styles)


async def test_titles_follow_a_resize_at_once() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app, (80, 24)) as pilot:
        await pilot.pause()
        contract = screen_of(app).query_one("#contract", LinePane)
        assert contract.border_title == "2 contract · planner   3 smoke"
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        await pilot.pause()
        assert contract.border_title == "2 contract · planner"


async def test_an_open_dialog_goes_on_with_the_stream() -> None:
    app = ConsoleApp(load_profile(name="demo"))
    async with running(app) as pilot:
        await until(pilot, app, is_open)
        await pilot.press("s", "enter")
        assert isinstance(app.screen, Dialog)
        await until(pilot, app, is_done)
        pane = app.screen.query_one("#route", LinePane)
        assert "✓ ok" in "\n".join(pane.render_line(y).text for y in range(pane.size.height))
        assert "first token" in "\n".join(pane.render_line(y).text for y in range(pane.size.height))


async def test_a_session_without_a_token_does_not_invite_to_smoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSOLE_TEST_TOKEN", raising=False)
    app = ConsoleApp(load_profile(config(tmp_path, 9)))
    async with running(app) as pilot:
        await until(pilot, app, lambda state: state.token_state is TokenState.ABSENT)
        assert "CONSOLE_TEST_TOKEN" in drawn(app, "smoke")
        assert "s smokes this route" not in drawn(app, "smoke")


async def test_one_key_pressed_twice_makes_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
    async with raw_gateway(b"", hold_open=True) as (port, asked, arrived):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app) as pilot:
            await until(pilot, app, is_open)
            for _ in range(3):
                screen_of(app).action_do("route.smoke")
            screen_of(app).action_do("route.smoke_all")
            await asyncio.wait_for(arrived.wait(), 10)
            await until(pilot, app, lambda state: state.smoke(Role.WRITER).phase is SmokePhase.WAITING)
            assert len(state_of(app).calls) == 1
    assert len(asked) == 1


async def test_stopping_what_is_queued_ends_it_unsent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLE_TEST_TOKEN", "test-token-0000")
    async with raw_gateway(b"", hold_open=True) as (port, asked, _):
        app = ConsoleApp(load_profile(config(tmp_path, port)))
        async with running(app) as pilot:
            await until(pilot, app, is_open)
            screen_of(app).action_do("route.smoke")
            screen_of(app).action_do("smoke.stop")
            state = await until(pilot, app, lambda state: not state.is_live)
            result = state.smoke(Role.WRITER).result
            assert result is not None
            assert (result.status, result.requests_sent) == (SmokeStatus.UNKNOWN, 0)
    assert asked == []
