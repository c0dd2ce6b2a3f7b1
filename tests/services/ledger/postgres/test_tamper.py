"""Tampering in a database: whoever runs the server can change a line, and the chain shows it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.ledger.ledgers import appended, begun, decision, score
from support.ledger.stores import PostgresStore
from support.postgres.databases import Postgres

from console.domain.ledger.line import Line
from console.services.ledger.ledger import Ledger


@pytest.fixture
def store(team_database: Postgres, tmp_path: Path) -> PostgresStore:
    return PostgresStore(team_database, tmp_path)


@pytest.fixture
async def ledger(store: PostgresStore) -> AsyncIterator[Ledger]:
    async with store.open() as opened:
        yield opened


@pytest.fixture
async def last(ledger: Ledger) -> Line:
    """Return the last of the five lines of a run."""
    line = await begun(ledger)
    for total in range(3):
        line = await appended(ledger, line, score(total))
    return await appended(ledger, line, decision())


async def faults(ledger: Ledger, line: Line) -> dict[int, str]:
    return {fault.seq: fault.words for fault in await ledger.check(line.run_id)}


@pytest.mark.parametrize(
    "change",
    [
        "body = convert_to('{\"total\":99}', 'UTF8')", "at_ms = at_ms + 1", "kind = 'Noted'", "gate = 'critic'",
        "attempt = 2", "call_id = 'call-9'", "gate = NULL", "version = 2", "sha256 = upper(sha256)", "log_id = run_id",
        "actor = convert_to(replace(convert_from(actor, 'UTF8'), 'ann', 'bob'), 'UTF8')", "actor = '\\x00'",
        "body = '\\xff'", "body = ''",
    ],
)  # fmt: skip
async def test_an_edited_line_is_found_at_its_number(
    store: PostgresStore, ledger: Ledger, last: Line, change: str
) -> None:
    assert await faults(ledger, last) == {}
    with store.behind() as connection:
        connection.execute(f"UPDATE line SET {change} WHERE seq = 3".encode())
    assert 3 in await faults(ledger, last)


async def test_a_deleted_line_and_lines_that_changed_places_are_found(
    store: PostgresStore, ledger: Ledger, last: Line
) -> None:
    with store.behind() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute("UPDATE line SET seq = %s WHERE seq = %s", (new, old))
    assert {2, 3} <= set(await faults(ledger, last))
    with store.behind() as connection:
        connection.execute("DELETE FROM line WHERE seq IN (2, 3)")
    assert await faults(ledger, last) == {4: "lines 2 to 3 are missing before it"}
