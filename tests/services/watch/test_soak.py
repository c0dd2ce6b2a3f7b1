"""A gateway that fails in every way, one act after the other: every change told once, none missed, nothing grows."""

import asyncio
from pathlib import Path

import pytest
from support.watch.failing_gateway import ACTS, PAID_ACTS, ROUND_COUNT
from support.watch.soak import BUDGET_TOKENS, soak

CYCLE = (len(ACTS) + len(PAID_ACTS)) * ROUND_COUNT


@pytest.mark.long
async def test_every_way_to_fail_is_told_once_and_many_rounds_leave_memory_threads_and_descriptors_flat(
    tmp_path: Path,
) -> None:
    """Everything is told to the watcher, and to a webhook that fails too; the budget is used up in the second cycle."""
    soaked = await soak(
        tmp_path / "state",
        lambda number: number >= 2 * CYCLE,
        pause=lambda _: asyncio.sleep(0),
        measure_each=CYCLE // 2,
    )
    assert soaked.wrong == []
    assert soaked.told > 20
    assert soaked.spent_tokens <= BUDGET_TOKENS
    assert soaked.budget_told == 1
    assert CYCLE < soaked.paid_rounds < 2 * CYCLE
    assert (soaked.delivered + soaked.dropped + soaked.waiting, soaked.unknown_ids) == (soaked.told, 0)
    first, *_, last = soaked.measures
    assert last.threads <= first.threads  # what an earlier test of this process left may end meanwhile
    assert last.descriptors <= first.descriptors
    assert last.rss_kb - first.rss_kb < 4_096
    assert soaked.samples > soaked.scrapes > 5
