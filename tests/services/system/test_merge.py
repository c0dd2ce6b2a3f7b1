"""Fan-out: order within a stream, a bound on how many run, and no stream left behind."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from console.services.system.merge import merge


class Stream:
    """A stream that counts, and remembers how it ended."""

    def __init__(self, name: str, items: int, *, fails: bool = False, waits: asyncio.Event | None = None) -> None:
        self.name, self.items, self.fails, self.waits = name, items, fails, waits
        self.is_started = self.is_closed = False

    async def run(self) -> AsyncGenerator[tuple[str, int], None]:
        self.is_started = True
        try:
            for number in range(self.items):
                yield self.name, number
            if self.waits is not None:
                await self.waits.wait()
            if self.fails:
                raise ValueError(self.name)
        finally:
            self.is_closed = True


async def collect(*streams: Stream, limit: int = 8) -> list[tuple[str, int]]:
    return [item async for item in merge([stream.run() for stream in streams], places=asyncio.Semaphore(limit))]


async def test_every_item_comes_once_and_in_its_streams_order() -> None:
    streams = [Stream(name, 20) for name in "abc"]
    items = await collect(*streams)
    for stream in streams:
        assert [number for name, number in items if name == stream.name] == list(range(20))
    assert len(items) == 60


async def test_no_streams_are_an_empty_stream() -> None:
    assert await collect() == []


async def test_an_item_comes_while_its_stream_still_runs() -> None:
    slow = Stream("slow", 1, waits=asyncio.Event())
    merged = merge([slow.run()], places=asyncio.Semaphore(1))
    assert await anext(merged) == ("slow", 0)
    assert not slow.is_closed
    await merged.aclose()
    assert slow.is_closed


async def test_no_more_streams_than_the_limit_are_started() -> None:
    gate = asyncio.Event()
    streams = [Stream(name, 1, waits=gate) for name in "abc"]
    merged = merge([stream.run() for stream in streams], places=asyncio.Semaphore(2))
    first = [await anext(merged), await anext(merged)]
    assert {name for name, _ in first} == {"a", "b"}
    assert [stream.is_started for stream in streams] == [True, True, False]
    gate.set()
    assert [item async for item in merged] == [("c", 0)]


async def test_what_came_before_a_failure_is_yielded_and_the_failure_reaches_the_reader() -> None:
    waiting = Stream("waiting", 0, waits=asyncio.Event())
    merged = merge([waiting.run(), Stream("bad", 2, fails=True).run()], places=asyncio.Semaphore(2))
    assert [await anext(merged), await anext(merged)] == [("bad", 0), ("bad", 1)]
    with pytest.raises(ValueError, match="bad"):
        await anext(merged)
    assert waiting.is_closed


async def test_a_failure_ends_streams_that_were_never_started() -> None:
    with pytest.raises(ValueError, match="bad"):
        await collect(Stream("bad", 0, fails=True), Stream("late", 1), limit=1)


async def test_cancelling_the_reader_ends_all_streams() -> None:
    waiting = [Stream(name, 1, waits=asyncio.Event()) for name in "ab"]
    came: asyncio.Queue[object] = asyncio.Queue()

    async def read() -> None:
        async for item in merge([stream.run() for stream in waiting], places=asyncio.Semaphore(2)):
            came.put_nowait(item)

    task = asyncio.create_task(read())
    await came.get()
    await came.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [stream.is_closed for stream in waiting] == [True, True]
