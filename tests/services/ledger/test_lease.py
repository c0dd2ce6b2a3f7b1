"""Leases: one process steps a run; who is dead or silent is replaced, and can do no more harm."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import BOOT_MS, Beats, Clock, appended, begun, decision, holder, new_id, processes, score
from support.ledger.stores import SqliteStore, Store

from console.services.ledger.heartbeat import holding
from console.services.ledger.holder import is_dead, this_process
from console.services.ledger.ledger import LEASE_MS, FencedError, Holder, Lease, LeaseHeldError, Ledger, LedgerError
from console.services.ledger.sqlite import SqliteLedger

ANN, BOB = holder("ann", pid=7), holder("bob", pid=8)
FAR = holder("eve", host="ba9876543210")
HOUR_MS = 3_600_000


@pytest.fixture
def clock(store: Store) -> Clock:
    return store.clock()


@pytest.fixture
def dead() -> set[Holder]:
    return set()


@pytest.fixture
async def ledger(store: Store, clock: Clock, dead: set[Holder]) -> AsyncIterator[Ledger]:
    async with store.open(clock=clock, is_dead=dead.__contains__) as opened:
        yield opened


async def test_a_run_is_held_by_one_process(ledger: Ledger) -> None:
    line, free = await begun(ledger), await begun(ledger)
    lease = await ledger.acquire(line.run_id, ANN)
    assert lease == Lease(line.run_id, 1, ANN)
    for other in (BOB, FAR, ANN):
        with pytest.raises(LeaseHeldError) as caught:
            await ledger.acquire(line.run_id, other)
        assert (caught.value.holder, caught.value.left_ms) == (ANN, LEASE_MS)
    assert (await ledger.acquire(free.run_id, BOB)).fence == 1


async def test_who_is_refused_reads_who_has_it_and_what_to_do(ledger: Ledger, clock: Clock) -> None:
    line = await begun(ledger)
    await ledger.acquire(line.run_id, ANN)
    clock.passes(1_500)
    with pytest.raises(LeaseHeldError) as caught:
        await ledger.acquire(line.run_id, BOB)
    assert str(caught.value) == (
        f"ann, process 7, is stepping run {line.run_id}; watch it there, or try again in 4 s, when it may have ended"
    )
    with pytest.raises(LeaseHeldError, match="ann, process 7 on another machine, is stepping"):
        await ledger.acquire(line.run_id, FAR)


async def test_a_silent_holder_is_replaced_and_fenced_off(ledger: Ledger, clock: Clock) -> None:
    line = await begun(ledger)
    old = await ledger.acquire(line.run_id, ANN)
    clock.passes(LEASE_MS - 1)
    with pytest.raises(LeaseHeldError):
        await ledger.acquire(line.run_id, BOB)
    clock.passes(1)
    line = await appended(ledger, line, score(), fence=old.fence)  # nobody has taken the run yet
    new = await ledger.acquire(line.run_id, BOB)
    assert new.fence == old.fence + 1
    words = f"bob, process 8, has taken over run {line.run_id}; nothing more was stored here"
    with pytest.raises(FencedError) as caught:
        await appended(ledger, line, score(), fence=old.fence)
    assert str(caught.value) == words
    for deed in (ledger.renew, ledger.release):
        with pytest.raises(FencedError, match="has taken over"):
            await deed(old)
    assert (await appended(ledger, line, score(), fence=new.fence)).seq == 3


async def test_an_operators_decision_needs_no_lease(ledger: Ledger) -> None:
    line = await begun(ledger)
    await ledger.acquire(line.run_id, ANN)
    assert (await appended(ledger, line, decision())).seq == 2


async def test_a_renewed_lease_lasts_from_its_last_renewal(ledger: Ledger, clock: Clock) -> None:
    line = await begun(ledger)
    lease = await ledger.acquire(line.run_id, ANN)
    for _ in range(3):
        clock.passes(LEASE_MS - 1)
        await ledger.renew(lease)
    with pytest.raises(LeaseHeldError):
        await ledger.acquire(line.run_id, BOB)


async def test_a_lease_that_was_given_back_is_over_at_once(ledger: Ledger) -> None:
    line = await begun(ledger)
    lease = await ledger.acquire(line.run_id, ANN)
    await ledger.release(lease)
    for deed in (ledger.renew, ledger.release):
        with pytest.raises(
            FencedError, match=f"does not hold run {line.run_id}, so nothing was stored; resume the run to go on"
        ):
            await deed(lease)
    with pytest.raises(FencedError):
        await appended(ledger, line, score(), fence=lease.fence)
    assert (await ledger.acquire(line.run_id, BOB)).fence == 2


async def test_without_any_lease_a_fence_is_refused(ledger: Ledger) -> None:
    line = await begun(ledger)
    with pytest.raises(FencedError, match="does not hold run"):
        await appended(ledger, line, score(), fence=1)
    with pytest.raises(LedgerError, match="is not in this ledger"):
        await ledger.acquire(new_id(), ANN)


async def test_a_dead_holder_is_replaced_at_once(ledger: Ledger, dead: set[Holder]) -> None:
    line = await begun(ledger)
    await ledger.acquire(line.run_id, ANN)
    dead.add(ANN)
    assert (await ledger.acquire(line.run_id, BOB)).fence == 2


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS])
async def test_on_one_host_a_clock_that_is_set_changes_nothing(tmp_path: Path, jump_ms: int) -> None:
    """A file has one host; a database's own clock is the only one for all."""
    clock = Clock()
    async with SqliteStore(tmp_path / "state").open(clock=clock) as ledger:
        line = await begun(ledger)
        await ledger.acquire(line.run_id, ANN)
        clock.unix_ms += jump_ms
        with pytest.raises(LeaseHeldError):
            await ledger.acquire(line.run_id, BOB)
        clock.boot_ms += LEASE_MS
        assert (await ledger.acquire(line.run_id, BOB)).fence == 2


