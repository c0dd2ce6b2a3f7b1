"""What only the ledger on PostgreSQL has: `tests/services/ledger/` has what holds in both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.ledger.ledgers import appended, begun, score
from support.postgres.databases import Postgres

from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.artifacts import PostgresArtifacts
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger


@pytest.fixture
async def database(team_database: Postgres) -> AsyncIterator[Database]:
    async with await Database.open(team_database.secret) as opened:
        yield opened


async def test_a_database_that_is_read_only_is_read_and_says_why_it_keeps_nothing(
    team_database: Postgres, database: Database, tmp_path: Path
) -> None:
    ledger = await PostgresLedger.open(database, beside=tmp_path)
    line = await begun(ledger)
    team_database.execute(f"ALTER DATABASE {team_database.name} SET default_transaction_read_only TO on")
    async with await Database.open(team_database.secret) as standby:
        looking = await PostgresLedger.open(standby, beside=tmp_path)
        assert await looking.read(line.run_id) == (line,)
        with pytest.raises(LedgerError, match="is read-only, as a standby or by its settings; nothing was stored"):
            await appended(looking, line, score())
    assert await ledger.read(line.run_id) == (line,)


async def test_artifacts_are_kept_by_their_hash_within_what_all_may_have_together(
    team_database: Postgres, database: Database
) -> None:
    artifacts = PostgresArtifacts(database, limit=1000)
    kept = await artifacts.put(b"\x00" * 900)
    assert await artifacts.put(b"\x00" * 900) == kept
    with pytest.raises(LedgerError, match="an artifact of 1001 bytes is over the limit of 1000"):
        await artifacts.put(b"x" * 1001)
    team_database.execute("UPDATE gateway_console.artifact_total SET most = 1500")
    with pytest.raises(LedgerError, match="would have 1700 bytes together, and may have 1500; prune old runs"):
        await artifacts.put(b"x" * 800)
    assert await artifacts.delete(kept)
    assert not await artifacts.delete(kept)
    assert await artifacts.read(kept) is None
    other = await artifacts.put(b"x" * 800)
    team_database.execute(
        "SET session_replication_role TO replica; ALTER TABLE gateway_console.artifact DROP CONSTRAINT artifact_check;"
        " UPDATE gateway_console.artifact SET data = 'changed'"
    )
    with pytest.raises(LedgerError, match="does not match its name: it was changed; delete it"):
        await artifacts.read(other)
    with pytest.raises(LedgerError, match="64 hexadecimal digits"):
        await artifacts.read("../x")


async def test_a_run_of_another_log_goes_on_with_that_logs_id(
    team_database: Postgres, database: Database, tmp_path: Path
) -> None:
    """As `store copy` leaves it: the chain names the log in which the run began."""
    ledger = await PostgresLedger.open(database, beside=tmp_path)
    log_id = "01ARZ3NDEK0000000000000000"
    team_database.execute(f"INSERT INTO gateway_console.log VALUES ('{log_id}', 1, false)")
    elsewhere = await PostgresLedger.open(database, beside=tmp_path)
    elsewhere.log_id = log_id
    line = await begun(elsewhere)
    assert (await ledger.log_of(line.run_id), ledger.log_id) == (log_id, ledger.log_id)
    assert (await appended(ledger, line, score())).log_id == log_id
    assert await ledger.check(line.run_id) == ()
