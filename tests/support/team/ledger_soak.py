"""The soak of a ledger: processes that are killed, cut off and left by their server, and what must hold after it."""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from support.ledger.ledgers import ANN, CREATED, new_id
from support.team.ledger_stepper import GATES, Task, opened, summary

from console.domain.ledger.line import CALL_INTENDED, GATE_DECIDED, Line

PROGRAM = Path(__file__).with_name("ledger_stepper.py")


@dataclass
class Soaked:
    """What a soak showed; `wrong` has to be empty."""

    wrong: list[str] = field(default_factory=list)
    gates: int = 0
    lines: int = 0
    acknowledged: int = 0
    calls_sent: int = 0
    calls_recorded: int = 0
    calls_lost: int = 0
    late: int = 0
    """How often a process was told that another one was first, or that its lease was over."""
    refused: Counter[str] = field(default_factory=Counter)
    """What processes were told while the database could not be used."""
    refused_at: Counter[str] = field(default_factory=Counter)
    """How often each process was told so."""
    kept_by: Counter[str] = field(default_factory=Counter)
    """How many lines each process had acknowledged."""
    kills: int = 0
    events: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """What happens to the processes at a moment of a soak."""

    name: str
    is_due: Callable[[Soaked], bool]
    do: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Host:
    """Where a process runs."""

    url: str = ""
    """How it reaches the store; by default as this process does."""
    prefix: tuple[str, ...] = ()
    """What starts a program there."""


HERE = Host()


