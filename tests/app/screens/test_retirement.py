"""Retirement on a screen of 80 by 24: the table stays readable, and the pane has date, source and fix."""

from datetime import date
from pathlib import Path

import pytest
from support.app import hands
from support.app.hands import main_screen, press, settled, state_of
from support.config import config_table, route, write_config

from console.app.app import ConsoleApp
from console.services.config.load import load_profile

pytestmark = pytest.mark.usefixtures("state_home")

ROUTES = {
    "planner": route("gpt-6-sol"),
    "writer": route("gpt-4-turbo", "chat_completions"),
    "reviewer": route("gpt-5"),
    "critic": route("anthropic/claude-sonnet-4.5", "anthropic_messages"),
    "fallback": route("o3", "chat_completions"),
}


async def test_a_retirement_is_seen_and_its_fix_is_copied_on_a_small_screen(tmp_path: Path) -> None:
    table = config_table({"base_url": "https://api.cometapi.com", "token_ref": []}, ROUTES)
    profile = load_profile(write_config(tmp_path / "c.toml", table))
    app = ConsoleApp(profile, today=lambda: date(2026, 12, 1))
    async with app.run_test(size=(80, 24)):
        await settled(app)
        drawn = hands.drawn(main_screen(app), "routes")
        rows = {line.split()[0].strip("▌ ") or line.split()[1]: line for line in drawn.splitlines() if line.split()}
        assert {role: sign for role in rows for sign in ("× retired", "~ warn", "× drift") if sign in rows[role]} == {
            "writer": "× retired",
            "reviewer": "~ warn",
            "critic": "× retired",
            "fallback": "× drift",
        }
        assert "anthropic/claude-sonnet" in rows["critic"]
        await press(app, "j", "y")
        assert app.clipboard == (
            'model = "gpt-5.6-sol"\nendpoint_family = "responses"\nendpoint_path = "/v1/responses"\n'
        )
        shown = hands.drawn(main_screen(app), "contract")
        assert "× retired   the provider retired the model" in shown
        assert "retired    2026-10-23 at OpenAI then gpt-5.6-sol" in shown
        await press(app, "k", "y")
        assert any("nothing to fix" in each for each in hands.said(app))
        assert state_of(app).requests.calls == ()
