"""The one door to the store: whatever reads or writes runs comes through here.

Without `[store]` in the operator's own config, runs are in a SQLite file and artifacts in files of the state directory.
With it, both are in the PostgreSQL database that its reference leads to. psycopg is loaded only then.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.services.config.own_store import own_store
from console.services.config.settings import StoreSettings
from console.services.ledger.artifacts import Artifacts, ArtifactStore
from console.services.ledger.ledger import Ledger
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger
from console.services.store.url import require_team, store_url
from console.services.system.clock import boot_ms, unix_ms
from console.services.system.directories import state_directory
from console.services.system.leak_guard import LEAK_GUARD

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

_BESIDE = "team"
"""The directory in this machine's state directory that has the last checkpoint of each run of a shared store."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store."""

    ledger: Ledger
    artifacts: ArtifactStore
    database: "Database | None"
    """The database; None if the store is a file of this machine."""
    where: str
    """Safe to display: a file, or a database without its user and password."""


def open_store(
    environment: Mapping[str, str],
    *,
    now_ms: Callable[[], int] = unix_ms,
    boot_clock: Callable[[], int] = boot_ms,
    is_looking: bool = False,
) -> AbstractAsyncContextManager[Store]:
    """Open the store that the operator's own config names, or the one of this machine.

    Args:
        environment: The environment variables of this process.
        now_ms: The wall clock.
        boot_clock: Milliseconds since boot, for the expiry of leases in a file.
        is_looking: Whether the block only reads: a read-only state directory is acceptable then.

    Raises:
        ConfigError: The config that may name a store cannot be read.
        StoreUrlError: The store's URL is absent, or cannot be had now.
        LedgerError: The store cannot be used; the kind says whether it was not reached.

    """
    settings = own_store(environment)
    if settings is None:
        return open_files(state_directory(environment), now_ms=now_ms, boot_clock=boot_clock, is_looking=is_looking)
    return _open_database(settings, environment, now_ms)


@contextlib.asynccontextmanager
async def open_files(
    directory: Path,
    *,
    now_ms: Callable[[], int] = unix_ms,
    boot_clock: Callable[[], int] = boot_ms,
    is_looking: bool = False,
) -> AsyncIterator[Store]:
    """Open the store in the files of a state directory, whatever the config says. Raises `LedgerError`."""
    artifacts = Artifacts(directory)
    try:
        async with await SqliteLedger.open(
            directory, clock=now_ms, boot_clock=boot_clock, is_hit=LEAK_GUARD.is_hit, is_looking=is_looking
        ) as ledger:
            yield Store(ledger, artifacts, None, ledger.where)
    finally:
        artifacts.close()


@contextlib.asynccontextmanager
async def _open_database(
    settings: StoreSettings, environment: Mapping[str, str], now_ms: Callable[[], int]
) -> AsyncIterator[Store]:
    require_team()
    url = await store_url(settings, environment)
    from console.services.ledger.postgres.artifacts import PostgresArtifacts
    from console.services.ledger.postgres.database import Database
    from console.services.ledger.postgres.ledger import PostgresLedger
    from console.services.ledger.postgres.migrations import require_schema

    database = await Database.open(url, prepare=partial(require_schema, where="the store"), clock=now_ms)
    try:
        ledger = await PostgresLedger.open(
            database, beside=state_directory(environment) / _BESIDE, clock=now_ms, is_hit=LEAK_GUARD.is_hit
        )
        yield Store(ledger, PostgresArtifacts(database), database, database.where)
    finally:
        await database.close()


def may_have_runs(environment: Mapping[str, str]) -> bool:
    """Return whether there may be runs, without opening anything: a store is named, or this machine has a file.

    Raises:
        ConfigError: The config that may name a store cannot be read.
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    return own_store(environment) is not None or own_file(environment).exists()


def own_file(environment: Mapping[str, str]) -> Path:
    """Return the file in which this machine keeps runs if no store is named. Raises `PrivateFileError`."""
    return state_directory(environment) / FILE_NAME
