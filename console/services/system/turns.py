"""Turns: two sides whose pieces of work alternate, one at a time, until one side has no more."""

import asyncio
from types import TracebackType


class Turns:
    """Two sides, 0 and 1, that take turns. Side 0 is first."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._next = 0
        self._is_busy = False
        self._over: set[int] = set()

    def side(self, number: int) -> "asyncio.Semaphore":
        """Return what the work of a side enters: it waits there until it is the side's turn."""
        return _Side(self, number)

    async def finish(self, number: int) -> None:
        """Say that a side has no more work, so that the other one need not wait for it."""
        async with self._changed:
            self._over.add(number)
            self._changed.notify_all()

    async def enter(self, number: int) -> None:
        """Wait for a side's turn, and take it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._may_enter(number))
            self._is_busy = True

    def _may_enter(self, number: int) -> bool:
        return not self._is_busy and (self._next == number or 1 - number in self._over)

    async def leave(self, number: int) -> None:
        """End a side's turn; the other side is next."""
        async with self._changed:
            self._is_busy = False
            self._next = 1 - number
            self._changed.notify_all()


class _Side(asyncio.Semaphore):
    """A side's place."""

    def __init__(self, turns: Turns, number: int) -> None:
        super().__init__(1)
        self._turns = turns
        self._number = number

    async def __aenter__(self) -> None:
        await self._turns.enter(self._number)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._turns.leave(self._number)
