"""Kill -9 at points of a run, and what must hold then: it goes on, repeats no recorded call and loses no decision."""

import asyncio
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from support.ledger.ledgers import new_id
from support.run.desks import Office
from support.run.gateway import STAGES, Generation, in_front_of
from support.run.run_walker import walk
from support.run.walkers import NOWHERE, Nursery, nurseries

from console.domain.ledger.line import Line
from console.domain.run.call_event import CallIntended, CallLost, CallRepeatAllowed
from console.domain.run.event import Entry
from console.domain.run.fold import fold
from console.domain.run.state import Phase, RunState, RunStatus
from console.services.ledger.codec import entry_of
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.record.verify_chain import Against, verify_run
from console.simulator.server import Listening


@dataclass(frozen=True)
class Standing:
    """A run as it was on the disk after an append, and what the gateway had been asked by then."""

    state: str
    """The name of its state directory."""
    calls: Counter[tuple[str, int]]


@dataclass(frozen=True)
class Whole:
    """A run without a kill: with one revision, to its sealed candidate."""

    run_id: str
    entries: tuple[Entry, ...]
    sizes: tuple[int, ...]
    """How many lines each append had."""
    standings: tuple[Standing, ...]
    """The run after each append; first the empty place before it was begun."""
    calls: Counter[tuple[str, int]]
    """How often each role was generated for in each attempt."""

    def state(self, lines: int) -> RunState:
        return fold(self.run_id, self.entries[:lines])


@dataclass(frozen=True)
class Point:
    """Where a process is killed."""

    name: str
    kept: int
    """How many lines are in the ledger then."""
    begins: int
    """After which append the process that is killed takes the run over; 0 where it begins it."""
    append: tuple[str, int] = NOWHERE
    """Before or after which of its own appends."""
    stage: str = ""
    """Inside its first call: how much of its answer was sent."""

    @property
    def kind(self) -> str:
        return self.name.partition(",")[0]


def points_of(whole: Whole) -> list[Point]:
    """Return all points of a run: before and after each append, and at four places inside each call.

    Who is killed took the run over where it last stood outside a call: what was kept of it until then was looked at
    when it was the point.
    """
    points: list[Point] = []
    kept = begins = calls = 0
    for number, size in enumerate(whole.sizes, 1):
        event = whole.entries[kept].event
        name = f"{type(event).__name__}, line {kept + 1}"
        points.append(Point(f"before {name}", kept, begins, ("before", number - begins)))
        kept += size
        points.append(Point(f"after {name}", kept, begins, ("after", number - begins)))
        if isinstance(event, CallIntended):
            calls += 1
            points += [Point(f"{stage}, in call {calls}", kept, begins, stage=stage) for stage in STAGES]
        else:
            begins = number
    return points


async def walked_whole(office: Office, listening: Listening) -> Whole:
    """Walk a run, and keep a copy of it after each append."""
    run_id = new_id()
    sizes: list[int] = []
    async with in_front_of(listening) as gateway:

        def calls() -> Counter[tuple[str, int]]:
            return Counter((each.role, each.attempt) for each in gateway.generations)

        def watch(_: str, lines: Sequence[Line]) -> None:
            if lines:
                sizes.append(len(lines))
                state = f"state-{len(sizes)}"
                copy_state(office, replace(office, state=state))
                standings.append(Standing(state, calls()))

        standings = [Standing("state-0", calls())]
        await walk(replace(office, base_url=gateway.base_url), "nobody", run_id, is_new=True, watch=watch)
        entries = await entries_of(office, run_id)
        return Whole(run_id, entries, tuple(sizes), tuple(standings), calls())


def copy_state(office: Office, other: Office) -> None:
    """Copy a ledger that is open, as it stands, with its artifacts and without its leases."""
    if not office.state_directory.exists():
        return
    other.state_directory.mkdir(parents=True, mode=0o700)
    copied = other.state_directory / FILE_NAME
    with (
        closing(sqlite3.connect(office.state_directory / FILE_NAME)) as source,
        closing(sqlite3.connect(copied)) as copy,
    ):
        source.backup(copy)
        copy.execute("DELETE FROM lease")
        copy.commit()
    copied.chmod(0o600)
    shutil.copytree(office.state_directory / "artifacts", other.state_directory / "artifacts")


