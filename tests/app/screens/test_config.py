"""The config behind the screen: a change is read and applied, a fault is told in place, profiles and fixes are safe."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from support.app import hands
from support.app.hands import drawn, main_screen, press, said, settled, state_of, type_in, until
from support.config import config_table, route, write_config
from textual import events

from console.app.app import ConsoleApp
from console.app.dialogs.config_dialogs import EditDialog, ProfileDialog
from console.domain.money import Spent
from console.domain.tokens.state import TokenState
from console.services.config.precedence import Request, load_chosen

pytestmark = pytest.mark.usefixtures("state_home")


def table(*names: str, **changes: Any) -> dict[str, Any]:
    """Return a config with the same table for each profile, of routes that the embedded gateway serves."""
    routes = {"writer": route("gpt-route-placeholder"), "reviewer": route("gpt-review-route-placeholder")}
    made = config_table({"base_url": "sim:", "token_ref": ["sim:"]} | changes.pop("gateway", {}), routes, **changes)
    only = made["profiles"]["p"]
    return made | {"default_profile": names[0], "profiles": dict.fromkeys(names, only)}


@contextlib.asynccontextmanager
async def running(path: Path, size: tuple[int, int] = (120, 40), **more: Any) -> AsyncIterator[ConsoleApp]:
    request = Request({"HOME": str(path.parent)}, path)
    app = ConsoleApp(load_chosen(request), request=request, start_embedded=hands.at_once, **more)
    async with app.run_test(size=size):
        await until(app, lambda: state_of(app).token_state is TokenState.FOUND)
        yield app


async def look(app: ConsoleApp) -> None:
    """Come back from another window."""
    app.post_message(events.AppFocus())
    await settled(app)


async def smoke(app: ConsoleApp) -> None:
    await press(app, "s")
    await until(app, lambda: bool(state_of(app).routes[0].proven.calls) and not state_of(app).is_busy)


async def test_a_changed_config_is_applied_and_what_still_holds_stays(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    async with running(path) as app:
        await smoke(app)
        spent, origin = app.controller.session.reservations.budget.spent, state_of(app).origin
        assert spent != Spent()
        changed = table("a", policy={"budget_tokens": 5_000_000})
        changed["profiles"]["a"]["routes"]["reviewer"] = route("claude-critic-route-placeholder", "anthropic_messages")
        write_config(path, changed)
        await look(app)
        await until(app, lambda: "claude" in state_of(app).routes[1].check.route.model)
        assert state_of(app).routes[0].proven.calls
        assert state_of(app).origin == origin
        budget = app.controller.session.reservations.budget
        assert (budget.spent, budget.limits.tokens) == (spent, 5_000_000)
        assert "the config was read again: route reviewer, policy changed" in said(app)


async def test_a_faulty_config_is_told_in_place_with_its_lines_and_the_old_one_stays(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    good = path.read_text()
    async with running(path, (80, 24)) as app:
        before = state_of(app).routes
        path.write_text(good.replace("endpoint_path", "endpoint_pth", 1))
        await look(app)
        await until(app, lambda: bool(state_of(app).config.faults))
        shown = drawn(main_screen(app), "config")
        assert "what was read before stays in use" in shown
        assert "line 13: profiles.a.routes.writer.endpoint_pth: unknown key" in shown
        assert "config faulty" in drawn(main_screen(app), "header")
        path.unlink()
        await look(app)
        await until(app, lambda: "is gone" in drawn(main_screen(app), "config"))
        assert state_of(app).routes == before
        (tmp_path / "new").write_text(good)
        (tmp_path / "new").replace(path)
        await look(app)
        await until(app, lambda: not state_of(app).config.faults)
        assert not main_screen(app).query_one("#config").display


async def test_a_change_waits_for_the_calls_in_flight(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    async with running(path) as app:
        app.controller.session.queue([state_of(app).routes[0].check])
        write_config(path, table("a", policy={"budget_tokens": 9}))
        await look(app)
        await until(app, lambda: "calls are in progress" in drawn(main_screen(app), "config"))
        assert app.controller.session.profile.policy.budget_tokens is None
        await press(app, "P")
        assert "calls are in progress" in said(app)[-1]
        await press(app, "x")
        await until(app, lambda: not state_of(app).is_busy)
        await look(app)
        await until(app, lambda: app.controller.session.profile.policy.budget_tokens == 9)
        assert not state_of(app).config.waits_for


async def test_a_change_of_its_lines_alone_waits_for_the_calls_in_flight_too(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    async with running(path) as app:
        session = app.controller.session
        session.queue([state_of(app).routes[0].check])
        line = session.profile.table.routes[0].config_line
        path.write_text("# one line more\n" + path.read_text())
        await look(app)
        await until(app, lambda: "calls are in progress" in drawn(main_screen(app), "config"))
        assert session.profile.table.routes[0].config_line == line
        await press(app, "x")
        await until(app, lambda: not state_of(app).is_busy)
        await look(app)
        await until(app, lambda: session.profile.table.routes[0].config_line != line)


@pytest.mark.long
async def test_another_gateway_in_the_config_is_opened_and_proves_nothing_yet(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    async with running(path) as app:
        await smoke(app)
        write_config(path, table("a", gateway={"base_url": "http://127.0.0.1:9", "token_ref": []}))
        await look(app)
        await until(app, lambda: state_of(app).origin == "http://127.0.0.1:9")
        assert not state_of(app).routes[0].proven.calls


async def test_a_profile_is_picked_by_key_and_found_in_the_palette(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a", "prod", "test"))
    opened: list[None] = []
    async with running(path, when_open=lambda: opened.append(None)) as app:
        await until(app, lambda: len(state_of(app).config.profiles) == 3)
        assert len(opened) == 1
        await smoke(app)
        spent = app.controller.session.reservations.budget.spent
        await press(app, "P")
        assert isinstance(app.screen, ProfileDialog)
        await press(app, "right", "enter")
        await until(app, lambda: state_of(app).profile == "test" and state_of(app).token_state is TokenState.FOUND)
        assert "test" in drawn(main_screen(app), "header")
        assert len(opened) == 2
        assert not state_of(app).routes[0].proven.calls
        assert not state_of(app).requests.calls
        assert app.controller.session.reservations.budget.spent == Spent()
        await press(app, "colon")
        await type_in(app, "profile a")
        await until(
            app, lambda: "profile a" in "\n".join(str(each.text) for each in app.screen._compositor.render_strips())
        )
        await press(app, "enter")
        await until(app, lambda: state_of(app).profile == "a" and state_of(app).token_state is TokenState.FOUND)
        assert app.controller.session.reservations.budget.spent == spent


@pytest.mark.long
async def test_a_profile_that_was_just_written_can_be_switched_to_by_name(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.toml", table("a"))
    async with running(path) as app:
        path.write_text(path.read_text() + "\n" + tomli_w.dumps({"profiles": {"new": table("a")["profiles"]["a"]}}))
        app.controller.switch_profile("new")
        await until(app, lambda: state_of(app).profile == "new")
        app.controller.switch_profile("nowhere")
        await until(app, lambda: any("is gone from the config" in each for each in said(app)))
        path.write_text("schema = ")
        app.controller.switch_profile("a")
        await until(app, lambda: sum("is gone from the config" in each or "TOML" in each for each in said(app)) == 2)
        assert state_of(app).profile == "new"


async def test_the_first_config_of_a_home_is_found_by_a_screen_on_the_built_in_sample(tmp_path: Path) -> None:
    request = Request({"HOME": str(tmp_path)})
    app = ConsoleApp(
        load_chosen(request), request=request, start_embedded=hands.at_once, environment=request.environment
    )
    async with app.run_test(size=(120, 40)):
        await until(app, lambda: state_of(app).token_state is TokenState.FOUND)
        write_config(tmp_path / ".config" / "gateway-console" / "config.toml", table("demo"))
        app.controller.switch_profile("demo")
        await until(app, lambda: not state_of(app).config.used.is_built_in)
        assert len(state_of(app).routes) == 2


async def test_a_fix_is_shown_written_applied_and_undone(tmp_path: Path) -> None:
    drifting = table("a")
    drifting["profiles"]["a"]["routes"]["writer"] = route("gpt-5-pro", "chat_completions")
    path = write_config(tmp_path / "config.toml", drifting)
    before = path.read_bytes()
    async with running(path) as app:
        await press(app, "F")
        await until(app, lambda: isinstance(app.screen, EditDialog))
        assert 'endpoint_family = "responses"' in drawn(app.screen, "text")
        await press(app, "escape")
        assert path.read_bytes() == before
        await press(app, "F")
        await until(app, lambda: isinstance(app.screen, EditDialog))
        await press(app, "enter")
        await until(app, lambda: state_of(app).routes[0].check.route.endpoint_family == "responses")
        assert len(list(tmp_path.glob("config.toml.*.bak"))) == 1
        await press(app, "U")
        await until(app, lambda: isinstance(app.screen, EditDialog))
        await press(app, "enter")
        await until(app, lambda: state_of(app).routes[0].check.route.endpoint_family == "chat_completions")
        assert path.read_bytes() == before
    async with running(path, is_read_only=True) as app:
        await press(app, "F")
        assert "read-only" in said(app)[-1]


async def test_a_repositorys_config_is_marked_in_any_width_and_never_fixed(tmp_path: Path) -> None:
    drifting = table("a")
    drifting["profiles"]["a"]["routes"]["writer"] = route("gpt-5-pro", "chat_completions")
    path = write_config(tmp_path / ".gateway-console.toml", drifting)
    async with running(path, (80, 24)) as app:
        assert "REPOSITORY CONFIG" in drawn(main_screen(app), "header")
        assert any("not trusted" in each for each in said(app))
        await press(app, "F")
        assert "a repository's config is not changed from here" in said(app)[-1]
