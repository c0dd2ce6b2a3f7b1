"""What operators may do to a store, and what nobody may, by whatever program."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from support.ledger.ledgers import appended, begun, decision, holder, score
from support.postgres.databases import OPERATOR, Postgres

from console.domain.ledger.checkpoint import Checkpoint
from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.artifacts import PostgresArtifacts
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import PostgresLedger
from console.services.ledger.postgres.migrations import require_schema


@pytest.fixture
def mia(team_database: Postgres) -> Secret:
    return team_database.role("mia", OPERATOR)


@pytest.fixture
async def database(mia: Secret) -> AsyncIterator[Database]:
    async with await Database.open(mia, prepare=require_schema) as opened:
        yield opened


@pytest.fixture
async def ledger(database: Database, tmp_path: Path) -> PostgresLedger:
    return await PostgresLedger.open(database, beside=tmp_path)


async def test_an_operator_steps_and_decides_and_keeps_texts_but_prunes_nothing(
    database: Database, ledger: PostgresLedger
) -> None:
    line = await begun(ledger)
    lease = await ledger.acquire(line.run_id, holder())
    last = await appended(ledger, line, score(), decision(), fence=lease.fence)
    await ledger.renew(lease)
    await ledger.release(lease)
    kept = Checkpoint(ledger.log_id, line.run_id, last.seq, last.sha256, 1)
    await ledger.add_checkpoint(kept)
    artifacts = PostgresArtifacts(database)
    assert await artifacts.read(await artifacts.put(b"\x00draft")) == b"\x00draft"
    with pytest.raises(LedgerError, match="may not prune runs; its owner runs: GRANT gateway_console_admin") as caught:
        await ledger.prune(kept)
    assert caught.value.kind is ProblemKind.REFUSED
    assert await ledger.checkpoints(line.run_id) == (kept,)


async def test_no_lease_uses_up_the_fences_of_a_run(ledger: PostgresLedger, mia: Secret) -> None:
    line = await begun(ledger)
    with psycopg.connect(mia.reveal(), autocommit=True) as connection:
        connection.execute(
            "SELECT gateway_console.take_lease(%s, 9223372036854775806, 'mia', 'h', 1, 1, 0)", (line.run_id,)
        )
    assert (await ledger.acquire(line.run_id, holder())).fence == 1


_LINE = (
    "INSERT INTO gateway_console.line (version, log_id, run_id, seq, at_ms, actor, kind, gate, attempt, body, previous,"
    " sha256) SELECT version, log_id, run_id, {}, at_ms, actor, 'GateDecided', 'critic', attempt, body, {}, sha256"
    " FROM gateway_console.line WHERE seq = 2"
)
_AFTER_ALL = "(SELECT sha256 FROM gateway_console.line ORDER BY seq DESC LIMIT 1)"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE gateway_console.line SET body = '{}'", "permission denied"),
        ("DELETE FROM gateway_console.line", "permission denied"),
        ("TRUNCATE gateway_console.line", "permission denied"),
        ("ALTER TABLE gateway_console.line DISABLE TRIGGER ALL", "must be owner"),
        ("DROP TRIGGER a_line_is_the_next ON gateway_console.line", "must be owner"),
        ("SET session_replication_role TO replica", "permission denied"),
        ("CREATE FUNCTION gateway_console.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "permission denied"),
        ("CREATE TABLE gateway_console.mine (x int)", "permission denied"),
        ("INSERT INTO gateway_console.tombstone VALUES ('x', 'y', 1, 'z', 1, NULL)", "permission denied"),
        ("INSERT INTO gateway_console.log VALUES ('01ARZ3NDEK0000000000000000', 1, false)", "permission denied"),
        ("UPDATE gateway_console.run SET status = 'closed'", "permission denied"),
        ("DELETE FROM gateway_console.lease", "permission denied"),
        ("SELECT gateway_console.prune('x', 'y', 1, 'z', 1, NULL)", "permission denied"),
        ("SELECT gateway_console.delete_artifact('x')", "permission denied"),
        ("SELECT gateway_console.forget_runs()", "permission denied"),
        (_LINE.format(4, "previous"), "a line follows the last one"),
        (_LINE.format(4, _AFTER_ALL), "a line has the hash of its content"),
        (_LINE.format(9, _AFTER_ALL), "a line follows the last one"),
        ("BEGIN ISOLATION LEVEL REPEATABLE READ; " + _LINE.format(4, _AFTER_ALL), "must be READ COMMITTED"),
        (
            "INSERT INTO gateway_console.artifact (sha256, size, data)"
            " VALUES (repeat('0', 64), 1, 'x')", "violates check constraint",
        ),
    ],
)  # fmt: skip
async def test_raw_sql_of_an_operator_changes_nothing(
    ledger: PostgresLedger, mia: Secret, statement: str, words: str
) -> None:
    line = await begun(ledger)
    await appended(ledger, line, score(), decision())
    before = await ledger.read(line.run_id)
    with (
        psycopg.connect(mia.reveal(), autocommit=True) as connection,
        pytest.raises(psycopg.Error, match=words),
    ):
        connection.execute(statement.encode())
    assert await ledger.read(line.run_id) == before


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE gateway_console.line SET at_ms = 0", "a line is never changed"),
        ("DELETE FROM gateway_console.line WHERE seq = 3", "a line is never deleted"),
        ("TRUNCATE gateway_console.line", "a line is never deleted"),
        ("UPDATE gateway_console.checkpoint SET count = 1", "a checkpoint is never changed"),
        ("DELETE FROM gateway_console.checkpoint", "a checkpoint is never deleted"),
        (
            "INSERT INTO gateway_console.tombstone SELECT run_id, log_id, 2, sha256, 1, NULL"
            " FROM gateway_console.line WHERE seq = 2", "a tombstone is of the last line",
        ),
    ],
)  # fmt: skip
async def test_the_tables_refuse_even_who_owns_them(
    team_database: Postgres, ledger: PostgresLedger, statement: str, words: str
) -> None:
    line = await begun(ledger)
    last = await appended(ledger, line, score(), decision())
    await ledger.add_checkpoint(Checkpoint(ledger.log_id, line.run_id, last.seq, last.sha256, 1))
    with pytest.raises(psycopg.Error, match=words):
        team_database.execute(statement)
    assert len(await ledger.read(line.run_id)) == 3
