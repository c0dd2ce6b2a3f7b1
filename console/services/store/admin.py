"""Setting the database up, and looking at it before it can be used: no schema is required, and nothing is assumed."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from console.domain.ledger.ulid import new_run_id
from console.domain.problem import Problem, ProblemKind
from console.services.config.own_store import LOCAL, STORE_VARIABLE, own_store
from console.services.config.settings import StoreSettings
from console.services.ledger.postgres.database import Database
from console.services.ledger.postgres.grants import apply_grants
from console.services.ledger.postgres.migrations import SchemaState, migrate, state
from console.services.store.url import require_team, store_url
from console.services.system.clock import unix_ms


def require_named(environment: Mapping[str, str]) -> StoreSettings:
    """Return the store that the operator's own config names.

    Raises:
        Problem: It names none.
        ConfigError: It cannot be read.

    """
    settings = own_store(environment)
    if settings is not None:
        return settings
    if environment.get(STORE_VARIABLE) == LOCAL:
        raise Problem(
            f"{STORE_VARIABLE} is {LOCAL}, so runs stay on this machine; unset it to use the config's store",
            ProblemKind.CONFIG,
        )
    raise Problem(
        "your config names no store, so runs stay on this machine. Add to ~/.config/gateway-console/config.toml:"
        ' [store] with url_ref = "keyring://gateway-console/store"; see docs/team.md',
        ProblemKind.CONFIG,
    )


@contextlib.asynccontextmanager
async def open_admin(environment: Mapping[str, str], *, now_ms: Callable[[], int] = unix_ms) -> AsyncIterator[Database]:
    """Open the database that the config names, whatever it has.

    Raises:
        Problem: The config names no store.
        StoreUrlError: The store's URL cannot be had.
        LedgerError: The database cannot be reached, or does not let this user in.

    """
    settings = require_named(environment)
    require_team()
    database = await Database.open(await store_url(settings, environment), clock=now_ms)
    try:
        yield database
    finally:
        await database.close()


async def schema_of(database: Database) -> SchemaState:
    """Return how the database's schema compares with this version's."""
    return await database.run(state)


async def migrate_now(database: Database, now_ms: Callable[[], int], random: Callable[[int], bytes]) -> tuple[str, ...]:
    """Apply what is pending, the tables for workers included: all of it or nothing. Return the names of our own steps.

    Args:
        database: The database.
        now_ms: The wall clock.
        random: Returns that many random bytes.

    Raises:
        LedgerError: It is newer than this version, was changed by something else, or does not allow it.

    """
    done = await database.run(lambda connection: migrate(connection, lambda: new_run_id(now_ms, random), now_ms()))
    return tuple(f"{step.number:04} {step.name}" for step in done)


async def grant_now(database: Database) -> None:
    """Give operators and workers their rights. Raises `LedgerError` if this user may not."""
    await database.run(apply_grants)
