"""One connection to a team's database, in a thread of its own, opened again whenever it was lost."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Self, TypeVar

from console import __version__
from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.ledger.ledger import LedgerError
from console.services.ledger.postgres.address import parameters_of, where_of
from console.services.ledger.postgres.failures import LostError, UnknownOutcomeError, worded
from console.services.ledger.thread import LedgerThread
from console.services.system.clock import unix_ms
from console.services.system.leak_guard import LEAK_GUARD

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Connection, Error
    from psycopg.abc import ConnDict

SCHEMA = "gateway_console"
_Value = TypeVar("_Value")

MOST_SKEW_MS = 120_000
"""How far this machine's clock may be from the database's."""
DEADLINE_S = 20.0
"""How long one operation may take, waits for a server that starts again included."""
_RETRY_S = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""The waits before a lost connection is tried again, while an operation waits."""
_LISTEN_AGAIN_S = 2.0
_LOOK_S = 60.0
_BEAT_S = 5.0
"""How often who is not patient asks whether the database is there, and how long that may take."""
_SETTINGS = (
    "SET search_path TO pg_catalog, gateway_console, pg_temp",
    "SET statement_timeout TO '15s'",
    "SET lock_timeout TO '5s'",
    "SET idle_in_transaction_session_timeout TO '15s'",
    "SET timezone TO 'UTC'",
)


