"""Loop lag: the 99th percentile of how late the loop woke up."""

import asyncio

import pytest

from console.services.probes.loop_lag import LoopLag, measured_lag


class ScriptedClock:
    """A clock that is read off a list, twice for each sample; says when the list is used up."""

    def __init__(self, lags_ms: list[float]) -> None:
        self.times = [moment for lag_ms in lags_ms for moment in (0.0, 0.01 + lag_ms / 1000)]
        self.is_used_up = asyncio.Event()

    def __call__(self) -> float:
        if not self.times:
            self.is_used_up.set()
            return 0.0
        return self.times.pop(0)


@pytest.mark.parametrize(
    ("lags_ms", "p99_ms"),
    [([50.0], 50.0), ([0.0, 0.0, 30.0], 30.0), ([-5.0], 0.0)],
)
async def test_the_lag_is_how_late_the_loop_woke_up(lags_ms: list[float], p99_ms: float) -> None:
    clock = ScriptedClock(lags_ms)
    async with measured_lag(clock) as lag:
        await clock.is_used_up.wait()
    assert lag.p99_ms == pytest.approx(p99_ms, abs=0.001)


def test_without_a_sample_there_is_no_lag() -> None:
    assert LoopLag().p99_ms == 0.0
