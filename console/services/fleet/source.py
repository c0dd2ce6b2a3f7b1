"""Where the states of a fleet are from: the store that the operator's own config names, or this machine's history."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from console.domain.fleet.state import States
from console.services.config.own_store import own_store
from console.services.fleet.history_states import history_states
from console.services.fleet.store_states import CHANNEL, read_states
from console.services.history.history import History
from console.services.store.door import open_store

if TYPE_CHECKING:
    from console.services.ledger.postgres.database import Database

_NOTHING = States()
_LOOK_S = 0.5
"""How often the history's file is asked whether it changed; that reads one number."""
_GATHER_S = 1.0
"""For how long changes of the store are gathered: a sweep tells of thousands."""


class StateSource(Protocol):
    """Where states are read."""

    where: str
    """Safe to display."""
    has_others: bool
    """Whether it may have profiles of other configs that are still in use."""

    async def states(self, now_ms: int) -> States:
        """Return the newest states. Raises `Problem` if they cannot be read now."""

    def changes(self) -> AsyncIterator[None]:
        """Yield at once, and whenever the states may be others, until cancelled."""


class _OfHistory:
    where = "this machine's history"
    has_others = False

    def __init__(self, history: History, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._history = history
        self._sleep = sleep

    async def states(self, now_ms: int) -> States:
        return await self._history.read(partial(history_states, now_ms=now_ms), _NOTHING)

    async def changes(self) -> AsyncIterator[None]:
        seen: int | None = None
        while True:
            version = await self._history.read(lambda reader: reader.data_version(), -1)
            if version != seen:
                seen = version
                yield None
            await self._sleep(_LOOK_S)


class _OfStore:
    has_others = True

    def __init__(self, database: "Database", sleep: Callable[[float], Awaitable[None]]) -> None:
        self.where = database.where
        self._database = database
        self._sleep = sleep

    async def states(self, now_ms: int) -> States:
        return await self._database.run(partial(read_states, now_ms=now_ms))

    async def changes(self) -> AsyncIterator[None]:
        told = asyncio.Event()
        told.set()

        async def listen() -> None:
            async for _ in self._database.listen(CHANNEL):
                told.set()

        listening = asyncio.create_task(listen(), name="listen to the fleet")
        try:
            while not listening.done():
                waiting = asyncio.create_task(told.wait())
                await asyncio.wait({waiting, listening}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                told.clear()
                yield None
                await self._sleep(_GATHER_S)
            listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_source(
    environment: Mapping[str, str], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[StateSource]:
    """Open where the states are. Raises `Problem` if it cannot be used.

    Args:
        environment: The environment variables, which lead to the config and to the state directory.
        sleep: Waits for so many seconds, between two looks.

    """
    if own_store(environment) is not None:
        async with open_store(environment, is_looking=True) as store:
            if store.database is not None:
                yield _OfStore(store.database, sleep)
                return
    async with await History.open(environment, is_looking=True) as history:
        yield _OfHistory(history, sleep)
