"""A crew of workers at work on many runs, while some of them are killed and the store goes away: what has to hold then.

`soak` is the engine of the test and of `scripts/soak_team.py`.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from support.postgres.databases import Postgres
from support.run.desks import REASON
from support.run.gateway import Generation, RunGateway
from support.team.worker_process import TeamOffice

from console.domain.ledger.line import check_chain
from console.domain.run.call_event import CallIntended, CallLost, CallRecorded
from console.domain.run.command import AllowRepeat, operator_verdict
from console.domain.run.event import GateDecided
from console.domain.run.gate import GateVerdict
from console.domain.run.state import Phase
from console.services.ledger.codec import entry_of
from console.services.ledger.ledger import ConflictError
from console.services.run.deciding import command
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError

_PROGRAM = Path(__file__).with_name("worker_process.py")
_TESTS = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How a crew is tried."""

    workers: int = 2
    runs: int = 2
    kills: int = 2
    cuts: int = 0
    """How often the store is cut off from all."""
    cut_s: float = 0.0
    restarts: int = 0
    """How often PostgreSQL restarts as after a power failure."""
    seed: int = 1


@dataclass
class Soaked:
    """What came of it."""

    gates: int = 0
    """Gates that were decided."""
    killed: int = 0
    lost_calls: int = 0
    generations: int = 0
    wrong: list[str] = field(default_factory=list)
    """What should have held and did not."""


@dataclass
class WorkerProcess:
    """A worker that runs."""

    name: str
    process: asyncio.subprocess.Process

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


class Crew:
    """Workers, each in a process of its own."""

    def __init__(self, office: TeamOffice) -> None:
        self._office = office
        self._count = 0
        self.workers: list[WorkerProcess] = []

    async def hire(self) -> WorkerProcess:
        """Start a worker; return when it takes jobs."""
        self._count += 1
        name = f"w{self._count}"
        office = self._office
        environment = {**os.environ, "PYTHONPATH": f"{_TESTS}:{_TESTS.parent}", "STORE_URL": office.store_url}
        process = await asyncio.create_subprocess_exec(
            sys.executable, _PROGRAM, office.directory, office.base_url, office.token, name,
            stdout=asyncio.subprocess.PIPE, env=environment,
        )  # fmt: skip
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        worker = WorkerProcess(name, process)
        self.workers.append(worker)
        return worker

    async def replace(self, worker: WorkerProcess) -> None:
        """Hire another worker once one is dead."""
        await worker.process.wait()
        self.workers.remove(worker)
        await self.hire()

    async def dismiss(self) -> None:
        """End all, as an operator does."""
        for each in self.workers:
            if each.process.returncode is None:
                each.process.send_signal(signal.SIGTERM)
        for each in self.workers:
            await each.process.communicate()


@contextlib.asynccontextmanager
async def at_work(hired: Crew, workers: int) -> AsyncIterator[None]:
    """Have a crew of so many within the block; none of it is left afterwards."""
    try:
        await asyncio.gather(*(hired.hire() for _ in range(workers)))
        yield
        await hired.dismiss()
    finally:
        for each in hired.workers:
            each.kill()


async def soak(
    plan: SoakPlan,
    office: TeamOffice,
    gateway: RunGateway,
    desk: RunContext,
    postgres: Postgres,
    *,
    cut: Callable[[float], Awaitable[None]] | None = None,
) -> Soaked:
    """Try a crew, and return what came of it.

    Args:
        plan: How.
        office: Where the runs are.
        gateway: What answers their calls; kills come while it answers.
        desk: The operator's desk.
        postgres: The store.
        cut: Cuts the store off for so many seconds.

    """
    chance = random.Random(plan.seed)
    soaked = Soaked()
    logs = [await office.begin(desk) for _ in range(plan.runs)]
    hired = Crew(office)
    troubles = ["kill"] * plan.kills + ["cut"] * plan.cuts + ["restart"] * plan.restarts
    chance.shuffle(troubles)
    after = sorted(chance.sample(range(1, 2 * len(troubles) + 2), len(troubles)))
    replacing: set[asyncio.Task[None]] = set()
    seen = 0

    async def hold(_: Generation, stage: str) -> None:
        nonlocal seen
        if stage != "halfway":
            return
        seen += 1
        if not after or seen < after[0]:
            return
        after.pop(0)
        match troubles.pop():
            case "kill":
                worker = chance.choice(hired.workers)
                worker.kill()
                soaked.killed += 1
                replacing.add(asyncio.create_task(hired.replace(worker)))
            case "restart":
                await asyncio.to_thread(postgres.server.restart_immediately)
            case _:
                if cut is not None:
                    await cut(plan.cut_s)

    gateway.hold = hold
    async with at_work(hired, plan.workers):
        acknowledged = await asyncio.gather(*(_see_to_its_end(desk, log) for log in logs))
        for task in replacing:
            await task
    for log, heads in zip(logs, acknowledged, strict=True):
        await _judge(desk, log, heads, soaked)
    soaked.generations = len(gateway.generations)
    return soaked


async def _see_to_its_end(desk: RunContext, log: RunLog) -> set[str]:
    """Decide whatever waits for an operator, until the run is over; return the heads that the ledger acknowledged."""
    heads: set[str] = set()
    changes = desk.ledger.changes()
    while True:
        changed = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)  # it looks before the run is read: nothing falls between
        if (await log.refresh()).is_over:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)
            return heads
        if log.state.is_waiting:
            try:
                if log.state.phase is Phase.LOST:
                    await command(desk, log, AllowRepeat(REASON))
                else:
                    await command(desk, log, operator_verdict(log.state, log.state.gate, GateVerdict.READY, REASON))
                heads.add(log.state.head)
            except (ConflictError, RunRefusedError):
                pass
        await changed


async def _judge(desk: RunContext, log: RunLog, heads: set[str], soaked: Soaked) -> None:
    """Note what does not hold of a run."""
    run_id = log.state.run_id
    lines = await desk.ledger.read(run_id)
    soaked.wrong += [f"{run_id}: line {each.seq}: {each.words}" for each in check_chain(lines)]
    soaked.wrong += [f"{run_id}: an acknowledged line is gone" for head in heads - {line.sha256 for line in lines}]
    events = [entry_of(line).event for line in lines]
    decided = Counter((each.gate, each.attempt) for each in events if isinstance(each, GateDecided))
    soaked.gates += len(decided)
    soaked.wrong += [f"{run_id}: {gate} decided {count} times" for gate, count in decided.items() if count > 1]
    asked = {each.call_id: each for each in events if isinstance(each, CallIntended)}
    recorded = Counter(asked[each.call_id].content_sha256 for each in events if isinstance(each, CallRecorded))
    soaked.wrong += [f"{run_id}: a recorded call was repeated" for count in recorded.values() if count > 1]
    soaked.lost_calls += sum(isinstance(each, CallLost) for each in events)
