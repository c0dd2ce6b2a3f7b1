"""The bridge for the history: the one place that connects its services and the screen."""

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from console.app.session import Session
from console.domain.problem import Problem
from console.services.system.clock import unix_ms

if TYPE_CHECKING:
    from console.services.history.history import History

COLUMNS = 24
"""Into how many columns the screen cuts the time: a row of blocks has that many."""
_READING = ("console.services.history.history", "console.services.history.trends", "console.services.history.streaks")
_LOOK_S = 0.5
"""How often the file is asked whether it changed; that reads one number."""
_STALE_S = 60
"""After how many seconds the range is moved to now, even if nothing is new."""


class HistoryBridge:
    """The history of this machine, in one session. Its coroutines run as the app's named workers."""

    def __init__(
        self, session: Session, environment: Mapping[str, str] = os.environ, now_ms: Callable[[], int] = unix_ms
    ) -> None:
        """Start without having read anything.

        Args:
            session: The session whose profile is looked at.
            environment: The environment variables, which say where state is kept.
            now_ms: Returns the Unix time in ms.

        """
        self._session = session
        self._environment = environment
        self._now_ms = now_ms
        self._wanted = asyncio.Event()

    def look_again(self) -> None:
        """Read again at once: what is asked for has changed."""
        self._wanted.set()

    async def follow(self) -> None:
        """Read the history, and again whenever it changes, until cancelled."""
        from console.view.history.history_view import HistoryUnread

        with self._session.noted():
            await self._session.load(_READING)
            from console.services.history.history import History

            try:
                async with await History.open(self._environment, is_looking=True) as history:
                    await self._follow(history)
            except Problem as error:
                self._session.dispatch(HistoryUnread(str(error)))

    async def _follow(self, history: "History") -> None:
        seen: int | None = None
        waited = 0.0
        while True:
            version = await history.read(lambda reader: reader.data_version(), -1)
            if version != seen or self._wanted.is_set() or waited >= _STALE_S:
                seen, waited = version, 0.0
                self._wanted.clear()
                await self._read(history)
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._wanted.wait()
            except TimeoutError:
                waited += _LOOK_S

    async def _read(self, history: "History") -> None:
        from console.domain.history.trend import Trends
        from console.services.history.reader import Wanted
        from console.services.history.trends import read_trends
        from console.view.history.history_view import HistoryRead, HistoryView

        view = self._session.state.history or HistoryView()
        now = self._now_ms() + 1
        kinds = None if view.kind is None else frozenset({view.kind})
        wanted = Wanted(self._session.profile.name, kinds=kinds, since_ms=now - view.range.ms, until_ms=now)
        nothing = Trends(wanted.since_ms, now, COLUMNS, ())
        trends = await history.read(partial(read_trends, wanted=wanted, columns=COLUMNS), nothing)
        self._session.dispatch(HistoryRead(trends))
