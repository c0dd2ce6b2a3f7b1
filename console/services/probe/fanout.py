"""Fan-out: many event streams at once, bounded, merged into one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")


async def merge(streams: Sequence[AsyncGenerator[Item, None]], *, limit: int) -> AsyncGenerator[Item, None]:
    """Run streams side by side, at most `limit` at once, and yield what they yield as it comes.

    Where one raises, the others are ended and its exception goes to the reader. Where the reader stops early, all
    are ended.
    """
    merged: asyncio.Queue[Item | _Ended] = asyncio.Queue()
    places = asyncio.Semaphore(limit)

    async def run(stream: AsyncGenerator[Item, None]) -> None:
        failure: Exception | None = None
        try:
            async with places, aclosing(stream):
                async for item in stream:
                    merged.put_nowait(item)
        except Exception as error:  # noqa: BLE001  # handed to the reader below, whatever it is
            failure = error
        merged.put_nowait(_Ended(failure))

    tasks = [asyncio.create_task(run(stream)) for stream in streams]
    try:
        left = len(tasks)
        while left:
            item = await merged.get()
            if not isinstance(item, _Ended):
                yield item
                continue
            left -= 1
            if item.failure is not None:
                raise item.failure
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Ended:
    """One stream is over."""

    def __init__(self, failure: Exception | None) -> None:
        self.failure = failure
