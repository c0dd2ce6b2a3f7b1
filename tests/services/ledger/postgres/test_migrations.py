"""The schema: applied once and forward only, and refused at opening where it is not this version's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
from support.ledger.ledgers import new_id
from support.postgres.databases import Postgres

from console.domain.problem import ProblemKind
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.migrations import migrate, migrations, require_schema, state


@pytest.fixture
async def databases(postgres: Postgres) -> AsyncIterator[list[Database]]:
    """Return four consoles that look at a new database."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(await Database.open(postgres.secret)) for _ in range(4)]


async def test_of_consoles_that_migrate_at_once_one_does_it_and_all_find_the_same_store(
    databases: list[Database],
) -> None:
    work = [partial(migrate, new_log_id=new_id, at_ms=1) for _ in databases]
    done = await asyncio.gather(*(database.run(each) for database, each in zip(databases, work, strict=True)))
    assert sorted(map(len, done)) == [0, 0, 0, len(migrations())]
    found = await databases[0].run(state)
    assert (found.applied, found.pending, found.unknown, found.changed, found.strange) == (migrations(), (), (), (), ())
    logs = await databases[0].run(lambda each: each.execute("SELECT count(*) FROM gateway_console.log").fetchone())
    assert logs == (1,)


async def test_a_database_that_nobody_has_set_up_says_what_to_run(postgres: Postgres) -> None:
    with pytest.raises(LedgerError, match="run: gateway-console store migrate") as caught:
        await Database.open(postgres.secret, prepare=require_schema)
    assert caught.value.kind is ProblemKind.CONFIG


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("INSERT INTO gateway_console.migration VALUES (99, 'later', 'x')", "set up by a newer gateway-console"),
        ("DELETE FROM gateway_console.migration WHERE number = 4", "run: gateway-console store migrate"),
        ("UPDATE gateway_console.migration SET sha256 = 'x' WHERE number = 1", "step 1 of the store has another text"),
        ("ALTER TABLE gateway_console.line DISABLE TRIGGER a_line_is_the_next", "trigger a_line_is_the_next of line"),
        ("DROP TRIGGER line_is_never_changed ON gateway_console.line", "trigger line_is_never_changed of line"),
        (
            "CREATE TRIGGER b_swallow BEFORE INSERT ON gateway_console.line FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()", "trigger b_swallow of line",
        ),
        (
            "CREATE OR REPLACE FUNCTION gateway_console.a() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NULL; END'", "function a is not this console's own",
        ),
        (
            "CREATE OR REPLACE FUNCTION gateway_console.never_changed() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NEW; END'", "function never_changed is not this console's own",
        ),
        (
            "DROP TRIGGER line_is_never_changed ON gateway_console.line; CREATE TRIGGER line_is_never_changed BEFORE"
            " UPDATE ON gateway_console.line FOR EACH ROW WHEN (false)"
            " EXECUTE FUNCTION gateway_console.never_changed()", "trigger line_is_never_changed of line",
        ),
        (
            "CREATE OR REPLACE TRIGGER line_is_never_changed BEFORE UPDATE ON gateway_console.line FOR EACH ROW"
            " EXECUTE FUNCTION gateway_console.never_deleted()", "trigger line_is_never_changed of line",
        ),
        ("ALTER FUNCTION gateway_console.leave(text) SET search_path = public", "function leave"),
        ("ALTER FUNCTION gateway_console.line_is_by_its_operator() SECURITY INVOKER", "function line_is_by_its"),
        ("DROP INDEX gateway_console.decided_once", "index decided_once"),
        ("CREATE RULE hide AS ON UPDATE TO gateway_console.run DO INSTEAD NOTHING", "rule hide"),
    ],
)  # fmt: skip
async def test_a_store_that_is_not_this_versions_own_is_refused(
    team_database: Postgres, change: str, words: str
) -> None:
    team_database.execute(change)
    with pytest.raises(LedgerError, match=words):
        await Database.open(team_database.secret, prepare=require_schema)
