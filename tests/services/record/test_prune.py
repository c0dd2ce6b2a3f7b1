"""Pruning the ledger: what another process holds stays, and a text goes with the last run that names it."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.ledger.ledgers import Clock, holder, new_id
from support.run.story import ANN, MACHINE, Story, hashed

from console.domain.ledger.line import NewLine
from console.domain.run.command import Stop
from console.services.config.settings import PolicySettings
from console.services.ledger.artifacts import Artifacts
from console.services.ledger.codec import encode_event, kind_of
from console.services.ledger.ledger import LedgerError, Summary
from console.services.ledger.sqlite import SqliteLedger
from console.services.record.checkpoints import Checkpoints
from console.services.record.prune import Prune, Pruned, old_runs
from console.services.record.verify_chain import Against, verify_run
from console.services.run.run_log import summary_of

TASK = b"task"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteLedger]:
    async with await SqliteLedger.open(tmp_path / "state", clock=clock.unix, boot_clock=clock.boot) as opened:
        yield opened


@pytest.fixture
async def artifacts(tmp_path: Path) -> AsyncIterator[Artifacts]:
    made = Artifacts(tmp_path / "state")
    assert await made.put(TASK) == hashed("task") == hashlib.sha256(TASK).hexdigest()
    yield made
    made.close()


async def stopped(ledger: SqliteLedger, clock: Clock) -> str:
    """Keep a run that an operator stopped."""
    story = Story()
    story.does(Stop("another day"), ANN)
    run_id = new_id()
    lines = [NewLine(kind_of(each.event), "instruction", 1, encode_event(each.event), None) for each in story.entries]
    kept = summary_of(story.state)
    summary = Summary(run_id, kept.repository, kept.gate, kept.status, clock.unix(), clock.unix(), 1, False)
    await ledger.create(run_id, lines, actor=MACHINE, summary=summary)
    return run_id


class Desk:
    """Prunes what is older than a time."""

    def __init__(self, ledger: SqliteLedger, artifacts: Artifacts, clock: Clock) -> None:
        self.ledger, self.clock = ledger, clock
        self.work = Prune(ledger, artifacts, Checkpoints(ledger, PolicySettings(), {}, clock.unix), "ann")

    async def prune(self) -> dict[str, Pruned]:
        now = self.clock.unix()
        return {each.run.run_id: each async for each in self.work.delete(await old_runs(self.ledger, now), now)}


async def test_a_held_run_stays_and_so_do_the_texts_that_it_names(
    ledger: SqliteLedger, artifacts: Artifacts, clock: Clock
) -> None:
    old, held = await stopped(ledger, clock), await stopped(ledger, clock)
    clock.passes(1_000)
    new = await stopped(ledger, clock)
    lease = await ledger.acquire(held, holder("bob"))
    desk = Desk(ledger, artifacts, clock)
    found = await desk.prune()
    assert set(found) == {old, held}
    assert (found[old].why_not, "bob, process 7" in found[held].why_not) == ("", True)
    assert await desk.work.delete_artifacts() == 0
    with pytest.raises(LedgerError, match=f"run {old} was pruned on 2026-.*: it had 3 lines, head"):
        await ledger.read(old)
    await ledger.release(lease)
    clock.passes(1_000)
    assert set(await desk.prune()) == {held, new}
    assert await desk.work.delete_artifacts() == 1
    assert await artifacts.read(hashed("task")) is None
    for run_id in (old, held, new):
        assert (await verify_run(ledger, run_id, Against())).holds


async def test_a_prune_that_ends_early_leaves_each_run_whole_or_its_tombstone(
    ledger: SqliteLedger, artifacts: Artifacts, clock: Clock
) -> None:
    run_ids = [await stopped(ledger, clock) for _ in range(3)]
    clock.passes(1_000)
    work = Desk(ledger, artifacts, clock).work
    deleting = work.delete(await old_runs(ledger, clock.unix()), clock.unix())
    first = (await anext(deleting)).run.run_id
    await deleting.aclose()
    assert set(await ledger.run_ids()) == set(run_ids) - {first}
    verified = [await verify_run(ledger, each, Against()) for each in run_ids]
    assert [each.holds for each in verified] == [True] * 3
    assert {each.run_id for each in verified if each.pruned_at_ms is not None} == {first}
