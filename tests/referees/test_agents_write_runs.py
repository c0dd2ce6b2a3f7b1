"""Real agents write whole runs on the embedded gateway: by tool calls, through a revision, and without any token."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.referees.agent_clients import program_of
from support.run.desks import FILES, config_text
from support.run.gateway import Generation, RunGateway, run_gateway
from support.system.held import require_any

from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee

TASK = "Add a note on the gateway to docs/gateway-note.md, for people who are new here."
R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
WRITERS = {
    R: {},
    M: {"writer": "claude-critic-route-placeholder", "critic": "gpt-older-route-placeholder"},
    C: {"writer": "chat-compatible-route-placeholder", "policy": 'unproven_independence = "accept"'},
}


@dataclass
class Machine:
    """An operator's machine with agents on PATH, and what was seen of it while an agent was at work."""

    console: Console
    gateway: RunGateway
    repository: Repository
    task: Path
    path: str
    seen: list[bytes] = field(default_factory=list)
    """The environment and command line of each process of an agent, and the files of its workplace."""
    started: set[str] = field(default_factory=set)
    """When each of them began, which no other process has in common with its id."""
    others: set[str] = field(default_factory=set)
    """The same of what ran before: servers that other tests share."""

    async def run(self, *words: str | Path, **config: str) -> tuple[int, dict[str, Any], str]:
        text = config_text(base_url=self.gateway.base_url, token_ref="env:GATEWAY_TOKEN", **config)
        file = self.console.write_config(text)
        more = {"GATEWAY_TOKEN": self.gateway.token, "PATH": self.path}
        self.others = set(map(_began, _agents()))
        given = ("--task-file", self.task, "--repo", self.repository.root)
        ended = await self.console.run("run", "start", *given, *words, "--config", file, "--json", **more)
        assert "Traceback" not in ended.stderr
        return ended.code, ended.document, ended.stderr

    async def look(self, asked: Generation, stage: str) -> None:
        """Look at every process of the agent's and its files while its call is under way."""
        if asked.role == "writer" and stage in ("received", "halfway"):
            at_work = [pid for pid in _agents() if _began(pid) not in self.others]
            self.started.update(map(_began, at_work))
            self.seen += [piece for pid in at_work for piece in _shown(pid)]


def _agents() -> Iterator[int]:
    """Yield the processes that this one has started, and all that those have started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    waiting = [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        yield from children
        waiting += children


def _began(pid: int) -> str:
    try:
        return f"{pid} {Path(f'/proc/{pid}/stat').read_bytes().rpartition(b')')[2].split()[19].decode()}"
    except OSError:
        return ""


def _shown(pid: int) -> Iterator[bytes]:
    process = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        yield (process / "environ").read_bytes()
        yield (process / "cmdline").read_bytes()
        if "gateway-console-scratch-" not in str((process / "cwd").readlink()):
            return
        root = Path(f"{process}/root{(process / 'cwd').readlink()}").parent
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path.read_bytes()


@pytest.fixture
async def machine(console: Console, tmp_path: Path) -> AsyncIterator[Machine]:
    require_any()
    programs = tmp_path / "programs"
    programs.mkdir()
    for agent in ("codex", "opencode"):
        with contextlib.suppress(pytest.skip.Exception):
            (programs / agent).symlink_to(program_of(agent))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    async with run_gateway() as gateway:
        repository = Repository(tmp_path / "repository", FILES)
        machine = Machine(console, gateway, repository, task, f"{programs}:{os.environ['PATH']}")
        gateway.hold = machine.look
        yield machine


@pytest.fixture
def console(tmp_path: Path) -> Console:
    (tmp_path / "home").mkdir()
    return Console(tmp_path / "home")


@pytest.mark.parametrize(("agent", "family", "attempts"), [("codex", R, 2), ("opencode", M, 1), ("opencode", C, 1)])
async def test_a_real_agent_writes_and_revises_a_run_and_never_holds_the_token(
    machine: Machine, agent: str, family: EndpointFamily, attempts: int
) -> None:
    """Each attempt is a turn in a home of its own, so that one agent shows what a revision is."""
    program_of(agent)
    before = machine.repository.state()
    reviewer = {"reviewer": "gpt-review-revise-placeholder"} if attempts > 1 else {}
    code, document, told = await machine.run("--writer", agent, "--auto", **reviewer, **WRITERS[family])
    assert (code, document["status"], document["attempt"]) == (0, "closed", attempts), told
    assert machine.repository.state() == before

    writers = [each for each in document["calls"] if each["role"] == "writer"]
    assert len(writers) >= 2 * attempts  # in each, a tool call and what follows from it
    assert {each["outcome"] for each in writers} == {"answered"}
    assert {each["endpoint_family"] for each in writers} == {family.value}
    generated = [each for each in machine.gateway.generations if each.role == "writer"]
    assert len(generated) == len(writers)
    routes = {(each["model"], each["endpoint_path"]) for each in document["routes"]}
    asked = {(each.model, each.path) for each in machine.gateway.generations}
    assert asked <= routes

    assert any(b"gwc-" in each for each in machine.seen)  # it was looked at while it held the relay's key
    state = machine.console.home
    kept = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    assert kept
    for text in (*machine.seen, *kept):
        assert machine.gateway.token.encode() not in text
    left = {_began(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
    assert machine.started - {""}
    assert machine.started & left <= {""}
