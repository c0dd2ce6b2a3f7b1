"""Backup and restore, with PostgreSQL's own programs, as docs/team-operations.md says."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from support.ledger.ledgers import ANN, BOB, appended, begun, decision, holder, score
from support.postgres.databases import Postgres
from support.postgres.server import Server, running_server
from support.team.store import as_server_user, migrated

from console.domain.ledger.checkpoint import Checkpoint
from console.domain.ledger.line import Line
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import FencedError, LedgerError
from console.services.ledger.postgres import grants, migrations
from console.services.ledger.postgres.artifacts import PostgresArtifacts
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.ledger import CHANNEL, PostgresLedger


@asynccontextmanager
async def opened(url: str, beside: Path) -> AsyncIterator[tuple[Database, PostgresLedger]]:
    async with await Database.open(Secret(url)) as database:
        yield database, await PostgresLedger.open(database, beside=beside)


def run(server: Server, program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs as the server's user, who may write below its directory."""
    subprocess.run(
        [*as_server_user(), server.binaries / program, *arguments],
        check=True,
        cwd="/",
        env=os.environ | {"PGPASSWORD": server.password},
    )


def address(server: Server) -> tuple[str, ...]:
    return "--host=127.0.0.1", f"--port={server.port}", "--username=admin"


def checkpoint(line: Line) -> Checkpoint:
    return Checkpoint(line.log_id, line.run_id, line.seq, line.sha256, line.at_ms)


async def test_a_dump_brings_back_all_that_was_stored_and_what_protects_it(postgres: Postgres, tmp_path: Path) -> None:
    server = postgres.server
    url = await migrated(server)
    async with opened(url, tmp_path) as (database, ledger):
        await database.run(grants.apply_grants)
        kept = await begun(ledger)
        head = await appended(ledger, kept, score(), decision())
        await ledger.add_checkpoint(checkpoint(head))
        pruned = await begun(ledger)
        await ledger.prune(checkpoint(pruned))
        text = await PostgresArtifacts(database).put(b"the candidate")
        before = await ledger.read(kept.run_id)
    dump = server.directory / "dump"
    run(server, "pg_dump", *address(server), "--format=custom", f"--file={dump}", Postgres(server, "", url).url)
    restored = server.url(server.create_database())
    run(server, "pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={restored}", dump)

    async with opened(restored, tmp_path) as (database, ledger):
        assert await database.run(migrations.state) == migrations.SchemaState(migrations.migrations(), (), (), (), ())
        assert ledger.log_id == kept.log_id
        assert await ledger.read(kept.run_id) == before
        assert await ledger.check(kept.run_id) == ()
        assert await ledger.checkpoints(kept.run_id) == (checkpoint(head),)
        assert [each.head for each in await ledger.tombstones()] == [pruned.sha256]
        assert await PostgresArtifacts(database).read(text) == b"the candidate"
        told = database.listen(CHANNEL)
        assert await anext(told) == ""
        await appended(ledger, head, score(90))
        assert await anext(told) == kept.run_id
        for statement in ("UPDATE gateway_console.line SET at_ms = 0", "DELETE FROM gateway_console.line"):
            with pytest.raises(LedgerError, match="never"):
                await database.run(lambda connection, each=statement: connection.execute(each))
        allowed = await database.run(
            lambda connection: connection.execute(
                "SELECT has_table_privilege('gateway_console_operator', 'gateway_console.line', 'INSERT'),"
                " has_table_privilege('gateway_console_operator', 'gateway_console.line', 'UPDATE')"
            ).fetchone()
        )
        assert allowed == (True, False)


@pytest.mark.long
async def test_a_restore_to_an_older_moment_lacks_what_came_after_and_a_kept_head_shows_it(
    postgres: Postgres, tmp_path: Path
) -> None:
    """Base backup and write-ahead log, to a named moment."""
    with running_server(postgres.server.directory / "archived", postgres.server.binaries) as server:
        archive = server.directory / "wal"
        subprocess.run([*as_server_user(), "mkdir", archive], check=True)
        with (server.data / "postgresql.conf").open("a") as config:
            config.write(f"archive_mode = on\narchive_command = 'cp %p {archive}/%f'\n")
        server.stop()
        server.start()
        url = await migrated(server)
        async with opened(url, tmp_path) as (_, ledger):
            first = await begun(ledger)
            backup = server.directory / "base"
            run(server, "pg_basebackup", *address(server), "--checkpoint=fast", f"--pgdata={backup}")
            lease = await ledger.acquire(first.run_id, holder())
            then = await appended(ledger, first, score(), fence=lease.fence)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_create_restore_point('then')")
            later = await appended(ledger, then, decision(), actor=BOB, fence=lease.fence)
            gone = await begun(ledger)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_switch_wal()")
        server.stop(signal.SIGINT)  # a fast stop, which archives what is left
        subprocess.run([*as_server_user(), "touch", backup / "recovery.signal"], check=True)
        with (backup / "postgresql.conf").open("a") as config:
            config.write(
                f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_name = 'then'\n"
                "recovery_target_action = 'promote'\narchive_mode = off\n"
            )
        older = replace(server, directory=server.directory / "older")
        subprocess.run([*as_server_user(), "mkdir", older.directory], check=True)
        subprocess.run([*as_server_user(), "mv", backup, older.data], check=True)
        older.start()
        try:
            with psycopg.connect(url, autocommit=True) as other:  # it can be read before it has reached the moment
                other.execute("DO 'BEGIN WHILE pg_is_in_recovery() LOOP PERFORM pg_sleep(0.05); END LOOP; END'")
            async with await Database.open(Secret(url)) as database:
                # The lease that was held then is held again, by a process that an operator has stopped.
                ledger = await PostgresLedger.open(database, beside=tmp_path, is_dead=lambda _: True)
                assert [line.sha256 for line in await ledger.read(first.run_id)] == [first.sha256, then.sha256]
                assert await ledger.check(first.run_id) == ()
                assert await ledger.head_of(later.run_id, later.seq) is None
                with pytest.raises(LedgerError):
                    await ledger.read(gone.run_id)
                taken = await ledger.acquire(first.run_id, holder("bob", pid=8))
                assert taken.fence == lease.fence + 1
                with pytest.raises(FencedError):
                    await appended(ledger, then, score(1), fence=lease.fence)
                again = await appended(ledger, then, decision("block"), actor=ANN)
                assert again.seq == later.seq
                assert again.sha256 != later.sha256
        finally:
            older.stop()
