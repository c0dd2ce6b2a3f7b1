"""Kill -9 at every point of a run: it goes on where it stood, repeats no recorded call and loses no decision."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from services.ledgers import new_id
from services.run_desks import Office
from services.run_gateway import STAGES, Generation, in_front_of
from services.run_walker import walk

from console.domain.ledger_line import Line
from console.domain.run import Phase, RunState, RunStatus, fold
from console.domain.run_event import CallIntended, CallLost, CallRepeatAllowed, Entry
from console.services.ledger.sqlite import SqliteLedger
from console.services.run.run_log import entry_of
from console.services.run.verifying import verify_run
from console.simulator.server import Listening, serve

FEWEST_POINTS = 60
AT_ONCE = 3
NOWHERE = ("", 0)


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed: with one revision, to its sealed candidate."""

    entries: tuple[Entry, ...]
    sizes: tuple[int, ...]
    """How many lines each append had."""
    calls: Counter[tuple[str, int]]
    """How often each role was generated for in each attempt."""

    def state(self, lines: int) -> RunState:
        return fold("", self.entries[:lines])


@dataclass(frozen=True)
class Point:
    """Where a process is killed."""

    name: str
    kept: int
    """How many lines are in the ledger then."""
    append: tuple[str, int] = NOWHERE
    """Before or after which append."""
    call: tuple[int, str] | None = None
    """Inside which call, and how much of its answer was sent."""


def points_of(whole: Whole) -> list[Point]:
    """Return all points of a run: before and after each append, and at four places inside each call."""
    points: list[Point] = []
    kept = calls = 0
    for number, size in enumerate(whole.sizes, 1):
        entry = whole.entries[kept]
        name = f"{type(entry.event).__name__}, line {kept + 1}"
        points.append(Point(f"before {name}", kept, append=("before", number)))
        kept += size
        points.append(Point(f"after {name}", kept, append=("after", number)))
        if isinstance(entry.event, CallIntended):
            calls += 1
            points += [Point(f"{stage} in call {calls}", kept, call=(calls, stage)) for stage in STAGES]
    return points


async def walked_whole(office: Office, listening: Listening) -> Whole:
    sizes: list[int] = []

    def watch(_: str, lines: Sequence[Line]) -> None:
        sizes.extend([len(lines)] if lines else [])

    run_id = new_id()
    async with in_front_of(listening) as gateway:
        await walk(replace(office, base_url=gateway.base_url), "nobody", run_id, is_new=True, watch=watch)
    calls = Counter((each.role, each.attempt) for each in gateway.generations)
    return Whole(await entries_of(office, run_id), tuple(sizes), calls)


async def entries_of(office: Office, run_id: str) -> tuple[Entry, ...]:
    """Return what is kept of a run; nothing where there is no such run."""
    async with await SqliteLedger.open(office.state_directory) as ledger:
        if run_id not in {each.run_id for each in await ledger.runs(10)}:
            return ()
        return tuple(map(entry_of, await ledger.read(run_id)))


# --- Processes -------------------------------------------------------------------------------------------------------