class Soak:
    """Runs the processes of one soak, and keeps what they said."""

    def __init__(self, directory: Path, url: str, *, seed: int) -> None:
        """Prepare a soak of the ledger at a URL; of one in a file if the URL is empty."""
        self.soaked = Soaked()
        self._directory = directory
        self._url = url
        self._random = random.Random(seed)  # who is killed, and when
        self._kept: dict[tuple[str, int], str] = {}
        self._recorded: set[str] = set()
        self._accepted: Counter[tuple[str, str]] = Counter()
        self._steppers: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._happens = asyncio.Lock()

    async def run(
        self,
        *,
        runs: int,
        steppers: int,
        deciders: int,
        kill_each: int,
        call_s: float = 0.02,
        hosts: Mapping[str, Host] | None = None,
        events: tuple[Event, ...] = (),
    ) -> Soaked:
        """Soak until every gate is decided.

        Args:
            runs: How many runs, of eight gates each.
            steppers: How many processes step.
            deciders: How many processes decide.
            kill_each: After how many acknowledged lines a stepper is killed.
            call_s: How long a call takes at most.
            hosts: Where processes run, by their names; by default here.
            events: What else happens, in order: each once it is due and those before it have happened.

        """
        async with opened(self._url, self._directory) as ledger:
            ids = tuple(new_id() for _ in range(runs))
            for each in ids:
                await ledger.create(each, [CREATED], actor=ANN, summary=summary(each))
        names = [("steps", f"stepper-{number}") for number in range(steppers)]
        names += [("decides", f"operator-{number}") for number in range(deciders)]
        places = hosts or {}
        self._tasks = [
            asyncio.create_task(self._keep_up(self._task(*each, ids, call_s, places.get(each[1], HERE)), places))
            for each in names
        ]
        trouble = asyncio.create_task(self._trouble(kill_each, events))
        try:
            await asyncio.gather(*self._tasks)
        finally:
            async with self._happens:  # no server stays stopped
                trouble.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(trouble, *self._tasks, return_exceptions=True)
        async with opened(self._url, self._directory) as ledger:
            for each in ids:
                self._judge(each, await ledger.read(each))
                faults = await ledger.check(each)
                self.soaked.wrong.extend(f"{each}: line {fault.seq}: {fault.words}" for fault in faults)
        self._judge_all()
        return self.soaked

    def _task(self, role: str, name: str, ids: tuple[str, ...], call_s: float, host: Host) -> Task:
        state = self._directory if not self._url else self._directory / name
        state.mkdir(mode=0o700, exist_ok=True)
        return Task(name, role, ids, str(state), str(self._directory / "calls"), host.url or self._url, call_s)

    async def _keep_up(self, task: Task, hosts: Mapping[str, Host]) -> None:
        """Run a process, and start it again whenever it was killed."""
        while await self._run(task, hosts.get(task.name, HERE).prefix) < 0:
            self.soaked.kills += 1

    async def _run(self, task: Task, prefix: tuple[str, ...]) -> int:
        process = await asyncio.create_subprocess_exec(
            *prefix, sys.executable, PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(task.to_json().encode() + b"\n")
            if task.role == "steps":
                self._steppers[task.name] = process
            async for line in process.stdout:
                self._hear(task.name, line)
            code = await process.wait()
            if code > 0:
                self.soaked.wrong.append(f"{task.name} ended with {code}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        self._steppers.pop(task.name, None)
        return code

    def _hear(self, name: str, line: bytes) -> None:
        what, run, *rest = json.loads(line)
        match what:
            case "kept":
                seq, sha256 = rest
                if self._kept.setdefault((run, seq), sha256) != sha256:
                    self.soaked.wrong.append(f"{run}: line {seq} was acknowledged twice, with other hashes")
                self.soaked.acknowledged += 1
                self.soaked.kept_by[name] += 1
                self._news.set()
            case "accepted":
                self._accepted[run, rest[0]] += 1
            case "told":
                self.soaked.late += 1
            case "refused":
                self.soaked.refused[rest[0]] += 1
                self.soaked.refused_at[name] += 1
                self._news.set()

    async def _trouble(self, kill_each: int, events: tuple[Event, ...]) -> None:
        """Kill, cut and restart while the processes work."""
        next_kill, left = kill_each, list(events)
        while True:
            await self._news.wait()
            self._news.clear()
            if left and left[0].is_due(self.soaked):
                event = left.pop(0)
                self.soaked.events.append(f"{event.name} after {self.soaked.acknowledged} lines")
                async with self._happens:
                    await event.do()
            if self._steppers and self.soaked.acknowledged >= next_kill:
                next_kill = self.soaked.acknowledged + self._random.randint(1, 2 * kill_each)
                victim = self._random.choice(sorted(self._steppers))
                if self._steppers[victim].returncode is None:
                    self._steppers[victim].kill()

    def _judge(self, run: str, lines: tuple[Line, ...]) -> None:
        """Judge one run."""
        stored = {(run, line.seq): line.sha256 for line in lines}
        for key, sha256 in self._kept.items():
            if key[0] == run and stored.get(key) != sha256:
                self.soaked.wrong.append(f"{run}: line {key[1]} was acknowledged, and is lost or another one")
        for gate in GATES:
            decided = sum(line.kind == GATE_DECIDED and line.gate == gate for line in lines)
            if decided != 1:
                self.soaked.wrong.append(f"{run}: {gate} has {decided} decisions")
            if self._accepted[run, gate] > 1:
                self.soaked.wrong.append(f"{run}: {gate}: {self._accepted[run, gate]} were told that they decided it")
            intended = sum(line.kind == CALL_INTENDED and line.gate == gate for line in lines)
            if intended != 1:
                self.soaked.wrong.append(f"{run}: {gate} has {intended} intended calls")
        self.soaked.gates += len(GATES)
        self.soaked.lines += len(lines)
        self.soaked.calls_recorded += sum(line.kind == "CallRecorded" for line in lines)
        self.soaked.calls_lost += sum(line.kind == "CallLost" for line in lines)
        self._recorded |= {str(line.call_id) for line in lines if line.kind == "CallRecorded"}

    def _judge_all(self) -> None:
        """Judge what the gateway was sent."""
        sent = [line.split() for line in (self._directory / "calls").read_text().splitlines()]
        self.soaked.calls_sent = len(sent)
        for (run, gate), count in Counter((run, gate) for run, gate, _ in sent).items():
            if count > 1:
                self.soaked.wrong.append(f"{run}: {gate} was sent {count} times")
        if missing := self._recorded - {call for _, _, call in sent}:
            self.soaked.wrong.append(f"{len(missing)} calls are recorded, and were not sent")


def shown(soaked: Any) -> str:
    """Return a soak's figures, one a line."""
    values = {each.name: getattr(soaked, each.name) for each in fields(soaked)}
    return "".join(f"{name}: {dict(v) if isinstance(v, Counter) else v}\n" for name, v in values.items())
