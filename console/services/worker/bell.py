"""The bell: asks for looks at runs, fails the jobs of workers that died, and hands on what a worker cannot take."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.services.ledger.postgres.database import Database

if TYPE_CHECKING:
    from psycopg import Connection

STALLED_S = 30
"""How old a worker's heartbeat may be before its jobs are failed."""


class Bell:
    """The bell of one store. Every method raises `LedgerError` if the store cannot be used."""

    def __init__(self, database: Database, *, stalled_s: int = STALLED_S) -> None:
        """Prepare to ring.

        Args:
            database: The store.
            stalled_s: How old a worker's heartbeat may be before its jobs are failed.

        """
        self._database = database
        self._stalled_s = stalled_s

    async def ring(self, run_ids: Iterable[str]) -> None:
        """Ask for a look at each of some runs; a run that is asked for already is asked for once."""
        wanted = sorted(set(run_ids))  # in one order, so that two never wait for each other

        def ring(connection: "Connection") -> None:
            for run_id in wanted:
                connection.execute("SELECT gateway_console.ring(%s)", (run_id,))

        if wanted:
            await self._database.run(ring)

    async def reap(self) -> tuple[str, ...]:
        """Fail the jobs of workers that died, and ask for a look at their runs; return these."""

        def reap(connection: "Connection") -> tuple[str, ...]:
            rows = connection.execute("SELECT reaped_run FROM gateway_console.reap(%s)", (self._stalled_s,)).fetchall()
            return tuple(run for (run,) in rows if run is not None)

        return await self._database.run(reap)

    async def hand_on(self, run_id: str, passed: frozenset[str]) -> str | None:
        """Ask another worker to look at a run; return its name, or None if all have passed over it.

        Args:
            run_id: The run.
            passed: The names of those that passed over it.

        """

        def hand(connection: "Connection") -> str | None:
            rows = connection.execute(
                "SELECT name FROM gateway_console.workers() WHERE age_ms < %s", (self._stalled_s * 1000,)
            ).fetchall()
            others = sorted({str(name) for (name,) in rows} - passed)
            if not others:
                return None
            connection.execute("SELECT gateway_console.hand_on(%s, %s, %s)", (run_id, others[0], sorted(passed)))
            return others[0]

        return await self._database.run(hand)
