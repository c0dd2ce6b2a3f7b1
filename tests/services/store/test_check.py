"""`store check` finds each right that an operator has beside those of grants.sql."""

import pytest
from support.postgres.databases import Postgres

from console.services.ledger.postgres.database import Database
from console.services.store.check import RowHealth, check_store
from console.services.system.clock import unix_ms

_GRANTS = {
    "update line": "UPDATE (body) ON gateway_console.line",
    "trigger line": "TRIGGER ON gateway_console.line",
    "insert operator": "INSERT ON gateway_console.operator",
    "insert tombstone": "INSERT ON gateway_console.tombstone",
    "delete artifact": "DELETE ON gateway_console.artifact",
    "create in the schema": "CREATE ON SCHEMA gateway_console",
}


@pytest.mark.parametrize("group", ["gateway_console_operator", "gateway_console_worker"])
async def test_each_right_too_many_fails_the_check(team_database: Postgres, group: str) -> None:
    user = team_database.role("mia", group)
    name = f"mia_{team_database.name}"
    async with await Database.open(user) as database:
        for words, given in ({"": ""} | _GRANTS).items():
            if given:
                team_database.execute(f"GRANT {given} TO {name}")
            rows = {row.id: row for row in await check_store(database, unix_ms)}
            expected = f"{name} may {words}" if given else f"{name} may insert and read, and change or delete nothing"
            assert (rows["store.rights"].found, rows["store.rights"].health is RowHealth.FAIL) == (
                expected,
                bool(given),
            )
            if given:
                team_database.execute(f"REVOKE {given} FROM {name}")
