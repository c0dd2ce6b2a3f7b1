"""E on both screens: a bundle is read before it is written, and written as it was read."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.app import hands
from support.app.hands import press, settled, state_of, until
from support.config import config_table, route, write_config

from console.app.app import ConsoleApp
from console.app.dialogs.run_dialogs import PreviewDialog
from console.app.widgets.typed_line import TypedLine
from console.domain.tokens.state import TokenState
from console.services.config.load import load_profile

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


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_a_failed_call_is_bundled_read_and_written(tmp_path: Path, size: tuple[int, int]) -> None:
    async with refused(tmp_path, size) as app:
        await press(app, "s")
        await until(app, lambda: state_of(app).routes[0].smoke.result is not None and not state_of(app).is_live)
        sent = len(state_of(app).requests.calls)
        dialog = await opened(app)
        assert "# Support bundle" in hands.drawn(dialog, "text")
        typed = dialog.query_one(TypedLine)
        assert typed.value.endswith(".md")
        assert typed.region.bottom <= size[1]
        for _ in range(8):
            await press(app, "pagedown")
        assert "token.state: ok, found" in hands.drawn(dialog, "text"), "its end can be read"
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
        await press(app, "pagedown", "pagedown")
        assert "- call: not tried: no call was made" in hands.drawn(dialog, "text")
        taken = tmp_path / "taken.md"
        taken.write_text("mine", encoding="utf-8")
        dialog.query_one(TypedLine).value = str(taken)
        await press(app, "enter")
        await until(app, lambda: "exists and was not changed" in hands.drawn(dialog, "ask"))
        await press(app, "escape")
        assert taken.read_text(encoding="utf-8") == "mine"
        assert not isinstance(app.screen, PreviewDialog)
