"""Kills of the real program, again and again: the command that it names then takes the run further, to its end."""

import asyncio
import random
import shlex
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.cli.console_process import ended as ended_of
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text
from support.run.gateway import STAGES, Generation, run_gateway

from console.domain.run.call_event import CallIntended, CallLost, CallRecorded, CallRepeatAllowed
from console.domain.run.event import RunEvent
from console.services.ledger.codec import entry_of
from console.services.ledger.sqlite import SqliteLedger
from console.services.system.directories import state_directory

pytestmark = pytest.mark.long

CALLS = [("planner", 1), ("writer", 1), ("reviewer", 1), ("revision", 2), ("reviewer", 2), ("critic", 2)]
"""The calls of a run whose reviewer wants one revision."""
IN_CALLS, IN_PREFLIGHT = 5, 1
"""So many kills: in calls one at each stage of an answer, and one in a call that is repeated after a kill."""
REQUESTS = 2
"""A kill in a preflight comes at one of so many of its first requests for the gateway's lists."""
REASON = "the console was killed"


@dataclass
class Killer:
    """Kills the process under way: at the nth requests of preflights, and while calls are answered."""

    at_requests: list[int]
    in_calls: dict[tuple[str, int], list[str]]
    """The stages of an answer at which the process is killed, one kill after the other, by the call."""
    process: asyncio.subprocess.Process | None = None
    _requests: int = field(default=0)

    def watch(self, process: asyncio.subprocess.Process) -> None:
        self.process, self._requests = process, 0

    def see(self, _: object) -> None:
        self._requests += 1
        if self.process is not None and self.at_requests[:1] == [self._requests]:
            self.at_requests.pop(0)
            self.kill()

    async def hold(self, asked: Generation, stage: str) -> None:
        planned = self.in_calls.get((asked.role, asked.attempt), [])
        if planned[:1] == [stage] and (process := self.process) is not None:
            planned.pop(0)
            self.kill()
            await process.wait()  # nothing more is sent to it

    def kill(self) -> None:
        """Kill the process; what of its requests still comes in counts no more."""
        assert self.process is not None
        self.process.kill()
        self.process = None


@pytest.mark.parametrize("seed", [1])
async def test_a_run_that_is_killed_six_times_ends_at_its_candidate_by_the_commands_that_it_names(
    console: Console, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    stages: dict[tuple[str, int], list[str]] = {call: [] for call in CALLS}
    calls = chance.sample(CALLS, k=len(STAGES))
    for call, stage in zip([*calls, calls[0]], [*STAGES, STAGES[-1]], strict=True):
        stages[call].append(stage)
    planned = {call: len(kills) for call, kills in stages.items()}
    killer = Killer([chance.randint(1, REQUESTS) for _ in range(IN_PREFLIGHT)], stages)
    repository = Repository(tmp_path / "repository", FILES)
    task = tmp_path / "task.md"
    task.write_text(TASK)
    async with run_gateway() as gateway:
        gateway.on_request, gateway.hold = killer.see, killer.hold
        models = {"reviewer": "gpt-review-revise-placeholder"}
        config = console.write_config(config_text(base_url=gateway.base_url, token_ref="env:GATEWAY_TOKEN", **models))

        async def run(*words: str | Path) -> Ended:
            async with console.start(*words, "--config", config, GATEWAY_TOKEN=gateway.token) as child:
                killer.watch(child)
                ended = await ended_of(child)
            assert "Traceback" not in ended.stderr
            return ended

        await run("run", "start", "--task-file", task, "--repo", repository.root, "--auto")
        auto = ("--auto",) if seed % 2 else ()
        while True:
            resumed = await run("run", "resume", "last", "--json", *auto)
            if resumed.code == -signal.SIGKILL:
                continue
            if resumed.document.get("status", "active") != "active":  # a preview of the first call has none
                break
            await run(*shlex.split(resumed.document["next"][0].replace("…", REASON))[1:])
        assert (resumed.document["status"], killer.at_requests, [*killer.in_calls.values()]) == (
            "closed",
            [],
            [[]] * len(CALLS),
        )
        assert (await run("run", "candidate", "last")).code == 0
        assert (await run("record", "verify", "last")).code == 0
    assert Counter((each.role, each.attempt) for each in gateway.generations) == {
        call: 1 + planned[call] for call in CALLS
    }
    events = await events_of(console, resumed.document["run_id"])
    asked = {each.call_id: each for each in events if isinstance(each, CallIntended)}
    answered = [asked[each.call_id].content_sha256 for each in events if isinstance(each, CallRecorded)]
    assert len(set(answered)) == len(answered) == len(CALLS)
    lost = [each.call_id for each in events if isinstance(each, CallLost)]
    repeats = [(each.call_id, each.reason) for each in events if isinstance(each, CallRepeatAllowed)]
    assert repeats == [(each, REASON) for each in lost]
    assert len(lost) == IN_CALLS


async def events_of(console: Console, run_id: str) -> list[RunEvent]:
    async with await SqliteLedger.open(state_directory(console.environment)) as ledger:
        return [entry_of(line).event for line in await ledger.read(run_id)]
