"""The real agents, captured by `prove`: what is kept is what this release says of them, and nothing of the machine."""

import getpass
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.referees.agent_clients import program_of
from support.referees.agents import find_agents

from console.domain.probes.agent import agents

pytestmark = pytest.mark.referee

KEPT = ".local/state/gateway-console/facts/agent_shapes"


@pytest.fixture
def machine(tmp_path: Path) -> Console:
    """Return a console with an empty home, on whose PATH no agent is yet."""
    (tmp_path / "bin").mkdir()
    console = Console(tmp_path)
    console.environment["PATH"] = f"{tmp_path}/bin{os.pathsep}{os.defpath}"
    return console


async def proved(console: Console, agent: str) -> dict[str, Any]:
    ended = await console.run("prove", agent, "--json")
    (found,) = ended.document["agents"]
    return {**found, "code": ended.code}


@pytest.mark.parametrize("agent", ["codex", "opencode"])
async def test_an_installed_agent_is_captured_as_it_was_recorded(machine: Console, agent: str) -> None:
    (machine.home / "bin" / agent).symlink_to(program_of(agent))
    found = await proved(machine, agent)
    known = agents()[agent]
    assert (found["code"], found["outcome"], found["problem"]) == (0, "captured", None)
    assert (found["version"], found["added"], found["removed"]) == (known.version, [], [])
    assert set(found["families"]) == set(known.families)
    runs = found["runs"]
    assert [run["endpoint_family"] for run in runs] == [shape.family for shape in known.shapes]
    assert [run["exit_code"] for run in runs if run["model"] == "writer"] == [0] * len(known.families)
    assert all(run["requests"] for run in runs)

    kept = (machine.home / KEPT / f"{agent}.toml").read_text("utf-8")
    private = {str(machine.home), socket.gethostname(), "gwc-", "/tmp", "gateway-console-agent"}
    user = getpass.getuser()
    assert [each for each in (*private, f'"{user}"', f"/{user}") if each in kept] == []

    checked = await machine.run("check", "--level", "5", "--agent", agent, "--json")
    told = [each for each in checked.document["agents"] if each["requests_sent"]]
    assert checked.code == 0
    assert {each["status"] for each in told} == {"passed"}
    assert {each["shape"]["origin"] for each in told} == {"captured"}


async def test_an_agent_of_another_protocol_is_refused_and_said_so(machine: Console) -> None:
    node, program = map(Path, find_agents().gemini)
    (machine.home / "bin" / "gemini").symlink_to(program)
    (machine.home / "bin" / "node").symlink_to(node)
    found = await proved(machine, "gemini")
    assert (found["code"], found["outcome"], found["families"]) == (1, "refused", [])
    assert "Google's generateContent" in found["problem"]
    (run,) = found["runs"]
    assert run["passed"] == run["failed"] == 0
    asked = {(each["method"], each["path"]) for each in run["requests"]}
    assert ("POST", "/v1beta/models/<model>:streamGenerateContent") in asked
    assert 1 <= len(run["refused"]) <= 12


@pytest.mark.parametrize(("agent", "program"), [("claude-code", "claude"), ("copilot", "copilot")])
async def test_an_agent_that_no_test_may_install_is_captured_where_it_is_installed(
    machine: Console, agent: str, program: str
) -> None:
    machine.environment["PATH"] = os.environ["PATH"]
    found = await proved(machine, agent)
    expected = (0, "captured") if shutil.which(program) else (1, "not_installed")
    assert (found["code"], found["outcome"]) == expected, found["problem"]
