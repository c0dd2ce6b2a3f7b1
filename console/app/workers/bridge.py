"""The bridge for workers: the one place that connects what they say in a team's store and the screen."""

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.app.runs.in_view import RunsInView
from console.app.session import Session
from console.domain.problem import Problem

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

_LOOK_S = 5.0
"""How old what is shown may be: a heartbeat tells no one."""
_GATHER_S = 1.0
"""For how long what is told of runs is gathered."""
_OPENING_S = 0.25
_NO_STORE = (
    "workers need a store that a team shares: name it in your own config, url_ref in the table [store]; it names none"
)
_OPENING = "the store is being opened"


class WorkersBridge:
    """The workers, in one session. Its coroutine runs as the app's named worker."""

    def __init__(self, session: Session, runs: RunsInView, environment: Mapping[str, str] = os.environ) -> None:
        """Start without having read anything.

        Args:
            session: The session in which they are shown.
            runs: Has the store open.
            environment: The environment variables, which lead to the config.

        """
        self._session = session
        self._runs = runs
        self._environment = environment

    async def follow(self) -> None:
        """Read the workers and the queues, again and again, until cancelled; once where no store can have them."""
        with self._session.noted():
            await self._session.load(("console.services.config.own_store", "console.view.worker.workers_view"))
            from console.services.config.own_store import own_store

            try:
                store = await asyncio.to_thread(own_store, self._environment)
            except Problem as error:
                self._fail(str(error))
                return
            if store is None:
                self._fail(_NO_STORE)
                return
            while True:
                database = self._database
                if database is None:
                    view = self._session.state.run
                    self._fail((view.failure if view is not None else "") or _OPENING)
                    await asyncio.sleep(_OPENING_S)
                    continue
                try:
                    await self._follow(database)
                except Problem as error:
                    self._fail(str(error))
                    await asyncio.sleep(_LOOK_S)

    @property
    def _database(self) -> "Database | None":
        context = self._runs.context
        return None if context is None else context.store.database

    async def _follow(self, database: "Database") -> None:
        """Read for as long as the session has a database open. Raises `LedgerError` if it cannot be used."""
        await self._session.load(("console.services.worker.presence", "console.services.ledger.postgres.ledger"))
        from console.services.ledger.postgres.ledger import CHANNEL
        from console.services.worker.presence import read_queues, read_workers
        from console.view.worker.workers_view import WorkersRead

        told = asyncio.Event()

        async def listen() -> None:
            async for _ in database.listen(CHANNEL):
                told.set()

        listening = asyncio.create_task(listen(), name="listen for runs")
        try:
            while self._database is database:
                told.clear()
                workers, queues = await read_workers(database), await read_queues(database)
                self._session.dispatch(WorkersRead(workers, queues, database.where))
                await asyncio.sleep(_GATHER_S)
                waiting = asyncio.create_task(told.wait())
                try:
                    await asyncio.wait(
                        {waiting, listening}, timeout=_LOOK_S - _GATHER_S, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    waiting.cancel()
                if listening.done():
                    listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    def _fail(self, words: str) -> None:
        from console.view.worker.workers_view import WorkersUnread

        view = self._session.state.workers
        if view is None or view.failure != words:
            self._session.dispatch(WorkersUnread(words))
