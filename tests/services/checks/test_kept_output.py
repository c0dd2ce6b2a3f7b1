"""The output of failed checks: kept under its hash, named by its check, and readable for as long as it is stored."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.domain.artifacts.outcome import CheckOutcome
from console.domain.tokens.secret import Secret
from console.services.checks.candidate import CandidateCheck
from console.services.checks.kept_output import keep_outputs, read_outputs
from console.services.checks.policy_command import CommandEnding, CommandResult, shown_tail
from console.services.ledger.artifacts import Artifacts
from console.services.system.leak_guard import LEAK_GUARD


@pytest.fixture
async def artifacts(tmp_path: Path) -> AsyncIterator[Artifacts]:
    artifacts = Artifacts(tmp_path / "state")
    yield artifacts
    artifacts.close()


def ended(number: int, exit_code: int, *, with_base_tests: bool = False) -> CommandResult:
    return CommandResult(number, "make", CommandEnding.EXITED, exit_code, 7, with_base_tests=with_base_tests)


async def test_what_failed_commands_wrote_is_read_back_until_it_is_deleted(artifacts: Artifacts) -> None:
    results = (ended(1, 0), ended(2, 3), ended(1, 1, with_base_tests=True), ended(2, 0, with_base_tests=True))
    tails = ("fine\n", "own failure\n", "base failure\n", "fine\n")
    runs, outputs = await keep_outputs(CandidateCheck(CheckOutcome(), results, tails), artifacts.put)
    assert [(each.name, each.with_base_tests, each.is_passed) for each in runs] == [
        ("check 1", False, True),
        ("check 2", False, False),
        ("check 1 base", True, False),
        ("check 2 base", True, True),
    ]
    assert outputs == (("check 2", "own failure\n"), ("check 1 base", "base failure\n"))
    assert await read_outputs(runs, artifacts.read) == outputs
    assert [each.output_sha256 is not None for each in runs] == [False, True, True, False]
    assert runs[1].output_sha256 is not None
    await artifacts.delete(runs[1].output_sha256)
    assert await read_outputs(runs, artifacts.read) == outputs[1:]


async def test_a_failed_command_that_wrote_nothing_keeps_nothing(artifacts: Artifacts) -> None:
    runs, outputs = await keep_outputs(CandidateCheck(CheckOutcome(), (ended(1, 1),), ("",)), artifacts.put)
    assert (outputs, runs[0].output_sha256) == ((), None)


@pytest.mark.parametrize("between", ["\n", " ", "\x1b[31m", "\x1b[0m\x1b[1;31m", "\u200b"])
async def test_an_output_with_a_token_in_pieces_is_not_kept(artifacts: Artifacts, between: str) -> None:
    """A test runner colours and wraps the difference between two texts."""
    token = "gw-7fQ2mZ" + "x9LpR4vKc8"
    LEAK_GUARD.add(Secret(token))
    tail = shown_tail(f"got {token[:9]}{between}{token[9:]}\n".encode())
    runs, outputs = await keep_outputs(CandidateCheck(CheckOutcome(), (ended(1, 1),), (tail,)), artifacts.put)
    assert (outputs, runs[0].output_sha256) == ((), None)
