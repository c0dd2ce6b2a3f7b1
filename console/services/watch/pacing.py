"""When the next round is due: by a clock that runs on while the machine sleeps, and that no one can set.

After a sleep one round is due at once, and not those that were missed. A round that took longer than the interval is
followed by the next one at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from console.services.system.clock import boot_ms

LOOK_S = 5.0
"""How often the clock is looked at, in seconds: a timer of the system stands still while the machine sleeps."""
JITTER = 0.25
"""How much earlier or later than the interval a round may be, as a part of it."""
OVERSLEPT_S = 60.0
"""How late a round must be for the machine to have slept, in seconds."""

Pause = Callable[[float], Awaitable[None]]
"""Waits for so many seconds, or until the watch is to end."""


def boot_s() -> float:
    """Return the seconds since this machine was started, asleep or awake."""
    return boot_ms() / 1000


def until(stop: asyncio.Event) -> Pause:
    """Return what waits for some seconds, or until an event is set."""

    async def pause(seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            return

    return pause


@dataclass(slots=True)
class Pacer:
    """Waits for the rounds of one watch."""

    every_s: float
    stop: asyncio.Event
    random: Random | None = None
    """Spreads the rounds; None for rounds at equal intervals."""
    clock: Callable[[], float] = boot_s
    pause: Pause | None = None
    """How to wait; None waits by the event loop's clock."""

    def due_after(self, begun: float) -> float:
        """Return when the round after one is due.

        Args:
            begun: When that round began, by the clock.

        """
        factor = 1.0 if self.random is None else self.random.uniform(1 - JITTER, 1 + JITTER)
        return begun + self.every_s * factor

    def first_due(self) -> float:
        """Return when the first round of a watch with jitter is due if many start together, as by cron."""
        late = 0.0 if self.random is None else self.random.uniform(0, JITTER) * self.every_s
        return self.clock() + late

    async def wait_until(self, due: float) -> float:
        """Wait until a time by the clock, or until the watch is to end; return by how many seconds it was missed."""
        pause = self.pause or until(self.stop)
        while not self.stop.is_set() and (left := due - self.clock()) > 0:
            await pause(min(left, LOOK_S))
        return max(0.0, self.clock() - due)
