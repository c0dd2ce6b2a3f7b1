"""The set-up on the screen: the dialog asks, shows what was found, and leaves nothing behind when it is left."""

import tomllib
from pathlib import Path

import pytest
from support.app.hands import at, drawn, press, state_of, type_in, until
from support.cli.console_process import embedded_at_once

from console.app.app import ConsoleApp
from console.app.dialogs.setup_dialog import SetupDialog
from console.services.config.load import load_profile
from console.services.config.precedence import Request

pytestmark = pytest.mark.usefixtures("state_home")
SECRET = "-".join(["sk", "proj", "Qw3rTy7uIoPaSdFg8hJk2LzXcVbNm4QwErTy"])


async def answer(app: ConsoleApp, question: str, typed: str = "") -> None:
    await until(app, lambda: isinstance(app.screen, SetupDialog) and question in told(app))
    await type_in(app, typed)
    await press(app, "enter")


def told(app: ConsoleApp) -> str:
    return drawn(app.screen, "told") if isinstance(app.screen, SetupDialog) else ""


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.long)])
async def test_a_profile_is_set_up_by_answers_and_is_then_in_use(size: tuple[int, int], tmp_path: Path) -> None:
    async with embedded_at_once() as gateway:
        base_url, token = gateway.base_url, gateway.token.reveal()
        environment = {"HOME": str(tmp_path), "MODEL_GATEWAY_TOKEN": token}
        start = at(base_url, token)
        app = ConsoleApp(load_profile(), environment=environment, start_embedded=start, request=Request(environment))
        async with app.run_test(size=size):
            await press(app, "I")
            await answer(app, "Which gateway?", SECRET)
            await until(app, lambda: "this looks like" in told(app))
            assert SECRET not in told(app)
            await answer(app, "Which gateway?", f"{base_url}/v1")
            await answer(app, "The profile's name", "mine")
            await answer(app, "1 env:MODEL_GATEWAY_TOKEN")
            await answer(app, "Enter takes these", "critic=-")
            await answer(app, "critic is missing: you left it out")
            await answer(app, "Write profile mine")
            await until(app, lambda: "wrote profile mine" in told(app))
            await press(app, "escape")
            await until(app, lambda: state_of(app).profile == "mine")
    config = tmp_path / ".config" / "gateway-console" / "config.toml"
    profile = tomllib.loads(config.read_text())["profiles"]["mine"]
    assert profile["gateway"] == {"base_url": base_url, "token_ref": ["env:MODEL_GATEWAY_TOKEN"]}
    assert list(profile["routes"]) == ["planner", "writer", "revision", "reviewer", "fallback"]


async def test_leaving_writes_nothing_and_the_next_set_up_begins_anew(tmp_path: Path) -> None:
    async with embedded_at_once() as gateway:
        start = at(gateway.base_url, gateway.token.reveal())
        app = ConsoleApp(load_profile(), environment={"HOME": str(tmp_path)}, start_embedded=start)
        async with app.run_test(size=(80, 24)):
            await press(app, "I")
            await answer(app, "Which gateway?", gateway.base_url)
            await until(app, lambda: "The profile's name" in told(app))
            await press(app, "escape", "I")
            await until(app, lambda: "Which gateway?" in told(app))
            await press(app, "escape")
            await until(app, lambda: not isinstance(app.screen, SetupDialog))
    assert list(tmp_path.rglob("*.toml")) == []


async def test_a_config_that_cannot_be_appended_to_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "gateway-console" / "config.toml"
    config.parent.mkdir(parents=True)
    config.symlink_to(tmp_path / "elsewhere.toml")
    async with embedded_at_once() as gateway:
        start = at(gateway.base_url, gateway.token.reveal())
        app = ConsoleApp(load_profile(), environment={"HOME": str(tmp_path)}, start_embedded=start)
        async with app.run_test(size=(80, 24)):
            await press(app, "I")
            await until(app, lambda: "is a symbolic link" in told(app))
            await press(app, "escape")
            await until(app, lambda: not isinstance(app.screen, SetupDialog))
