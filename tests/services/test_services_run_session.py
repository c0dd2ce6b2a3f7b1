"""A run on the embedded gateway: each path through its gates ends where it has to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from services.run_desks import Office
from services.run_gateway import run_gateway

from console.domain.gate import Gate, GateVerdict
from console.domain.run import RunStatus


@pytest.fixture
async def office(tmp_path: Path, no_trust_store: None) -> AsyncIterator[Office]:
    """A desk on a scripted embedded gateway."""
    async with run_gateway() as gateway:
        yield Office(tmp_path, gateway)


async def test_a_run_whose_judges_are_content_ends_with_a_sealed_candidate(office: Office) -> None:
    walked = await office.run()
    assert walked.state.status is RunStatus.CLOSED
    assert walked.state.sealed is not None
    assert office.gateway.roles == ["planner", "writer", "reviewer", "critic"]


async def test_a_draft_that_the_reviewer_wants_revised_is_revised_and_then_sealed(office: Office) -> None:
    office.configure(reviewer="gpt-review-revise-placeholder")
    walked = await office.run()
    assert (walked.state.status, walked.state.attempt) == (RunStatus.CLOSED, 2)
    assert office.gateway.roles == ["planner", "writer", "reviewer", "revision", "reviewer", "critic"]
    (first, second) = [each for each in walked.state.openings if each.gate is Gate.REVIEWER]
    assert (first.verdict, second.verdict) == (GateVerdict.REVISE, GateVerdict.READY)
