"""What only the ledger on PostgreSQL has: `tests/services/ledger/` has what holds in both."""

from pathlib import Path

from support.ledger.ledgers import appended, begun, score
from support.postgres.databases import Postgres

from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger
from console.services.ledger.postgres.migrations import require_schema


async def test_what_others_append_is_told(team_database: Postgres, tmp_path: Path) -> None:
    async with (
        await Database.open(team_database.secret, prepare=require_schema) as database,
        await Database.open(team_database.secret, prepare=require_schema) as elsewhere,
    ):
        ledger = await PostgresLedger.open(database, beside=tmp_path)
        other = await PostgresLedger.open(elsewhere, beside=tmp_path)
        line = await appended(ledger, await begun(ledger), score())
        assert len(await other.read(line.run_id)) == 2
        assert await other.check(line.run_id) == ()
        assert [run.run_id for run in await other.runs(10)] == [line.run_id]
