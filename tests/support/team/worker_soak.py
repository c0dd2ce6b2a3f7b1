"""A crew of workers at work on many runs, while some of them are killed and the store goes away: what has to hold then.

`soak_workers` is the engine of the test and of `scripts/soak_team.py`.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from support.postgres.databases import Postgres
from support.postgres.network import Network, network_to
from support.run.desks import REASON
from support.run.gateway import Generation, RunGateway, run_gateway
from support.team.trouble import cut
from support.team.worker_process import TeamOffice

from console.domain.ledger.line import check_chain
from console.domain.problem import ProblemKind
from console.domain.run.call_event import CallIntended, CallLost, CallRecorded
from console.domain.run.command import AllowRepeat, operator_verdict
from console.domain.run.event import GateDecided
from console.domain.run.gate import GateVerdict
from console.domain.run.state import Phase
from console.services.ledger.codec import entry_of
from console.services.ledger.ledger import ConflictError, LedgerError
from console.services.ledger.postgres.failures import UnknownOutcomeError
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
    cut: int = 0
    restarted: int = 0
    lost_calls: int = 0
    generations: int = 0
    wrong: list[str] = field(default_factory=list)
    """What should have held and did not."""


@dataclass
class WorkerProcess:
    """A worker that runs."""

    name: str
    process: asyncio.subprocess.Process
    read: "asyncio.Task[None]"
    """Reads what it tells."""
    is_killed: bool = False

    def kill(self) -> None:
        if self.process.returncode is None:
            self.is_killed = True
            self.process.kill()


class Crew:
    """Workers, each in a process of its own."""

    def __init__(self, office: TeamOffice) -> None:
        self._office = office
        self._count = 0
        self.workers: list[WorkerProcess] = []
        self.wrong: list[str] = []

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
        if await process.stdout.readline() != b"ready\n":  # the store was cut off just now
            await process.wait()
            return await self.hire()
        worker = WorkerProcess(
            name, process, asyncio.create_task(_read(process.stdout, name, office.directory / "workers.log"))
        )
        self.workers.append(worker)
        return worker

    async def replace(self, worker: WorkerProcess) -> None:
        """Hire another worker once one is dead."""
        await worker.process.wait()
        await worker.read
        self.workers.remove(worker)
        await self.hire()

    async def dismiss(self) -> None:
        """End all, as an operator does."""
        for each in self.workers:
            if each.process.returncode is None:
                each.process.send_signal(signal.SIGTERM)
        for each in self.workers:
            await each.process.wait()
            await each.read
        self.wrong += [
            f"worker {each.name} ended with {each.process.returncode}"
            for each in self.workers
            if each.process.returncode and not each.is_killed
        ]


async def _read(stream: asyncio.StreamReader, name: str, log: Path) -> None:
    """Write what a worker tells to a file, for whoever wonders."""
    while line := await stream.readline():
        with log.open("ab") as file:
            file.write(f"{name}: ".encode() + line)


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


async def soak_workers(directory: Path, database: Postgres, plan: SoakPlan) -> Soaked:
    """Try a crew of workers on a team's database, and return what came of it.

    Args:
        directory: An empty one, for the repository, the home and the config.
        database: One that is set up for team mode. All workers reach it over a network that can be cut.
        plan: How they are tried.

    """
    async with run_gateway() as gateway, network_to(database.server.port) as network:
        far = database.url.replace(f":{database.server.port}/", f":{network.port}/")
        office = TeamOffice(directory, gateway.base_url, gateway.token, store_url=far)
        office.furnish()
        near = replace(office, store_url=database.url)
        async with near.desk() as desk:
            return await _Soak(plan, office, gateway, desk, database=database, network=network).run()


class _Soak:
    """One soak."""

    def __init__(
        self,
        plan: SoakPlan,
        office: TeamOffice,
        gateway: RunGateway,
        desk: RunContext,
        *,
        database: Postgres,
        network: Network,
    ) -> None:
        self._plan = plan
        self._gateway = gateway
        self._desk = desk
        self._office = office
        self._database = database
        self._network = network
        self._chance = random.Random(plan.seed)
        self._crew = Crew(office)
        self._soaked = Soaked()
        self._seen = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._troubles: list[tuple[int, str]] = []

    async def run(self) -> Soaked:
        plan = self._plan
        kinds = ["kill"] * plan.kills + ["cut"] * plan.cuts + ["restart"] * plan.restarts
        self._chance.shuffle(kinds)
        moments = sorted(self._chance.sample(range(1, max(4 * plan.runs - 1, len(kinds) + 1)), len(kinds)))
        self._troubles = list(zip(moments, kinds, strict=True))
        self._gateway.hold = self._hold
        logs = [await self._office_begin() for _ in range(plan.runs)]
        async with at_work(self._crew, plan.workers):
            acknowledged = await _decide_all(self._desk, logs)
            for task in tuple(self._under_way):
                await task
        for log in logs:
            await _judge(self._desk, log, acknowledged[log.state.run_id], self._soaked)
        self._soaked.wrong += self._crew.wrong
        self._soaked.generations = len(self._gateway.generations)
        return self._soaked

    async def _office_begin(self) -> RunLog:
        return await self._office.begin(self._desk)

    async def _hold(self, _: Generation, stage: str) -> None:
        """Let what is due happen while an answer is half sent."""
        if stage != "halfway":
            return
        self._seen += 1
        while self._troubles and self._seen >= self._troubles[0][0]:
            _, kind = self._troubles.pop(0)
            if kind == "kill":
                worker = self._chance.choice(self._crew.workers)
                worker.kill()
                self._soaked.killed += 1
                self._begin(self._crew.replace(worker))
            elif kind == "cut":
                self._soaked.cut += 1
                self._begin(cut(self._network, self._plan.cut_s))
            else:
                self._soaked.restarted += 1
                self._database.server.restart_immediately()  # in this thread: the server ends with its starter's

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._under_way.add(asyncio.create_task(work))


async def _decide_all(desk: RunContext, logs: Sequence[RunLog]) -> dict[str, set[str]]:
    """Decide whatever waits for an operator, until all runs are over; return by run what the ledger acknowledged."""
    heads: dict[str, set[str]] = {log.state.run_id: set() for log in logs}
    going = {log.state.run_id: log for log in logs}
    changes = desk.ledger.changes()
    changed = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)  # it looks before the runs are read: nothing falls between
    due = set(going)
    while going:
        for run_id in due & set(going):
            if await _decide(desk, going[run_id], heads[run_id]):
                del going[run_id]
        if going:
            due = set(await changed) or set(going)
            changed = asyncio.ensure_future(anext(changes))
    changed.cancel()
    await asyncio.gather(changed, return_exceptions=True)
    return heads


async def _decide(desk: RunContext, log: RunLog, heads: set[str]) -> bool:
    """Decide on a run if it waits for an operator; return whether it is over."""
    while True:
        try:
            if not (await log.refresh()).is_waiting:
                return log.state.is_over
            if log.state.phase is Phase.LOST:
                await command(desk, log, AllowRepeat(REASON))
            else:
                await command(desk, log, operator_verdict(log.state, log.state.gate, GateVerdict.READY, REASON))
            heads.add(log.state.head)
        except (ConflictError, RunRefusedError):
            continue
        except LedgerError as error:
            if error.kind is not ProblemKind.UNREACHABLE and not isinstance(error, UnknownOutcomeError):
                raise
            continue


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
