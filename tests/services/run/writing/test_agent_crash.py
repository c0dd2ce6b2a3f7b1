"""Kill -9 around each append of an agent's turn: the next console finds the turn lost, and only a person repeats it."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import new_id
from support.run.desks import Office, walk_to
from support.run.gateway import run_gateway
from support.run.own_agent import own_agent
from support.run.walkers import NOWHERE, Nursery, nurseries
from support.system.held import require_any

from console.domain.run.agent_event import OWN_COMMAND, AgentBegun, AgentEnded, AgentLost
from console.domain.run.call_event import CallIntended, CallRecorded, CallRepeatAllowed
from console.domain.run.event import Entry, RunEvent
from console.domain.run.fold import fold
from console.domain.run.gate import Gate
from console.domain.run.state import Phase, RunStatus
from console.services.ledger.codec import entry_of
from console.services.ledger.sqlite import SqliteLedger
from console.services.record.verify_chain import Against, verify_run

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("no_trust_store")]

TURN = (AgentBegun, CallIntended, CallRecorded, CallIntended, CallRecorded, AgentEnded)
"""What an agent that makes two calls appends, one after the other; the draft is appended with its end."""
POINTS = [
    *(("before", 1), ("after", 1)),
    *(("after", 2), ("before", 3)),  # the call was not sent; it was sent, and answered
    *(("after", 3), ("after", 4)),  # one call was recorded; the next one was intended
    *(("before", 6), ("after", 6)),
]
"""Around each kind of append; what is done between two appends is done before the second of them."""


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    require_any()
    async with run_gateway() as gateway:
        office = Office(tmp_path, gateway.base_url, gateway.token)
        office.furnish()
        yield office


async def kept(office: Office, run_id: str) -> tuple[Entry, ...]:
    """Return what is kept of a run, whose chain verifies."""
    async with await SqliteLedger.open(office.state_directory) as ledger:
        assert (await verify_run(ledger, run_id, Against())).holds
        return tuple(map(entry_of, await ledger.read(run_id)))


def count(entries: tuple[Entry, ...], kind: type[RunEvent]) -> int:
    return sum(isinstance(each.event, kind) for each in entries)


async def test_a_kill_around_each_append_of_a_turn_loses_and_repeats_nothing(office: Office, tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    agent = own_agent(tmp_path / "agents", "call(task); call(task); edit(); say()")
    async with office.desk() as desk:
        log = await office.begin(desk, run_id=new_id(), writer=OWN_COMMAND, writer_command=agent)
        await walk_to(desk, log, "writer")
    run_id, begun = log.state.run_id, len(log.entries)
    async with nurseries(office) as started:
        waiting = iter(POINTS)

        async def work(walkers: Nursery) -> None:
            for each in waiting:
                await check(office, walkers, run_id, begun, each)

        await asyncio.gather(*map(work, started))


async def check(office: Office, walkers: Nursery, run_id: str, begun: int, kill: tuple[str, int]) -> None:
    side, number = kill
    place = f"{side} append {number}"
    here = replace(office, state=f"killed-{side}-{number}")
    shutil.copytree(office.directory / office.state, here.directory / here.state)
    assert await walkers.walk(here, "first", run_id, is_new=False, kill=kill) == -signal.SIGKILL, place
    left = await kept(here, run_id)
    appended = TURN[: number - (side == "before")]
    assert tuple(type(each.event) for each in left[begun:])[: len(appended)] == appended, place
    state = fold(run_id, left)
    is_under_way = AgentBegun in appended and AgentEnded not in appended
    assert (state.gate, state.phase is Phase.WRITING) == (Gate.WRITER, is_under_way), place

    assert await walkers.walk(here, "second", run_id, is_new=False, kill=NOWHERE) == 0, place
    entries = await kept(here, run_id)
    assert fold(run_id, entries).status is RunStatus.CLOSED, place
    assert count(entries, AgentLost) == count(entries, CallRepeatAllowed) == is_under_way, place
    assert count(entries, AgentBegun) == 1 + is_under_way, place
