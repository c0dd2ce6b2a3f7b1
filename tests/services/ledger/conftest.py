"""The ledger of a test: in SQLite and in PostgreSQL, with the same tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.ledger.stores import PostgresStore, SqliteStore, Store

from console.services.ledger.ledger import Ledger


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "sqlite":
        return SqliteStore(tmp_path / "state" / "gateway-console")
    return PostgresStore(request.getfixturevalue("team_database"), tmp_path)


@pytest.fixture
async def ledger(store: Store) -> AsyncIterator[Ledger]:
    async with store.open() as opened:
        yield opened


@pytest.fixture
async def other(store: Store, ledger: Ledger) -> AsyncIterator[Ledger]:
    """Another console."""
    async with store.open() as opened:
        yield opened