class Database:
    """A database of a team. `open` connects; every operation is one transaction in this object's thread."""

    def __init__(
        self,
        parameters: "ConnDict",
        prepare: "Callable[[Connection], None]",
        worker: LedgerThread,
        *,
        clock: Callable[[], int],
        wait: Callable[[float], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._parameters = parameters
        self._prepare = prepare
        self._worker = worker
        self._clock = clock
        self._wait = wait
        self._sleep = sleep
        self._connection: Connection | None = None
        self._was_open = False
        self.where = where_of(parameters)
        """Where it is: host, port and name, without user and password."""

    @classmethod
    async def open(
        cls,
        url: Secret,
        *,
        prepare: "Callable[[Connection], None]" = lambda _: None,
        label: str = "console",
        clock: Callable[[], int] = unix_ms,
        wait: Callable[[float], None] = time.sleep,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        deadline_s: float = DEADLINE_S,
    ) -> Self:
        """Connect, and check that the database can be used.

        Args:
            url: The store's URL, with its password.
            prepare: Called with each new connection, within a transaction: checks what has to hold of it.
            label: What connects, for PostgreSQL's list of connections: console, worker.
            clock: Returns the Unix time in ms.
            wait: Waits in the thread for that many seconds.
            sleep: Waits in the event loop for that many seconds.
            deadline_s: How long an operation may take.

        Raises:
            LedgerError: The URL cannot be used, the database cannot be reached or refuses, the clocks differ too
                much, or `prepare` raises.

        """
        parameters = parameters_of(url.reveal())
        if password := parameters.get("password"):
            LEAK_GUARD.add(Secret(str(password)))  # alone it is as secret as the URL, which is known already
        parameters["application_name"] = f"gateway-console {__version__} {label}"
        worker = LedgerThread(
            "store", deadline_s, what=where_of(parameters), check="the network", kind=ProblemKind.UNREACHABLE
        )
        database = cls(parameters, prepare, worker, clock=clock, wait=wait, sleep=sleep)
        try:
            await database._worker.run(database._connected)
        except BaseException:
            await database.close()
            raise
        return database

    async def run(self, work: "Callable[[Connection], _Value]", *, may_repeat: bool = False) -> _Value:
        """Return what some work returns, which is done in one transaction (read committed).

        The work may be done again, if the connection was lost before its commit was sent, or the database had to
        choose between two transactions: it must have no effect but on the database.

        Args:
            work: What to do with the connection.
            may_repeat: Whether it may be done twice: it only reads, or twice leaves what once does.

        Raises:
            UnknownOutcomeError: The connection was lost while the commit was under way, and it may not be repeated.
            LedgerError: The database cannot be reached, or refuses; nothing was stored. Whatever `work` raises passes,
                except psycopg's errors, which it may handle itself.

        """
        return await self._worker.run(lambda: self._perform(work, may_repeat=may_repeat))

    def _perform(self, work: "Callable[[Connection], _Value]", *, may_repeat: bool) -> _Value:
        import psycopg

        for wait_s in (*_RETRY_S, None):
            try:
                return self._once(work)
            except (LostError, UnknownOutcomeError) as error:
                if wait_s is None or not (may_repeat or isinstance(error, LostError)):
                    raise
                self._wait(wait_s)
            except psycopg.OperationalError as error:
                if wait_s is None or not isinstance(
                    error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected
                ):
                    raise worded(error, self.where) from None
            except psycopg.Error as error:
                raise worded(error, self.where) from None
        raise AssertionError("the last try returns or raises")

    def _once(self, work: "Callable[[Connection], _Value]") -> _Value:
        import psycopg

        connection = self._connected()
        try:
            connection.execute("BEGIN")
            value = work(connection)
        except psycopg.Error as error:
            if connection.closed:
                raise self._lost(error) from None
            connection.execute("ROLLBACK")
            raise
        except BaseException:
            if not connection.closed:
                connection.execute("ROLLBACK")
            raise
        try:
            done = connection.execute("COMMIT")
        except psycopg.Error:
            if not connection.closed:  # a deferred constraint: PostgreSQL has rolled back
                raise
            self._connection = None
            raise UnknownOutcomeError(
                f"{self.where} was cut off while it stored, so whether it did is unknown; read the run again"
            ) from None
        if done.statusmessage != "COMMIT":
            raise LedgerError(f"{self.where} rolled the transaction back; nothing was stored, try again")
        return value

    def _connected(self) -> "Connection":
        """Return the connection; open it if there is none, and check what has to hold of it."""
        if self._connection is not None and not self._connection.closed:
            return self._connection
        import psycopg
        from psycopg.conninfo import make_conninfo

        try:
            connection: Connection = psycopg.connect(make_conninfo("", **self._parameters), autocommit=True)
        except psycopg.Error as error:
            refused = worded(error, self.where)
            if refused.kind is ProblemKind.UNREACHABLE and self._was_open:
                raise LostError(str(refused)) from None  # the server may be starting again
            raise refused from None
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            self._require_clock(connection)
            with connection.transaction():
                self._prepare(connection)
        except psycopg.Error as error:
            connection.close()
            raise worded(error, self.where) from None
        except BaseException:
            connection.close()
            raise
        self._connection, self._was_open = connection, True
        return connection

    def _require_clock(self, connection: "Connection") -> None:
        row = connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetchone()
        ahead_ms = self._clock() - (row[0] if row else 0)
        if abs(ahead_ms) > MOST_SKEW_MS:
            side = "ahead of" if ahead_ms > 0 else "behind"
            raise LedgerError(
                f"this machine's clock is {abs(ahead_ms) // 1000} s {side} the clock of {self.where}, so times in"
                " records would be wrong; set the clock, then try again",
                ProblemKind.CONFIG,
            )

    def _lost(self, error: "Error") -> LostError:
        return LostError(str(worded(error, self.where)))

    def pool_parameters(self, schema: str) -> "ConnDict":
        """Return the parameters of further connections, for the engine that rings the bell; they hold the password.

        Args:
            schema: Where its tables are.

        """
        return self._parameters | {"options": f"-c search_path={schema},pg_catalog,pg_temp -c timezone=UTC"}

    async def listen(self, channel: str, *, is_patient: bool = True) -> AsyncGenerator[str, None]:
        """Yield what is told on a channel from now on, on a connection of its own.

        An empty text means: look at everything. It comes when listening begins, when it begins again after the
        connection was lost, and once a minute, should a message be lost.

        Args:
            channel: The channel.
            is_patient: Whether a database that cannot be reached is tried again and again. If not, it is asked every
                few seconds whether it is there, so that a cut which no one tells is noticed too, and raised.

        Raises:
            LedgerError: The database refuses, or cannot be reached and this is not patient.

        """
        import psycopg

        is_lost = True
        while True:
            try:
                async with await self._listening(channel) as connection:
                    is_lost = False
                    async for told in _told(connection, asks=not is_patient):
                        yield told
            except (psycopg.Error, TimeoutError) as error:
                refused = (
                    LostError(f"{self.where} does not answer")
                    if isinstance(error, TimeoutError)
                    else worded(error, self.where)
                )
                if refused.kind is not ProblemKind.UNREACHABLE or (is_lost and not is_patient):
                    raise refused from None
            if is_patient:
                await self._sleep(_LISTEN_AGAIN_S)
            is_lost = True

    async def _listening(self, channel: str) -> "AsyncConnection":
        import psycopg
        from psycopg import sql
        from psycopg.conninfo import make_conninfo

        connection = await psycopg.AsyncConnection.connect(make_conninfo("", **self._parameters), autocommit=True)
        try:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except BaseException:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        """Close the connection, after finishing what has begun."""

        def close() -> None:
            if self._connection is not None:
                self._connection.close()

        try:
            with contextlib.suppress(LedgerError):
                await self._worker.run(close)
        finally:
            self._worker.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _told(connection: "AsyncConnection", *, asks: bool) -> AsyncIterator[str]:
    """Yield what is told, and an empty text at the beginning and once a minute.

    Args:
        connection: It listens.
        asks: Whether to ask every few seconds whether the database is there. Raises `TimeoutError` if it is silent.

    """
    beat_s = _BEAT_S if asks else _LOOK_S
    while True:
        yield ""
        for _ in range(round(_LOOK_S / beat_s)):
            async for each in connection.notifies(timeout=beat_s):
                yield each.payload
            if asks:
                async with asyncio.timeout(_BEAT_S):
                    await connection.execute("SELECT")
