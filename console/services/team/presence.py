"""Who looks at which run now: one beat of each console, and what the others are told.

A beat is one small write in place, every 5 s while a run is in view. The database forgets who has not beaten for 15 s,
by its own clock, so a console that was killed is gone by itself.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.ledger.actor import Actor
from console.services.ledger.ledger import LedgerError
from console.services.team.database import TeamDatabase

if TYPE_CHECKING:
    from psycopg import Connection

BEAT_S = 5.0
"""How often a console says where it is."""
CHANNEL = "gateway_console_presence"
"""Where a run's id is told when someone comes to it or leaves it."""
_NO_HOST = "0" * 12


@dataclass(frozen=True, slots=True)
class Watcher:
    """Someone who looks at a run, at another console."""

    name: str
    host: str
    """12 hexadecimal digits that tell machines apart."""


class Presence:
    """What one console says of where it is, and learns of the others."""

    def __init__(self, database: TeamDatabase) -> None:
        """Prepare; nothing is said before `look`."""
        self._database = database
        self._console = secrets.token_hex(16)

    async def look(self, run_id: str, operator: Actor) -> tuple[Watcher, ...]:
        """Say that this console looks at a run; return who else does. Raises `LedgerError`."""
        given = (self._console, run_id, operator.key_fingerprint, operator.id, operator.host or _NO_HOST)

        def look(connection: "Connection") -> tuple[Watcher, ...]:
            rows = connection.execute("SELECT name, host FROM gateway_console.look(%s, %s, %s, %s, %s)", given)
            return tuple(Watcher(*row) for row in rows.fetchall())

        return await self._database.run(look)

    async def leave(self) -> None:
        """Say that this console looks at nothing now. Raises `LedgerError`."""
        await self._database.run(
            lambda connection: connection.execute("SELECT gateway_console.leave(%s)", (self._console,))
        )


async def who_looks(database: TeamDatabase, run_id: str) -> tuple[Watcher, ...]:
    """Return who looks at a run now. Raises `LedgerError`."""

    def ask(connection: "Connection") -> tuple[Watcher, ...]:
        rows = connection.execute("SELECT name, host FROM gateway_console.who_looks(%s)", (run_id,))
        return tuple(Watcher(*row) for row in rows.fetchall())

    return await database.run(ask)


async def who_steps(database: TeamDatabase, run_id: str) -> str | None:
    """Return the name of who steps a run now, as their machine has it; None if no one does. Raises `LedgerError`."""

    def ask(connection: "Connection") -> str | None:
        row = connection.execute(
            """SELECT name FROM gateway_console.lease
                WHERE run_id = %s AND is_held AND until_ms > gateway_console.now_ms()""",
            (run_id,),
        ).fetchone()
        return None if row is None else str(row[0])

    return await database.run(ask)


async def watch_others(
    database: TeamDatabase,
    where_i_am: Callable[[], tuple[str, Actor] | None],
    moved: asyncio.Event,
    *,
    beat_s: float = BEAT_S,
) -> AsyncGenerator[tuple[str, tuple[Watcher, ...]], None]:
    """Beat while a run is in view; yield the run and who else looks at it, whenever either changes.

    What the database does not take is left out: presence is never a reason to stop. When this ends, the console says
    that it has left.

    Args:
        database: The store.
        where_i_am: Returns the run in view and its operator; None if no run is.
        moved: Set when another run came into view.
        beat_s: How often to beat, in seconds.

    """
    presence = Presence(database)
    told = asyncio.create_task(_wake(database, where_i_am, moved))
    last: tuple[str, tuple[Watcher, ...]] = ("", ())
    try:
        while True:
            moved.clear()
            here = where_i_am()
            with contextlib.suppress(LedgerError):
                now = ("", ()) if here is None else (here[0], await presence.look(*here))
                if now != last:
                    last = now
                    yield now
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), beat_s)
    finally:
        told.cancel()
        with contextlib.suppress(LedgerError):
            await presence.leave()


async def _wake(
    database: TeamDatabase, where_i_am: Callable[[], tuple[str, Actor] | None], moved: asyncio.Event
) -> None:
    """Set the event when someone else begins or ends to look at the run in view."""
    with contextlib.suppress(LedgerError):
        async for run_id in database.listen(CHANNEL):
            here = where_i_am()
            if not run_id or (here is not None and here[0] == run_id):
                moved.set()
