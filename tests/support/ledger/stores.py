"""The stores that a ledger can be in, each with the same tests: a SQLite file, and a PostgreSQL database."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from support.ledger.ledgers import Clock
from support.postgres.databases import Postgres

from console.services.ledger.ledger import Holder, Ledger
from console.services.ledger.sqlite import FILE_NAME, SqliteLedger


class Store(Protocol):
    """A place for one ledger."""

    def open(
        self,
        *,
        clock: Clock | None = None,
        is_hit: Callable[[str], bool] | None = None,
        is_dead: Callable[[Holder], bool] = lambda _: False,
    ) -> AbstractAsyncContextManager[Ledger]:
        """Open the ledger, as one console does."""

    def clock(self) -> Clock:
        """Return the clock that measures leases here, standing still until a test moves it."""

    def behind(self) -> AbstractContextManager[Any]:
        """Return a connection as somebody has who may do everything; nothing keeps lines from being changed."""

    def holds(self, text: str) -> bool:
        """Return whether a text is anywhere in it."""


class SqliteStore:
    """A state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @asynccontextmanager
    async def open(
        self,
        *,
        clock: Clock | None = None,
        is_hit: Callable[[str], bool] | None = None,
        is_dead: Callable[[Holder], bool] = lambda _: False,
    ) -> AsyncIterator[Ledger]:
        clocks = {} if clock is None else {"clock": clock.unix, "boot_clock": clock.boot}
        async with await SqliteLedger.open(self.directory, is_hit=is_hit, is_dead=is_dead, **clocks) as ledger:
            yield ledger

    def clock(self) -> Clock:
        return Clock()

    @contextmanager
    def behind(self) -> Iterator[Any]:
        with closing(sqlite3.connect(self.directory / FILE_NAME, isolation_level=None)) as connection:
            yield connection

    def holds(self, text: str) -> bool:
        return any(text.encode() in path.read_bytes() for path in self.directory.iterdir())


class PostgresStore:
    """A database."""

    def __init__(self, database: Postgres, beside: Path) -> None:
        self.database = database
        self._beside = beside

    @asynccontextmanager
    async def open(
        self,
        *,
        clock: Clock | None = None,
        is_hit: Callable[[str], bool] | None = None,
        is_dead: Callable[[Holder], bool] = lambda _: False,
    ) -> AsyncIterator[Ledger]:
        from console.services.ledger.postgres.database import Database
        from console.services.ledger.postgres.ledger import PostgresLedger

        async with await Database.open(self.database.secret) as database:
            clocks = {} if clock is None else {"clock": clock.unix}
            async with await PostgresLedger.open(
                database, beside=self._beside, is_hit=is_hit, is_dead=is_dead, **clocks
            ) as ledger:
                yield ledger

    def clock(self) -> Clock:
        return DatabaseClock(self.database)

    @contextmanager
    def behind(self) -> Iterator[Any]:
        with self.database.connect() as connection:
            connection.execute("SET search_path TO pg_catalog, gateway_console")
            connection.execute("SET session_replication_role TO replica")
            yield connection

    def holds(self, text: str) -> bool:
        with self.behind() as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'gateway_console'::regnamespace AND relkind = 'r'"
            ).fetchall()
            return any(
                connection.execute(
                    f"SELECT count(*) FROM {table} AS each WHERE each::text LIKE %s OR each::text LIKE %s",
                    (f"%{text}%", f"%{text.encode().hex()}%"),
                ).fetchone()
                != (0,)
                for (table,) in tables
            )


class DatabaseClock(Clock):
    """The database's own clock, in its function `now_ms`, which a test sets."""

    def __init__(self, database: Postgres) -> None:
        self._database: Postgres | None = None
        super().__init__()
        self._database = database
        self.unix_ms = self.unix_ms

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "unix_ms" and self._database is not None:
            self._database.execute(
                "CREATE OR REPLACE FUNCTION gateway_console.now_ms() RETURNS bigint LANGUAGE sql STABLE"
                f" SET search_path = pg_catalog AS 'SELECT {value}::bigint'"
            )
