"""A process of the soak of a ledger: `python ledger_stepper.py`, with a `Task` as one line of JSON on stdin.

A stepper takes the lease of a run, intends a call, sends it, records it, and waits for a decision; a call that another
stepper left open it declares lost, and sends nothing again. A decider decides each gate whose call has ended, beside
others. What the ledger has acknowledged is said on stdout, one JSON array a line.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import CALL_ENDS, CALL_INTENDED, GATE_DECIDED, Line, NewLine
from console.domain.tokens.secret import Secret
from console.services.ledger.holder import this_process
from console.services.ledger.ledger import (
    ConflictError,
    FencedError,
    Lease,
    LeaseHeldError,
    Ledger,
    LedgerError,
    Summary,
)

GATES = tuple(f"gate_{letter}" for letter in "abcdefgh")
"""The gates of a run, each decided once."""
_LOOK_AGAIN_S = 1.0
"""How long news of a change is waited for: a lease that runs out is told by nobody."""


@dataclass(frozen=True)
class Task:
    """What a process of the soak is to do, until all gates are decided."""

    name: str
    role: str
    """`steps` or `decides`."""
    runs: tuple[str, ...]
    state: str
    """A directory of this process's own machine."""
    calls: str
    """The gateway: a file that has a line for each call that was sent."""
    url: str = ""
    """The store's URL; empty: the ledger is a file in `state`."""
    call_s: float = 0.02
    """How long a call takes at most."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@asynccontextmanager
async def opened(url: str, state: Path) -> AsyncIterator[Ledger]:
    """Open the ledger in a database, or in a file where no URL is given."""
    if not url:
        from console.services.ledger.sqlite import SqliteLedger

        async with await SqliteLedger.open(state) as ledger:
            yield ledger
        return
    from console.services.ledger.postgres.database import Database
    from console.services.ledger.postgres.ledger import PostgresLedger

    async with await Database.open(Secret(url), label="soak") as database:
        yield await PostgresLedger.open(database, beside=state)


def summary(run_id: str, gate: str = "", status: str = "waiting") -> Summary:
    return Summary(run_id, "example.org/team/app", gate, status, 1, 2, 1, is_simulated=True)


@dataclass(frozen=True)
class Place:
    """Where a run stands."""

    head: str
    gate: str | None
    """The first gate that is not decided; None if all are."""
    intended: tuple[str, ...]
    """The calls of this gate that were intended, and did not end."""
    is_ended: bool
    """Whether a call of this gate has ended."""


def place_of(lines: tuple[Line, ...]) -> Place:
    decided = {line.gate for line in lines if line.kind == GATE_DECIDED}
    gate = next((each for each in GATES if each not in decided), None)
    own = [line for line in lines if line.gate == gate]
    ended = {line.call_id for line in own if line.kind in CALL_ENDS}
    calls = tuple(str(line.call_id) for line in own if line.kind == CALL_INTENDED and line.call_id not in ended)
    return Place(lines[-1].sha256, gate, calls, bool(ended))


class Worker:
    """One process: steps or decides whatever can be stepped or decided."""

    def __init__(self, task: Task, ledger: Ledger) -> None:
        self._task = task
        self._ledger = ledger
        self._random = random.Random(task.name)  # the order of runs
        self._over: set[str] = set()

    async def work(self) -> None:
        """Go through the runs until all are over."""
        changes = self._ledger.changes()
        news = asyncio.ensure_future(anext(changes))
        while len(self._over) < len(self._task.runs):
            did = 0
            left = [run for run in self._task.runs if run not in self._over]
            self._random.shuffle(left)
            for run in left:
                did += await self._look_at(run)
            if not did:
                await asyncio.wait([news], timeout=_LOOK_AGAIN_S)
            if news.done():
                news.exception()  # what it is does not matter: the next look says it
                news = asyncio.ensure_future(anext(changes))
        news.cancel()

    async def _look_at(self, run: str) -> bool:
        """Do what can be done in a run, and return whether it was anything."""
        try:
            place = place_of(await self._ledger.read(run))
            if place.gate is None:
                self._over.add(run)
                return False
            if self._task.role == "decides":
                return place.is_ended and await self._decide(run, place, place.gate)
            return not place.is_ended and await self._hold(run)
        except LeaseHeldError:
            return False
        except (ConflictError, FencedError) as error:
            say("told", run, str(error))
        except LedgerError as error:
            say("refused", run, str(error))
            await asyncio.sleep(_LOOK_AGAIN_S * self._random.random())
        return True

    async def _decide(self, run: str, place: Place, gate: str) -> bool:
        body = canonical({"verdict": "ready"})
        actor = Actor(ActorKind.OPERATOR, self._task.name)
        lines = await self._ledger.append(
            run,
            [NewLine(GATE_DECIDED, gate, 1, body)],
            expected_head=place.head,
            actor=actor,
            summary=summary(run, gate),
        )
        acknowledge(lines)
        say("accepted", run, gate)
        return True

    async def _hold(self, run: str) -> bool:
        lease = await self._ledger.acquire(run, this_process(self._task.name))
        try:
            await self._step(run, lease)
        finally:
            await self._ledger.release(lease)
        return True

    async def _step(self, run: str, lease: Lease) -> None:
        place = place_of(await self._ledger.read(run))
        if place.gate is None or place.is_ended:
            return
        if place.intended:
            for call in place.intended:
                await self._append(run, place.head, NewLine("CallLost", place.gate, 1, b"{}", call), lease)
            return
        call = f"{place.gate}-{os.getpid()}-{self._random.getrandbits(32)}"
        head = await self._append(run, place.head, NewLine(CALL_INTENDED, place.gate, 1, b"{}", call), lease)
        send(self._task.calls, run, place.gate, call)
        await asyncio.sleep(self._task.call_s * self._random.random())
        await self._append(run, head, NewLine("CallRecorded", place.gate, 1, b"{}", call), lease)

    async def _append(self, run: str, head: str, new: NewLine, lease: Lease) -> str:
        actor = Actor(ActorKind.CONSOLE, self._task.name)
        lines = await self._ledger.append(
            run, [new], expected_head=head, actor=actor, summary=summary(run, str(new.gate)), fence=lease.fence
        )
        acknowledge(lines)
        return lines[-1].sha256


def send(calls: str, run: str, gate: str, call: str) -> None:
    """Send a call to the gateway, which keeps a line of it; a kill of this process loses none."""
    file = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{run} {gate} {call}\n".encode())
    os.close(file)


def acknowledge(lines: tuple[Line, ...]) -> None:
    for line in lines:
        say("kept", line.run_id, line.seq, line.sha256)


def say(*words: object) -> None:
    os.write(1, (json.dumps(words) + "\n").encode())


async def main() -> None:
    read = json.loads(sys.stdin.readline())
    task = Task(**{**read, "runs": tuple(read["runs"])})
    while True:
        try:
            async with opened(task.url, Path(task.state)) as ledger:
                await Worker(task, ledger).work()
                return
        except LedgerError as error:  # the database cannot be reached yet
            say("refused", "", str(error))
            await asyncio.sleep(_LOOK_AGAIN_S * random.random())  # not all at once


if __name__ == "__main__":
    asyncio.run(main())
