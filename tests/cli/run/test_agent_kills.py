"""Kills while an agent writes: of the console, of what holds the agent and of the agent, at each stage of its calls.

Nothing is lost, nothing is repeated unless a person asks, no process of the agent is left, and the run goes on to its
candidate by the commands that it names.
"""

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console
from support.cli.console_process import ended as ended_of
from support.git.repositories import Repository
from support.referees.agent_clients import program_of
from support.run.desks import FILES, config_text
from support.run.gateway import STAGES, Generation, RunGateway, run_gateway
from support.run.own_agent import own_agent
from support.system.held import require_any
from support.system.processes import Seen, descendants_of

from console.domain.run.agent_event import AgentBegun, AgentEnded, AgentLost
from console.domain.run.call_event import CallIntended, CallLost, CallRepeatAllowed
from console.domain.run.event import RunEvent
from console.services.ledger.codec import entry_of
from console.services.ledger.sqlite import SqliteLedger
from console.services.system.directories import state_directory

pytestmark = pytest.mark.long

TASK = "Add a note on the gateway to docs/gateway-note.md, for people who are new here."
REASON = "it was killed"
VICTIMS = ("console", "interrupted", "supervisor", "agent")
"""Who is killed; an interrupted console gets a ctrl+c and ends by itself."""
GRANDCHILD = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
DOES = f"""
subprocess.Popen([sys.executable, "-I", "-S", "-c", {GRANDCHILD!r}], start_new_session=True, env={{}})
call(task)
edit()
call(task)
say()
"""


@dataclass
class Due:
    """A run at its writer's gate, kept to be copied for each kill."""

    console: Console
    gateway: RunGateway
    config: Path
    run_id: str
    path: str

    def copied(self, home: Path) -> "Due":
        shutil.copytree(self.console.home, home)
        return Due(Console(home), self.gateway, self.config, self.run_id, self.path)

    @property
    def words(self) -> tuple[tuple[str | Path, ...], dict[str, str]]:
        return ("--config", self.config, "--json"), {"GATEWAY_TOKEN": self.gateway.token, "PATH": self.path}

    async def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        more, environment = self.words
        ended = await self.console.run(*words, *more, **environment)
        assert "Traceback" not in ended.stderr
        return ended.code, ended.document

    async def events(self) -> list[RunEvent]:
        async with await SqliteLedger.open(state_directory(self.console.environment)) as ledger:
            return [entry_of(line).event for line in await ledger.read(self.run_id)]


@pytest.fixture
async def due(request: pytest.FixtureRequest, console: Console, tmp_path: Path) -> AsyncIterator[Due]:
    require_any()
    (tmp_path / "agents").mkdir()
    path = os.environ["PATH"]
    if request.param == "codex":
        path = f"{program_of('codex').parent}:{path}"
        writer = ("--writer", "codex")
    else:
        writer = ("--writer-command", own_agent(tmp_path / "agents", DOES))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    repository = Repository(tmp_path / "repository", FILES)
    async with run_gateway() as gateway:
        config = console.write_config(config_text(base_url=gateway.base_url, token_ref="env:GATEWAY_TOKEN"))
        due = Due(console, gateway, config, "", path)
        _, at = await due.run("run", "start", "--task-file", str(task), "--repo", str(repository.root), *writer)
        due.run_id = at["run_id"]
        while (at["gate"], at["phase"]) != ("writer", "due"):
            command = next(each for each in at["next"] if "--preview" not in each)
            _, at = await due.run(*shlex.split(command.replace("…", REASON))[1:])
        yield due


@dataclass(frozen=True)
class Kill:
    """Who is killed in the nth call of the agent, at which stage of its answer."""

    victim: str
    call: int
    stage: str

    def __str__(self) -> str:
        return f"{self.victim}-{self.call}-{self.stage}"


