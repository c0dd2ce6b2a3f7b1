"""Several consoles, real processes, on one run: one decides and one steps, and all others are told."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.ledger.ledgers import BOOT_MS
from support.run.desks import Office, begin_alike, step, walk_to
from support.run.gateway import Generation, RunGateway

from console.domain.run.state import Phase
from console.services.ledger.ledger import LeaseHeldError
from console.services.run.session import stepping

SUPPORT = Path(__file__).parents[2] / "support"


class RunConsole:
    """A console in a process of its own; see `run_console.py`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def tell(self, line: str) -> None:
        self._writer.write(f"{line}\n".encode())

    async def read(self) -> Any:
        return json.loads(await self._reader.readline())

    async def dismiss(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def consoles(office: Office, count: int) -> AsyncIterator[list[RunConsole]]:
    program = SUPPORT / "run/run_console.py"
    pairs = [socket.socketpair() for _ in range(count)]
    theirs = [str(child.fileno()) for _, child in pairs]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, program, office.directory, office.base_url, office.token, *theirs),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        pass_fds=[child.fileno() for _, child in pairs],
    )
    for _, child in pairs:
        child.close()
    started = [RunConsole(*(await asyncio.open_connection(sock=ours))) for ours, _ in pairs]
    try:
        yield started
    finally:
        for each in started:
            await each.dismiss()
        assert await process.wait() == 0


async def at_once(deed: str, run_id: str, all_consoles: list[RunConsole]) -> list[dict[str, Any]]:
    """Let all consoles do a deed at one moment, each having read the run; return how it ended for each."""
    for each in all_consoles:
        each.tell(f"{deed} {run_id}")
    assert [await each.read() for each in all_consoles] == ["ready"] * len(all_consoles)
    for each in all_consoles:
        each.tell("go")
    return [await each.read() for each in all_consoles]


@pytest.mark.parametrize(
    ("count", "rounds"),
    [(8, 2), pytest.param(2, 10, marks=pytest.mark.long)],
)
async def test_of_operators_who_decide_at_once_one_is_accepted_and_the_others_are_told(
    office: Office, count: int, rounds: int
) -> None:
    async with office.desk() as desk, consoles(office, count) as operators:
        log = await office.begin(desk)
        await step(desk, log)
        for _ in range(rounds):
            alike = await begin_alike(desk, log)
            said = await at_once("decide", alike.state.run_id, operators)
            (won,) = [each for each in said if each["is_done"]]
            lost = [each for each in said if not each["is_done"]]
            assert len(lost) == count - 1
            assert {each["error"] for each in lost} == {"ConflictError"}
            first = f"another operator decided first: {won['name']} at gate "
            assert all(each["words"].startswith(first) for each in lost)
            (decision,) = (await alike.refresh()).decisions
            assert (decision.actor.id, decision.decided.reason) == (won["name"], f"as {won['name']} sees it")


async def test_of_consoles_that_step_at_once_one_makes_the_call(office: Office, gateway: RunGateway) -> None:
    async with office.desk() as desk, consoles(office, 2) as both:
        log = await office.begin(desk)
        await walk_to(desk, log, "planner")
        ended = await at_once("step", log.state.run_id, both)
        assert gateway.roles == ["planner"]
        assert sorted(each["is_done"] for each in ended) in ([False, True], [True, True])
        assert len((await log.refresh()).calls) == 1


async def test_a_console_that_comes_while_another_one_steps_is_told_who_does(
    office: Office, gateway: RunGateway
) -> None:
    office.boot_ms = lambda: BOOT_MS
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def hold(_: Generation, stage: str) -> None:
        if stage == "halfway":
            is_asked.set()
            await may_answer.wait()

    gateway.hold = hold
    async with office.desk() as desk, consoles(office, 1) as (other,):
        log = await office.begin(desk)
        await walk_to(desk, log, "planner")
        other.tell(f"step {log.state.run_id}")
        assert await other.read() == "ready"
        other.tell("go")
        await is_asked.wait()
        with pytest.raises(LeaseHeldError, match=r"operator-0, process \d+, is stepping run \w+; watch it there"):
            async with stepping(desk, log):
                raise AssertionError
        may_answer.set()
        assert (await other.read())["is_done"]
        assert (await log.refresh()).phase is Phase.WAITING
        assert gateway.roles == ["planner"]
