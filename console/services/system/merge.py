"""Fan-out: many event streams at once, bounded, merged into one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")

_QUEUE_LIMIT = 256
"""How far the streams may run ahead of their reader, in items: a flood waits in the kernel, not in memory."""


async def merge(
    streams: Sequence[AsyncGenerator[Item, None]], *, places: asyncio.Semaphore
) -> AsyncGenerator[Item, None]:
    """Run streams side by side, each in one of the places, and yield what they yield as it arrives.

    If one raises, the others are ended and its exception goes to the reader. If the reader stops early, all are ended.
    """
    merged: asyncio.Queue[Item | _Ended] = asyncio.Queue(_QUEUE_LIMIT)

    async def run(stream: AsyncGenerator[Item, None]) -> None:
        failure: Exception | None = None
        try:
            async with places, aclosing(stream):
                async for item in stream:
                    await merged.put(item)
        except Exception as error:  # noqa: BLE001  # handed to the reader below, whatever it is
            failure = error
        await merged.put(_Ended(failure))

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
