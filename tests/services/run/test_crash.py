"""Kill -9 at every kind of point of a run: it goes on where it stood, repeats no call and loses no decision.

`python scripts/kill_runs.py` kills it at every point, around every append and inside every call.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.run.desks import Office
from support.run.gateway import STAGES
from support.run.kill_points import Whole, faults_at, first_call, first_of_each_kind, points_of, walked_whole

from console.domain.run.call_event import CallIntended
from console.simulator.server import Listening, serve

FEWEST_POINTS = 60


@pytest.fixture
async def listening(no_trust_store: None) -> AsyncIterator[Listening]:
    async with serve(pace=0) as listening:
        yield listening


@pytest.fixture
async def revised(tmp_path: Path, listening: Listening) -> tuple[Office, Whole]:
    """Walk a run with a revision to its end, and return where."""
    office = Office(tmp_path, listening.base_url, listening.token)
    office.furnish(reviewer="gpt-review-revise-placeholder")
    return office, await walked_whole(office, listening)


@pytest.mark.long
async def test_a_run_that_is_killed_around_its_first_call_goes_on_where_it_stood(
    revised: tuple[Office, Whole], listening: Listening
) -> None:
    office, whole = revised
    points = first_call(points_of(whole))
    assert {each.stage for each in points} > set(STAGES)
    assert await faults_at(points, whole, office, listening) == []


@pytest.mark.long
async def test_a_run_that_is_killed_around_any_other_kind_of_append_or_in_its_last_call_goes_on_where_it_stood(
    revised: tuple[Office, Whole], listening: Listening
) -> None:
    office, whole = revised
    points = points_of(whole)
    assert whole.state(len(whole.entries)).attempt == 2
    assert len(points) >= FEWEST_POINTS
    assert {type(each.event).__name__ for each in whole.entries} > {CallIntended.__name__, "GateDecided"}
    kinds = [each for each in first_of_each_kind(points) if each not in first_call(points)]
    in_last_call = [each for each in points if each.stage][-len(STAGES) :]
    assert await faults_at([*kinds, *in_last_call], whole, office, listening) == []