@dataclass
class Killer:
    """Kills a victim when it comes to that."""

    kill: Kill
    process: asyncio.subprocess.Process | None = None
    came: int = 0
    seen: tuple[Seen, ...] = ()
    """The processes that were at work when it came to that."""

    async def hold(self, asked: Generation, stage: str) -> None:
        self.came += asked.role == "writer" and stage == "received"
        if self.process is None or asked.role != "writer" or (self.came, stage) != (self.kill.call, self.kill.stage):
            return
        process, self.process = self.process, None
        self.seen = descendants_of(process.pid)
        if self.kill.victim in ("console", "interrupted"):
            process.send_signal(signal.SIGKILL if self.kill.victim == "console" else signal.SIGINT)
            await process.wait()
            return
        victims = [each for each in self.seen if each.is_supervisor == (self.kill.victim == "supervisor")]
        if self.kill.victim == "agent":
            victims = [each for each in victims if each.is_agent]
        assert victims
        for each in victims:
            os.kill(each.pid, signal.SIGKILL)
        await asyncio.gather(*(each.is_gone() for each in victims))


OWN = (
    Kill("console", 1, "received"),
    Kill("console", 1, "halfway"),
    Kill("interrupted", 1, "begun"),
    Kill("supervisor", 1, "halfway"),
    Kill("agent", 1, "almost"),
    # At the second call, which adds one that was paid already, those two that end in different ways.
    Kill("console", 2, "almost"),
    Kill("agent", 2, "received"),
)
"""Each victim, and each stage of an answer. What holds an agent knows nothing of the agent's calls, nor the relay of
who is killed: all victims at all stages would find no more."""
CODEX = (Kill("console", 1, "halfway"), Kill("agent", 2, "halfway"))
"""A real agent has processes of its own; it takes its time."""


@pytest.mark.parametrize(
    ("due", "kills"),
    [("own", OWN), pytest.param("codex", CODEX, marks=pytest.mark.referee)],
    indirect=["due"],
    ids=["own", "codex"],
)
async def test_a_kill_while_an_agent_writes_loses_and_repeats_nothing(
    due: Due, tmp_path: Path, kills: tuple[Kill, ...]
) -> None:
    assert {each.stage for each in OWN} == set(STAGES)
    assert {each.victim for each in OWN} == set(VICTIMS)
    for kill in kills:
        await _check(due.copied(tmp_path / f"home-{kill}"), Killer(kill))


async def _check(due: Due, killer: Killer) -> None:
    gateway, kill, place = due.gateway, killer.kill, str(killer.kill)
    gateway.hold = killer.hold
    before = gateway.roles.count("writer")
    more, environment = due.words
    async with due.console.start("run", "step", due.run_id, *more, **environment) as process:
        killer.process = process
        ended = await ended_of(process)
    assert killer.seen, place
    is_consoles = kill.victim in ("console", "interrupted")
    assert "Traceback" not in ended.stderr, place
    assert ended.code == {"console": -signal.SIGKILL, "interrupted": 130}.get(kill.victim, 7), place
    await asyncio.gather(*(each.is_gone() for each in killer.seen))
    sent = gateway.roles.count("writer") - before
    assert sent == kill.call, place

    code, at = await due.run("run", "resume", due.run_id)
    assert (code, gateway.roles.count("writer") - before) == (7, sent), place
    events = await due.events()
    calls = [each for each in events if isinstance(each, CallIntended) and each.turn_id]
    ends = {each.call_id for each in events if hasattr(each, "call_id") and not isinstance(each, CallIntended)}
    assert len(calls) == sent, place
    assert {each.call_id for each in calls} <= ends, place
    turns = [each for each in events if isinstance(each, AgentBegun)]
    over = [each for each in events if isinstance(each, AgentEnded | AgentLost)]
    assert [each.turn_id for each in over] == [each.turn_id for each in turns], place
    assert isinstance(over[-1], AgentLost if is_consoles else AgentEnded), place
    if is_consoles:
        assert isinstance(events[-2], CallLost), place

    repeat = next(each for each in at["next"] if "--repeat" in each)
    code, at = await due.run(*shlex.split(repeat.replace("…", REASON))[1:], "--auto")
    assert (code, at["status"]) == (0, "closed"), place
    assert gateway.roles.count("writer") - before == sent + 2, place
    assert [each.reason for each in await due.events() if isinstance(each, CallRepeatAllowed)] == [REASON], place
    code, _ = await due.run("record", "verify", due.run_id)
    assert code == 0, place