@dataclass
class Nursery:
    """A process that forks walkers, one after the other; see `run_walker.py`."""

    process: asyncio.subprocess.Process
    pid: int = 0
    """The walker that walks now."""

    async def walk(self, office: Office, who: str, run_id: str, *, is_new: bool, kill: tuple[str, int]) -> int:
        """Let a walker walk to its end, and return its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {"directory": str(office.directory), "base_url": office.base_url, "token": office.token}
        job |= {"state": office.state, "who": who, "run_id": run_id, "is_new": is_new, "kill": kill}
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.pid = int(await self.process.stdout.readline())
        code = int(await self.process.stdout.readline())
        self.pid = 0
        return code

    def kill_walker(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    program = Path(__file__).with_name("run_walker.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield Nursery(process)
    finally:
        await process.communicate(b"")


# --- The matrix ------------------------------------------------------------------------------------------------------


async def check_point(point: Point, whole: Whole, office: Office, walkers: Nursery, listening: Listening) -> list[str]:
    """Kill a walker at a point, let another one go on, and return what was not as it has to be."""
    run_id, faults = new_id(), []

    def want(what: str, is_so: bool) -> None:
        faults.extend([] if is_so else [f"{point.name}: {what}"])

    async with in_front_of(listening) as gateway:

        async def kill_inside(_: Generation, stage: str) -> None:
            if (len(gateway.generations), stage) == point.call and first_walks:
                walkers.kill_walker()

        gateway.hold = kill_inside
        here = replace(office, base_url=gateway.base_url, state=f"state-{run_id}")
        first_walks = True
        code = await walkers.walk(here, "first", run_id, is_new=True, kill=point.append)
        first_walks = False
        want(f"the walker ended with {code}", code == -signal.SIGKILL)
        left = await entries_of(here, run_id)
        want("other lines are kept", kinds(left) == kinds(whole.entries[: point.kept]))
        expected, stands = whole.state(point.kept), fold(run_id, left)
        want(f"it stands at {place(stands)}, not {place(expected)}", place(stands) == place(expected))
        received = Counter((each.role, each.attempt) for each in gateway.generations)

        code = await walkers.walk(here, "second", run_id, is_new=not left, kill=NOWHERE)
        want(f"who went on ended with {code}", code == 0)
        entries = await entries_of(here, run_id)
        ended = fold(run_id, entries)
        want("no candidate was sealed", ended.status is RunStatus.CLOSED and ended.sealed is not None)
        want("another candidate was sealed", ended.sealed == whole.state(len(whole.entries)).sealed)
        want("a decision was lost or made again", deciders(ended) == expected_deciders(whole, len(stands.decisions)))
        was_calling = stands.phase is Phase.CALLING
        lost = [each for each in ended.ends if isinstance(each, CallLost)]
        want(f"{len(lost)} calls were lost", len(lost) == was_calling)
        allowed = [each.event.reason for each in entries if isinstance(each.event, CallRepeatAllowed)]
        want(f"a repeat was allowed by {allowed}", allowed == ["second: once more"] * was_calling)
        calls = Counter((each.role, each.attempt) for each in gateway.generations)
        cut_off = [(each.role.value, each.attempt) for each in stands.calls[-1:]] if was_calling else []
        again = Counter(each for each in cut_off if received[each])
        want(f"the gateway received {calls}", calls == whole.calls + again)
        async with await SqliteLedger.open(here.state_directory) as ledger:
            want("the chain does not verify", (await verify_run(ledger, run_id)).holds)
    return faults


def kinds(entries: Sequence[Entry]) -> list[str]:
    return [type(each.event).__name__ for each in entries]


def place(state: RunState) -> tuple[str, int, str]:
    return state.gate.value, state.attempt, state.phase.value


def deciders(state: RunState) -> list[tuple[str, str]]:
    return [(each.decided.gate.value, each.decided.reason) for each in state.decisions]


def expected_deciders(whole: Whole, by_first: int) -> list[tuple[str, str]]:
    """Return the gates that were decided in order, the first ones by who was killed."""
    gates = [each.decided.gate.value for each in whole.state(len(whole.entries)).decisions]
    whos = ["first"] * by_first + ["second"] * (len(gates) - by_first)
    return [(gate, f"{who}: as computed here") for gate, who in zip(gates, whos, strict=True)]


@pytest.mark.long
async def test_a_run_that_is_killed_at_any_point_goes_on_where_it_stood(tmp_path: Path, no_trust_store: None) -> None:
    async with contextlib.AsyncExitStack() as stack:
        listening = await stack.enter_async_context(serve(pace=0))
        office = Office(tmp_path, listening.base_url, listening.token)
        office.furnish(reviewer="gpt-review-revise-placeholder")
        whole = await walked_whole(office, listening)
        points = points_of(whole)
        waiting = iter(points)

        async def work(walkers: Nursery) -> list[str]:
            return [fault for each in waiting for fault in await check_point(each, whole, office, walkers, listening)]

        nurseries = [await stack.enter_async_context(nursery()) for _ in range(AT_ONCE)]
        faults = await asyncio.gather(*map(work, nurseries))
    assert [fault for each in faults for fault in each] == []
    assert whole.state(len(whole.entries)).attempt == 2
    assert len(points) >= FEWEST_POINTS
