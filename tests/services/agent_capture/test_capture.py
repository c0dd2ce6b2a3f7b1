"""A capture: what the agent gets of this machine, what holds it, and that it ends with the capture."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from support.gateway.servers import Peer, Request, raw_server
from support.probes.smoking import TOKEN, patient
from support.relay.relays import C, M, R
from support.relay.stand_in import StandIn

from console.domain.probes.agent import agents
from console.domain.relay.agent_settings import agent_settings
from console.domain.run.agent_event import FileGuard, Isolation, NetworkGuard
from console.domain.tokens.secret import Secret
from console.services.agent_capture.capture import Capture, CaptureOrder, capture_agent
from console.services.gateway.client import Gateway
from console.services.system.confinement import find_isolation
from console.simulator.server import serve

pytestmark = pytest.mark.usefixtures("no_trust_store")

FREE = Isolation(FileGuard.NONE, NetworkGuard.NONE)
MODELS = {
    R: "gpt-route-placeholder",
    M: "claude-critic-route-placeholder",
    C: "chat-compatible-route-placeholder",
}
DAY = date(2026, 12, 24)


@contextlib.asynccontextmanager
async def order_for(home: Path, base_url: str, token: str, isolation: Isolation) -> AsyncIterator[CaptureOrder]:
    environment = {
        "PATH": f"{home}/bin{os.pathsep}{os.defpath}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GITHUB_TOKEN": "for-a-test",
        "OPENAI_BASE_URL": "https://elsewhere.example",
        "XDG_CONFIG_HOME": str(home),
    }
    async with Gateway(base_url, Secret.parse(token), patient(base_url=base_url)) as gateway:
        yield CaptureOrder(gateway, MODELS, environment, DAY, isolation)


async def captured(stand_in: StandIn, home: Path, isolation: Isolation) -> Capture:
    async with (
        serve(pace=0) as listening,
        order_for(home, listening.base_url, listening.token, isolation) as order,
    ):
        return await capture_agent(agent_settings()["codex"], stand_in.program, agents()["codex"], order)


async def test_an_agent_gets_a_home_of_its_own_and_nothing_of_the_operators(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    capture = await captured(stand_in, tmp_path, FREE)
    assert (capture.version, capture.problem) == ("9.8.7", "")
    started = stand_in.started
    environment = started["environment"]
    home = Path(environment["HOME"])
    assert home.name.startswith("gateway-console-agent-")
    assert not home.exists()
    assert (started["at"], environment["TMPDIR"]) == (f"{home}/work", f"{home}/tmp")
    assert started["files"] == [".git"]
    assert environment["CODEX_HOME"] == str(home)
    assert environment["XDG_CONFIG_HOME"] == f"{home}/.config"
    assert environment["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert {"GITHUB_TOKEN", "OPENAI_BASE_URL"}.isdisjoint(environment)
    assert str(tmp_path) not in str({name: value for name, value in environment.items() if name != "PATH"})


async def test_where_something_can_hold_it_an_agent_is_held(tmp_path: Path) -> None:
    isolation = await find_isolation({"PATH": os.defpath})
    stand_in = StandIn(tmp_path)
    capture = await captured(stand_in, tmp_path, isolation)
    assert capture.problem == ""
    assert [run.ran.exit_code for run in capture.runs][-1] == 0
    if isolation.files is not FileGuard.NONE:
        with pytest.raises(FileNotFoundError):
            stand_in.started  # noqa: B018  # it could not write it
    assert stand_in.processes() == []


async def test_an_agent_ends_with_a_capture_that_is_cancelled(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    asked = asyncio.Event()

    async def never(peer: Peer, request: Request) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with raw_server(never) as gateway, order_for(tmp_path, gateway.base_url, TOKEN, FREE) as order:
        capturing = asyncio.create_task(
            capture_agent(agent_settings()["codex"], stand_in.program, agents()["codex"], order)
        )
        await asked.wait()
        assert stand_in.processes()
        capturing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await capturing
    assert stand_in.processes() == []
