"""A connection that is cut within an append: the lines are stored once, or not at all, and the author is told which."""

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from support.ledger.ledgers import ANN, appended, begun, call, decision, score, summary
from support.postgres.databases import Postgres
from support.postgres.server import ADMIN
from support.postgres.wire import When, Wire, wire_to

from console.domain.ledger.line import Line
from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import Ledger, LedgerError
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger

NEW = [call("CallIntended"), score(), decision()]


@pytest.fixture
async def wire(team_database: Postgres) -> AsyncIterator[Wire]:
    async with wire_to(team_database.server.port) as wire:
        yield wire


@pytest.fixture
async def ledger(team_database: Postgres, wire: Wire, tmp_path: Path) -> AsyncIterator[Ledger]:
    url = f"postgresql://{ADMIN}:{team_database.server.password}@127.0.0.1:{wire.port}/{team_database.name}"
    async with await Database.open(Secret(url + "?sslmode=disable"), deadline_s=120) as database:
        yield await PostgresLedger.open(database, beside=tmp_path)


async def append_all(ledger: Ledger, line: Line) -> tuple[Line, ...] | LedgerError:
    try:
        return await ledger.append(
            line.run_id, NEW, expected_head=line.sha256, actor=ANN, summary=summary(line.run_id, "decided")
        )
    except LedgerError as error:
        return error


async def cut_once(
    ledger: Ledger, wire: Wire, when: When, is_it: Callable[[int, bytes], bool]
) -> tuple[Line, ...] | LedgerError:
    """Append while the connection is cut, and check that what is said is what is stored."""
    line = await begun(ledger)
    wire.arm(when, is_it)
    outcome = await append_all(ledger, line)
    wire.disarm()
    stored = await ledger.read(line.run_id)
    assert stored == ((line, *outcome) if isinstance(outcome, tuple) else (line,)), wire.last
    assert await ledger.check(line.run_id) == ()
    return outcome


def is_commit(_: int, message: bytes) -> bool:
    return b"COMMIT" in message


async def test_a_commit_whose_answer_is_lost_is_found(ledger: Ledger, wire: Wire) -> None:
    assert isinstance(await cut_once(ledger, wire, When.AFTER, is_commit), tuple)
    assert wire.has_cut


async def test_a_commit_that_never_came_is_said(ledger: Ledger, wire: Wire) -> None:
    refused = await cut_once(ledger, wire, When.BEFORE, is_commit)
    assert isinstance(refused, LedgerError)
    assert "was cut off before it stored lines" in str(refused)
    assert refused.kind is ProblemKind.UNREACHABLE


@pytest.mark.parametrize("when", When)
async def test_a_read_that_is_cut_at_its_end_is_done_again(ledger: Ledger, wire: Wire, when: When) -> None:
    line = await begun(ledger)
    wire.arm(when, is_commit)
    assert await ledger.read(line.run_id) == (line,)
    assert wire.has_cut


@pytest.mark.long
@pytest.mark.parametrize("when", When)
async def test_wherever_an_append_is_cut_it_is_stored_once_or_not_at_all(
    ledger: Ledger, wire: Wire, when: When
) -> None:
    refused, count = [], 0
    for number in itertools.count():
        outcome = await cut_once(ledger, wire, when, lambda each, _, number=number: each == number)
        if not wire.has_cut:
            break
        count += 1
        if isinstance(outcome, LedgerError):
            refused.append(wire.last)
    assert count >= 10
    assert [b"COMMIT" in each for each in refused] == [True] * (when is When.BEFORE)


async def test_a_server_that_is_restarted_at_once_loses_nothing_that_was_acknowledged(
    ledger: Ledger, team_database: Postgres
) -> None:
    line = await appended(ledger, await begun(ledger), score())
    team_database.server.restart_immediately()
    last = await appended(ledger, line, decision())
    assert (await ledger.read(line.run_id))[1:] == (line, last)
