"""Which agent writes: what is refused with a way out, and what of this machine the chosen one may read."""

import os
from pathlib import Path

import pytest

from console.domain.relay.agent_settings import agent_settings
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.run.agent_event import OWN_COMMAND
from console.services.coding_agent.choice import AgentError, find_agent, read_version

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


def route(family: EndpointFamily) -> Route:
    return Route(Role.WRITER, "m", family, family.standard_path)


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "command", "family", "said"),
    [
        ("cursor", "", R, "no known agent writes under this name. Name one of: "),
        ("", "", R, "no known agent"),
        ("sdk", "", R, "no known agent"),
        ("codex", "", C, "Codex speaks responses, and the route writer is on chat_completions. Choose a route"),
        ("claude", "", R, "is on responses"),
        ("aider", "", C, "was not tried. Give its command as your own: --writer-command"),
        ("codex", "", R, "Codex is not installed: no codex is on PATH. Run: npm install -g @openai/codex"),
        (OWN_COMMAND, "", R, "the writer's command is empty"),
        (OWN_COMMAND, "   ", R, "the writer's command is empty"),
        (OWN_COMMAND, "agent 'without an end", R, "its quotes do not match"),
        (OWN_COMMAND, "agent\0", R, "is empty, or its quotes do not match"),
        (OWN_COMMAND, "absent-agent --now", R, "is not on PATH, or cannot be run"),
        (OWN_COMMAND, "/etc/passwd", R, "cannot be run"),
    ],
)
def test_what_cannot_write_is_refused_with_a_way_out(
    name: str, command: str, family: EndpointFamily, said: str
) -> None:
    with pytest.raises(AgentError) as refused:
        find_agent(name, command, route(family), {"PATH": "/usr/bin:/bin"})
    assert said in str(refused.value)


def test_the_agents_that_are_offered_can_write() -> None:
    with pytest.raises(AgentError) as refused:
        find_agent("?", "", route(R), {})
    offered = str(refused.value).partition("one of: ")[2].partition(";")[0].split(", ")
    assert "codex" in offered
    known = agent_settings()
    assert all(any(each.write_command for each in known[name].settings) for name in offered)


def test_a_known_agent_is_the_program_on_path_with_the_arguments_of_one_who_writes(tmp_path: Path) -> None:
    codex = program(tmp_path / "bin/codex")
    agent = find_agent("codex", "", route(R), {"PATH": f"/nowhere:{codex.parent}"})
    assert (agent.id, agent.program) == ("codex", codex)
    assert agent.arguments[-1] == agent.held_arguments[-1] == "-"  # the task comes on stdin
    assert not any("bypass" in each for each in agent.arguments)  # its own sandbox is off only where we hold it


def test_an_own_command_is_split_as_a_shell_would_and_run_without_one(tmp_path: Path) -> None:
    own = program(tmp_path / "my agents/agent")
    command = f"'{own}' --say \"it's $HOME\" '' *"
    agent = find_agent(OWN_COMMAND, command, route(C), {"PATH": ""})
    assert (agent.program, agent.arguments) == (own, ("--say", "it's $HOME", "", "*"))
    assert agent.held_arguments == agent.arguments
    assert agent.settings.family is C


def test_it_reads_what_it_is_made_of(tmp_path: Path) -> None:
    """A link to a package of Node.js, its interpreter in a version's directory, and a script that a command names."""
    node = program(tmp_path / "versions/v22/bin/node")
    script = program(tmp_path / "lib/node_modules/codex/bin/codex.js", "#!/usr/bin/env -S node --x\n")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin/codex"
    link.symlink_to(script)
    agent = find_agent("codex", "", route(R), {"PATH": f"{link.parent}:{node.parent}"})
    assert agent.program == link
    assert set(agent.installed_in) == {
        link,
        script,
        link.parent,
        tmp_path / "lib/node_modules",
        node.parent,
        tmp_path / "versions/v22",
    }

    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    python = tmp_path / "venv/bin/python"
    python.symlink_to(node)
    own = tmp_path / "agent.py"
    own.touch()
    agent = find_agent(OWN_COMMAND, f"{python} {own} {tmp_path}", route(R), {"PATH": ""})
    assert {tmp_path / "venv", tmp_path / "versions/v22", own} <= set(agent.installed_in)
    assert tmp_path not in agent.installed_in


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("echo codex-cli 0.171.0", "0.171.0"),
        ("echo 2.1.332 '(Claude Code)'", "2.1.332"),
        ("echo no number here", ""),
        ("exit 3", ""),
        ("echo '1.0\033[31m'; echo '9<script>'", ""),
        ("yes 1", ""),
    ],
)
async def test_a_version_is_kept_only_if_it_looks_like_one(tmp_path: Path, says: str, version: str) -> None:
    program(tmp_path / "codex", f"#!/bin/sh\n{says}\n")
    agent = find_agent("codex", "", route(R), {"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert await read_version(agent, {"PATH": os.environ["PATH"]}, tmp_path) == version


async def test_an_own_command_is_not_asked_for_its_version(tmp_path: Path) -> None:
    own = program(tmp_path / "agent", f"#!/bin/sh\ntouch {tmp_path}/ran\necho 1.0\n")
    agent = find_agent(OWN_COMMAND, str(own), route(R), {"PATH": ""})
    assert await read_version(agent, {}, tmp_path) == ""
    assert not (tmp_path / "ran").exists()
