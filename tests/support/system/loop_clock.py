"""The event loop's clock in a test's hand: a deadline passes when the test says so, and at no other time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def run_until_done(self, waiting: Awaitable[object], *, step_s: float = 1.0) -> None:
        """Let time pass, a step in each round of the loop, until what is waited for has ended."""
        task = asyncio.ensure_future(waiting)
        while not task.done():
            self.now += step_s
            await asyncio.sleep(0)


@contextlib.contextmanager
def held_loop_clock() -> Iterator[Clock]:
    """Put a clock in the place of the running loop's own while the block runs: all timers of the loop go by it."""
    loop, clock = asyncio.get_running_loop(), Clock()
    before, loop.time = loop.time, clock
    try:
        yield clock
    finally:
        loop.time = before
