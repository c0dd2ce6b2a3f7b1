"""Places: how many pieces of work may be under way at once, within a wider limit that several share."""

import asyncio
from types import TracebackType


class Places(asyncio.Semaphore):
    """Places that each also take one of a wider limit's: first their own, so that waiting takes none from others."""

    def __init__(self, count: int, within: asyncio.Semaphore) -> None:
        super().__init__(count)
        self._within = within

    async def __aenter__(self) -> None:
        await super().__aenter__()
        try:
            await self._within.acquire()
        except BaseException:
            self.release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._within.release()
        await super().__aexit__(kind, error, traceback)