async def test_across_hosts_a_clock_that_is_set_back_locks_nobody_out(ledger: Ledger, clock: Clock) -> None:
    line = await begun(ledger)
    old = await ledger.acquire(line.run_id, ANN)
    with pytest.raises(LeaseHeldError):
        await ledger.acquire(line.run_id, FAR)
    clock.unix_ms -= HOUR_MS
    await ledger.acquire(line.run_id, FAR)
    with pytest.raises(FencedError):
        await ledger.renew(old)


# --- Processes -------------------------------------------------------------------------------------------------------


def test_this_process_is_not_dead_and_one_with_its_number_from_before_is() -> None:
    here = this_process("ann")
    assert (here.name, here.pid) == ("ann", os.getpid())
    assert here.started > 0
    assert not is_dead(here)
    assert is_dead(replace(here, started=here.started - 1))
    assert is_dead(replace(here, pid=2**22 + 1))
    assert not is_dead(replace(here, host="0" * 12, pid=2**22 + 1))
    assert not is_dead(replace(here, pid=2**22 + 1, started=0))


async def test_a_killed_process_is_replaced_at_once_and_a_live_one_is_not(tmp_path: Path) -> None:
    async with await SqliteLedger.open(tmp_path / "state", boot_clock=lambda: BOOT_MS) as ledger:
        line = await begun(ledger)
        with processes("hold", tmp_path / "state", line.run_id, str(BOOT_MS)) as (process,):
            assert process.read() == 1
            for stop in (None, signal.SIGSTOP):  # one that is stopped may go on any time
                if stop is not None:
                    process.send(stop)
                with pytest.raises(LeaseHeldError, match=f"ann, process {process.pid}, is stepping") as caught:
                    await ledger.acquire(line.run_id, this_process("bob"))
                assert caught.value.left_ms == LEASE_MS
            process.send(signal.SIGKILL)
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and its parent has not looked yet
            assert (await ledger.acquire(line.run_id, this_process("bob"))).fence == 2


# --- Holding ---------------------------------------------------------------------------------------------------------


async def test_a_run_is_held_for_as_long_as_it_is_stepped(ledger: Ledger, clock: Clock) -> None:
    line, beats = await begun(ledger), Beats()
    async with holding(ledger, line.run_id, ANN, sleep=beats.sleep) as held:
        for _ in range(4):
            clock.passes(LEASE_MS - 1)
            await beats.beat()
            with pytest.raises(LeaseHeldError):
                await ledger.acquire(line.run_id, BOB)
        assert not held.lost.is_set()
        await appended(ledger, line, score(), fence=held.lease.fence)
    assert (await ledger.acquire(line.run_id, BOB)).fence == 2


async def test_who_holds_learns_that_the_run_was_taken(ledger: Ledger, clock: Clock) -> None:
    line, beats = await begun(ledger), Beats()
    async with holding(ledger, line.run_id, ANN, sleep=beats.sleep) as held:
        clock.passes(LEASE_MS)
        taken = await ledger.acquire(line.run_id, BOB)
        await beats.beat_last()
        await held.lost.wait()
    await ledger.renew(taken)  # giving back what was lost takes nothing from its new holder


async def test_a_run_is_given_back_when_its_step_fails_or_is_cancelled(ledger: Ledger) -> None:
    line, begins = await begun(ledger), asyncio.Event()

    async def step(error: type[BaseException] | None) -> None:
        async with holding(ledger, line.run_id, ANN):
            begins.set()
            if error is not None:
                raise error
            await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        await step(ZeroDivisionError)
    begins.clear()
    task = asyncio.ensure_future(step(None))
    await begins.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ledger.acquire(line.run_id, BOB)).fence == 3
