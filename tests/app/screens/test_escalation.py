"""E on both screens: a bundle is read before it is written, and written as it was read."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.app import hands
from support.app.hands import press, settled, state_of, until
from support.config import config_table, route, write_config
from support.run.screen_desk import config, repository, sitting

from console.app.app import ConsoleApp
from console.app.dialogs.dialogs import Dialog
from console.app.dialogs.run_dialogs import PreviewDialog
from console.app.widgets.typed_line import TypedLine
from console.domain.errors.category import Category, judged
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.relay.call import RelayCallBegun, RelayCallEnded
from console.domain.run.gate import Gate
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile
from console.view.relay.relay_view import RelayOpened

pytestmark = pytest.mark.usefixtures("state_home")


@contextlib.asynccontextmanager
async def refused(tmp_path: Path, size: tuple[int, int], *, is_read_only: bool = False) -> AsyncIterator[ConsoleApp]:
    """Run the screen on a profile whose writer gets a stream that ends early."""
    table = config_table({"base_url": "sim:", "token_ref": ["sim:"]}, {"writer": route("gpt-truncated-placeholder")})
    profile = load_profile(write_config(tmp_path / "config.toml", table))
    app = ConsoleApp(profile, is_read_only=is_read_only, start_embedded=hands.at_once)
    async with app.run_test(size=size):
        await settled(app)
        await until(app, lambda: state_of(app).token_state is TokenState.FOUND)
        yield app


async def opened(app: ConsoleApp) -> PreviewDialog:
    await press(app, "E")
    await until(app, lambda: isinstance(app.screen, PreviewDialog))
    assert isinstance(app.screen, PreviewDialog)
    return app.screen


async def reads(app: ConsoleApp, dialog: PreviewDialog, words: str) -> bool:
    """Scroll down until some words are on the screen; return whether they came."""
    for _ in range(20):
        if words in hands.drawn(dialog, "text"):
            return True
        await press(app, "pagedown")
    return False


async def test_a_failed_call_is_bundled_read_and_written(tmp_path: Path) -> None:
    async with refused(tmp_path, (80, 24)) as app:
        await press(app, "s")
        await until(app, lambda: state_of(app).routes[0].smoke.result is not None and not state_of(app).is_live)
        sent = len(state_of(app).requests.calls)
        dialog = await opened(app)
        assert "# Support bundle" in hands.drawn(dialog, "text")
        typed = dialog.query_one(TypedLine)
        assert typed.value.endswith(".md")
        for width, height in ((200, 50), (120, 40), (80, 24)):
            await hands.resize(app, width, height)
            assert typed.region.bottom <= height
            assert dialog.query_one("#text").size.height >= height // 3
        assert await reads(app, dialog, "token.state: ok, found"), "its end can be read"
        target = tmp_path / "bundle.md"
        typed.value = str(target)
        await press(app, "enter")
        await until(app, lambda: not isinstance(app.screen, PreviewDialog))
        assert len(state_of(app).requests.calls) == sent, "no call was made for it"
    text = target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o600
    assert "- RSP-STREAM-08 (fail)" in text
    assert "5. response.output_text.delta" in text


async def test_a_name_that_is_taken_is_refused_and_the_dialog_stays(tmp_path: Path) -> None:
    async with refused(tmp_path, (80, 24)) as app:
        dialog = await opened(app)
        assert await reads(app, dialog, "- call: not tried: no call was made")
        taken = tmp_path / "taken.md"
        taken.write_text("mine", encoding="utf-8")
        dialog.query_one(TypedLine).value = str(taken)
        await press(app, "enter")
        await until(app, lambda: "refused" in hands.drawn(dialog, "ask"))
        assert "exists and was not changed" in " ".join(hands.drawn(dialog, "ask").split())
        await press(app, "escape")
        assert taken.read_text(encoding="utf-8") == "mine"
        assert not isinstance(app.screen, PreviewDialog)


async def test_the_run_in_view_is_bundled_from_its_record(tmp_path: Path) -> None:
    settings = config(tmp_path, "require_listed_model = false", planner="gpt-placeholder-unpaid")
    async with sitting(settings) as desk:
        await desk.begin(repository(tmp_path))
        await desk.go_to(Gate.PLANNER)
        await desk.step()
        await desk.until(lambda: desk.run.is_over)
        dialog = await opened(desk.app)
        assert await reads(desk.app, dialog, "- category: account_quota")
        target = tmp_path / "bundle.md"
        dialog.query_one(TypedLine).value = str(target)
        await press(desk.app, "enter")
        await until(desk.app, lambda: not isinstance(desk.app.screen, PreviewDialog))
        run_id = desk.run.run_id
    text = target.read_text(encoding="utf-8")
    assert f"- run: {run_id}" in text
    assert "- HTTP status: 429" in text
    assert "The answer was not a stream of events." in text


async def test_an_agents_failed_call_is_bundled_from_the_agents_pane(tmp_path: Path) -> None:
    async with refused(tmp_path, (120, 40)) as app:
        route = state_of(app).routes[0].check.route
        failed = SmokeResult(
            *(route.key, route.model, route.endpoint_family.value, route.endpoint_path),
            status=SmokeStatus.FAILED,
            classification=judged(Category.RATE_LIMIT, "too many"),
            http_status=429,
            requests_sent=1,
            request_id="req-of-the-agent",
        )
        app.controller.session.dispatch(RelayOpened("http://127.0.0.1:9"))
        for number, result in enumerate((failed, replace(failed, classification=None, request_id="req-later")), 1):
            app.controller.session.dispatch(RelayCallBegun(number, "codex", route, 10, at=1_000_000.0))
            app.controller.session.dispatch(RelayCallEnded(number, "codex", result, 0, 0, is_cut=False))
        await settled(app)
        await press(app, "5")
        dialog = await opened(app)
        assert await reads(app, dialog, "- request id: req-of-the-agent")


async def test_a_read_only_session_shows_a_bundle_and_writes_none(tmp_path: Path) -> None:
    async with refused(tmp_path, (120, 40), is_read_only=True) as app:
        await press(app, "E")
        await until(app, lambda: isinstance(app.screen, Dialog))
        assert "# Support bundle" in hands.drawn(app.screen, "text")
        assert not app.screen.query(TypedLine)
