"""What `agents` says of a tree of settings is what the real agent does with it: Codex, OpenCode and Gemini CLI."""

import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from support.agent_settings.golden import GATEWAY, OTHER, Golden, LaidOut, golden_trees, lay_out
from support.cli.console_process import Console
from support.referees.agent_clients import program_of, quiet_opencode
from support.referees.agents import environment, find_agents, run
from support.relay.relays import relaying

from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

if TYPE_CHECKING:
    from console.simulator.server import Listening

pytestmark = pytest.mark.referee

MODEL = "gpt-route-placeholder"
TABLE = RouteTable((Route(Role.WRITER, MODEL, EndpointFamily.RESPONSES, EndpointFamily.RESPONSES.standard_path),))


class Listener:
    """A server that refuses every call and keeps what was asked: the address and the model."""

    def __init__(self) -> None:
        self.origin = ""
        self.calls: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.method == "POST":
            self.calls.append((self.origin + request.path, _model(request.path, body)))
        return web.json_response({"error": {"message": "no", "type": "invalid_request_error"}}, status=400)


def _model(path: str, body: bytes) -> str:
    if "/models/" in path:
        return path.partition("/models/")[2].partition(":")[0]
    return str(json.loads(body).get("model"))


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", listener.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listener.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield listener
    finally:
        await runner.cleanup()


def _command(agent: str) -> tuple[str, ...]:
    if agent == "gemini":
        return (*find_agents().gemini, "-p", "Reply with OK.")
    words = ("exec", "--skip-git-repo-check") if agent == "codex" else ("run",)
    return (str(program_of(agent)), *words, "Reply with OK.")


async def _run(laid_out: LaidOut) -> str:
    own = {name: value for name, value in laid_out.environment.items() if name not in ("HOME", "PATH")}
    temporary = laid_out.root / "tmp"
    temporary.mkdir()
    quiet = quiet_opencode(temporary) | {"GEMINI_CLI_NO_RELAUNCH": "1"}
    settings = environment(laid_out.root / "home", TMPDIR=str(temporary), **quiet, **own)
    return await run(_command(laid_out.golden.agent), laid_out.directory, settings)


@pytest.mark.parametrize("golden", [each for each in golden_trees() if each.case["is_run"]], ids=str)
async def test_the_agent_calls_what_was_said(golden: Golden, tmp_path: Path) -> None:
    async with listening() as gateway, listening() as other:
        laid_out = lay_out(golden, tmp_path, {GATEWAY: gateway.origin, OTHER: other.origin})
        (tmp_path / "repo" / ".git").rmdir()
        subprocess.run(["git", "init", "--quiet", str(tmp_path / "repo")], check=True)
        state = (await laid_out.checked()).state
        said = await _run(laid_out)
    assert state.called is not None
    models = [each.text for each in state.reading.models]
    calls = gateway.calls + other.calls
    assert (state.called.url, models[0]) in calls, said
    assert {url for url, _ in calls} == {state.called.url}
    assert {model for _, model in calls} <= set(models)


@pytest.mark.parametrize("name", ["wire_api_chat", "old_profile", "builtin_provider_changed", "provider_unknown"])
async def test_codex_does_not_start_where_that_was_said(name: str, tmp_path: Path) -> None:
    async with listening() as gateway:
        laid_out = lay_out(Golden("codex", name), tmp_path, {GATEWAY: gateway.origin})
        checked = await laid_out.checked()
        said = await _run(laid_out)
    assert "SET-11" in [each.finding.id for each in checked.findings]
    assert gateway.calls == []
    assert "rror" in said


async def test_codex_works_with_what_was_written_and_its_file_comes_back(embedded: "Listening", tmp_path: Path) -> None:
    console = Console(tmp_path)
    own = put_own(tmp_path)
    before = own.read_bytes()
    async with relaying(embedded.base_url, token=embedded.token, table=TABLE) as relay:
        config = console.config_for(embedded.base_url, model=MODEL)
        words = ("--config", str(config), "agents", "--write", "codex", "--port", relay.origin.rpartition(":")[2])
        assert (await console.run(*words, "--yes")).code == 0
        (tmp_path / "work").mkdir()
        settings = environment(tmp_path, GATEWAY_CONSOLE_RELAY_KEY=relay.client.key)
        said = await run(_command("codex"), tmp_path / "work", settings)
    assert "OK." in said
    assert [each.result.status for each in relay.events if isinstance(each, RelayCallEnded)] == [SmokeStatus.PASSED]
    assert own.read_bytes() != before
    undone = await console.run("agents", "--undo", "--yes")
    assert (undone.code, own.read_bytes()) == (0, before)


def put_own(home: Path) -> Path:
    own = home / ".codex" / "config.toml"
    own.parent.mkdir()
    own.write_text('# Mine.\nmodel = "gpt-5"\n\n[tui]\nnotifications = false\n')
    return own