async def entries_of(office: Office, run_id: str) -> tuple[Entry, ...]:
    """Return what is kept of a run; nothing where there is no such run."""
    async with await SqliteLedger.open(office.state_directory) as ledger:
        if run_id not in {each.run_id for each in await ledger.runs(10)}:
            return ()
        return tuple(map(entry_of, await ledger.read(run_id)))


# --- The matrix ------------------------------------------------------------------------------------------------------


async def check_point(point: Point, whole: Whole, office: Office, walkers: Nursery, listening: Listening) -> list[str]:
    """Kill a walker at a point, let another one go on, and return what was not as it has to be."""
    run_id, faults = whole.run_id, []

    def want(what: str, is_so: bool) -> None:
        faults.extend([] if is_so else [f"{point.name}: {what}"])

    async with in_front_of(listening) as gateway:

        async def kill_inside(_: Generation, stage: str) -> None:
            if first_walks and stage == point.stage:
                walkers.kill_walker()

        gateway.hold = kill_inside
        stood = whole.standings[point.begins]
        here = replace(office, base_url=gateway.base_url, state=f"killed-{point.name}")
        copy_state(replace(office, state=stood.state), here)
        before = await entries_of(here, run_id)
        first_walks = True
        code = await walkers.walk(here, "first", run_id, is_new=not before, kill=point.append)
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
        whos = {"nobody": fold(run_id, before), "first": stands, "second": whole.state(len(whole.entries))}
        want("a decision was lost or made again", deciders(ended) == expected_deciders(whos))
        was_calling = stands.phase is Phase.CALLING
        lost = [each for each in ended.ends if isinstance(each, CallLost)]
        want(f"{len(lost)} calls were lost", len(lost) == was_calling)
        allowed = [each.event.reason for each in entries if isinstance(each.event, CallRepeatAllowed)]
        want(f"a repeat was allowed by {allowed}", allowed == ["second: once more"] * was_calling)
        calls = stood.calls + Counter((each.role, each.attempt) for each in gateway.generations)
        cut_off = [(each.role.value, each.attempt) for each in stands.calls[-1:]] if was_calling else []
        again = Counter(each for each in cut_off if received[each])
        want(f"the gateway received {calls}", calls == whole.calls + again)
        async with await SqliteLedger.open(here.state_directory) as ledger:
            want("the chain does not verify", (await verify_run(ledger, run_id, Against())).holds)
    return faults


def kinds(entries: Sequence[Entry]) -> list[str]:
    return [type(each.event).__name__ for each in entries]


def place(state: RunState) -> tuple[str, int, str]:
    return state.gate.value, state.attempt, state.phase.value


def deciders(state: RunState) -> list[tuple[str, str]]:
    return [(each.decided.gate.value, each.decided.reason) for each in state.decisions]


def expected_deciders(whos: Mapping[str, RunState]) -> list[tuple[str, str]]:
    """Return the gates that were decided in order, each by the one in whose time it was."""
    expected: list[tuple[str, str]] = []
    for who, state in whos.items():
        gates = [each.decided.gate.value for each in state.decisions]
        expected += [(gate, f"{who}: as computed here") for gate in gates[len(expected) :]]
    return expected


async def faults_at(points: Sequence[Point], whole: Whole, office: Office, listening: Listening) -> list[str]:
    """Return what was not as it has to be, at all of these points."""
    waiting = iter(points)

    async def work(walkers: Nursery) -> list[str]:
        return [fault for each in waiting for fault in await check_point(each, whole, office, walkers, listening)]

    async with nurseries(office) as started:
        return [fault for faults in await asyncio.gather(*map(work, started)) for fault in faults]


def first_of_each_kind(points: Sequence[Point]) -> list[Point]:
    """Return the first point before and after each kind of append, and at each stage of a call."""
    return list({each.kind: each for each in reversed(points)}.values())


def first_call(points: Sequence[Point]) -> list[Point]:
    """Return the points around and inside the first paid call: there a kill can cost money or a decision."""
    return [each for each in first_of_each_kind(points) if each.stage or "Call" in each.kind]
