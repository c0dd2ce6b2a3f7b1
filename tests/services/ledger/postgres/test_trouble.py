"""What an append goes through that it cannot help: a disk without room, and text that means something to SQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import ANN, CREATED, appended, begun, new_id, score, summary
from support.postgres.databases import Postgres

from console.services.ledger.ledger import LedgerError, Wanted
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger

HOSTILE = "x'); DROP TABLE gateway_console.line; -- %s $1 \\\\ \"; SELECT pg_sleep(9) $$"


@pytest.fixture
async def ledger(team_database: Postgres, tmp_path: Path) -> AsyncIterator[PostgresLedger]:
    async with await Database.open(team_database.secret) as database:
        yield await PostgresLedger.open(database, beside=tmp_path)


async def test_a_disk_without_room_is_told_keeps_nothing_of_the_append_and_loses_nothing(
    ledger: PostgresLedger, team_database: Postgres
) -> None:
    """PostgreSQL itself raises its own error for a full disk; a disk of a few MB needs root."""
    first = await begun(ledger)
    team_database.execute(
        "CREATE FUNCTION public.has_room() RETURNS boolean LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END'"
    )
    team_database.execute("ALTER TABLE gateway_console.line ADD CONSTRAINT room CHECK (public.has_room()) NOT VALID")
    with pytest.raises(LedgerError, match="full disk; nothing was stored"):
        await appended(ledger, first, score())
    assert await ledger.read(first.run_id) == (first,)
    team_database.execute("ALTER TABLE gateway_console.line DROP CONSTRAINT room")
    assert (await appended(ledger, first, score())).seq == 2


async def test_text_that_means_something_to_sql_is_text(ledger: PostgresLedger) -> None:
    run_id = new_id()
    wanted = replace(
        summary(run_id), repository=HOSTILE, gate=HOSTILE, status=HOSTILE, verdict=HOSTILE, category=HOSTILE
    )
    await ledger.create(run_id, [CREATED], actor=ANN, summary=wanted)
    found = await ledger.runs(5, Wanted(status=HOSTILE, repository=HOSTILE, verdict=HOSTILE, category=HOSTILE))
    assert [replace(each, operator="") for each in found] == [wanted]
    assert await ledger.runs(5, Wanted(operator=HOSTILE)) == ()
    assert await ledger.check(run_id) == ()
    for look in (ledger.read, ledger.head, ledger.check, ledger.stored):
        with pytest.raises(LedgerError):
            await look(HOSTILE)
