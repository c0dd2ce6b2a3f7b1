"""Loop lag: how late the console's own event loop runs, and so how far off its figures can be."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

_STEP_S = 0.01


class LoopLag:
    """Samples of how late the event loop woke up, in milliseconds."""

    def __init__(self) -> None:
        self._samples_ms: list[float] = []

    @property
    def p99_ms(self) -> float:
        """The lag that 99 of 100 samples stay under, in milliseconds; 0 before the first sample."""
        ordered = sorted(self._samples_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else 0.0

    async def sample(self, clock: Callable[[], float]) -> None:
        """Take samples until cancelled."""
        while True:
            before = clock()
            await asyncio.sleep(_STEP_S)
            self._samples_ms.append(max(0.0, (clock() - before - _STEP_S) * 1000))


@contextlib.asynccontextmanager
async def measured_lag(clock: Callable[[], float] = time.perf_counter) -> AsyncIterator[LoopLag]:
    """Sample the loop's lag while the block runs."""
    lag = LoopLag()
    sampling = asyncio.create_task(lag.sample(clock), name="loop lag")
    try:
        yield lag
    finally:
        sampling.cancel()
        await asyncio.wait({sampling})
