"""Threads for blocking calls: one call after the other, each with a deadline."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

_Value = TypeVar("_Value")


class OverdueError(Exception):
    """A call did not return in time. Whether it still takes effect is unknown."""


class ClosedError(Exception):
    """A worker accepts no more calls."""


class Worker:
    """One daemon thread, started at the first call: a disk that hangs blocks neither the screen nor the exit."""

    def __init__(
        self,
        name: str,
        deadline_s: float,
        time_limit: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
    ) -> None:
        """Name the thread; it is not started.

        Args:
            name: Its name in a list of threads.
            deadline_s: How long a caller waits at most.
            time_limit: Raises TimeoutError inside the block after that many seconds.

        """
        self._name = name
        self.deadline_s = deadline_s
        self._time_limit = time_limit
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    async def run(self, work: Callable[[], _Value]) -> _Value:
        """Run a call in the thread and return its result.

        Raises:
            ClosedError: The worker is closed.
            OverdueError: It did not return in time.

        """
        if self._is_closed:
            raise ClosedError
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_Value] = loop.create_future()

        def settle(deliver: Callable[[], None]) -> None:
            if not result.done():
                deliver()

        def perform() -> None:
            if result.done():  # the caller left before its turn
                return
            try:
                deliver = partial(result.set_result, work())
            except BaseException as error:  # noqa: BLE001  # raised again where the result is awaited
                deliver = partial(result.set_exception, error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: no caller waits
                loop.call_soon_threadsafe(settle, deliver)

        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, daemon=True, name=self._name)
            self._thread.start()
        self._waiting.put(perform)
        try:
            async with self._time_limit(self.deadline_s):
                return await result
        except TimeoutError:
            raise OverdueError from None

    def close(self) -> None:
        """Accept no more calls, and end the thread after those that wait."""
        self._is_closed = True
        self._waiting.put(None)

    def _serve(self) -> None:
        while (perform := self._waiting.get()) is not None:
            perform()
