"""A gateway that fails in every way, one act after the other: every change told once, none missed, nothing grows."""

import asyncio
from pathlib import Path

import pytest
from support.watch.failing_gateway import ACTS, PAID_ACTS, ROUND_COUNT
from support.watch.soak import BUDGET_TOKENS, Soaked, soak

CYCLE = (len(ACTS) + len(PAID_ACTS)) * ROUND_COUNT


async def soaked_for(directory: Path, rounds: int) -> Soaked:
    return await soak(directory / "state", lambda number: number >= rounds, pause=lambda _: asyncio.sleep(0))


def assert_told_once(soaked: Soaked) -> None:
    assert soaked.wrong == []
    assert soaked.told > 20
    assert soaked.spent_tokens <= BUDGET_TOKENS
    assert (soaked.delivered + soaked.dropped + soaked.waiting, soaked.unknown_ids) == (soaked.told, 0)


@pytest.mark.long
async def test_every_way_to_fail_is_told_once_to_the_watcher_and_to_a_webhook_that_fails_too(tmp_path: Path) -> None:
    assert_told_once(await soaked_for(tmp_path, CYCLE))


@pytest.mark.long
async def test_many_rounds_leave_memory_threads_and_descriptors_flat_and_the_budget_kept(tmp_path: Path) -> None:
    soaked = await soaked_for(tmp_path, 4 * CYCLE)
    assert_told_once(soaked)
    assert soaked.budget_told == 1
    first, *_, last = soaked.measures
    assert last.threads <= first.threads  # what an earlier test of this process left may end meanwhile
    assert last.descriptors <= first.descriptors
    assert last.rss_kb - first.rss_kb < 4_096
    assert soaked.samples > soaked.scrapes > 5
