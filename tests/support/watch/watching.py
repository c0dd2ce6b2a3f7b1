"""A watch at work in a test: real rounds against a real server, at intervals of no time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from console.domain.watch.told import Told
from console.services.watch.desk import Desk
from console.services.watch.round import Recording, no_recording
from console.services.watch.watch import RoundEnded, Watch, WatchEvent, WatchPlan

Between = Callable[[int], Awaitable[None] | None]
"""What a test does after a round, by the round's number."""


async def watch_rounds(
    plan: WatchPlan,
    desk: Desk,
    between: Between = lambda _: None,
    *,
    stop: asyncio.Event | None = None,
    recording: Recording = no_recording,
) -> list[WatchEvent]:
    """Watch to the plan's end, and return what happened."""
    events = []
    async with aclosing(Watch(plan, desk, stop or asyncio.Event(), recording=recording).run()) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, RoundEnded) and (done := between(event.number)) is not None:
                await done
    return events


def kinds_by_round(events: Sequence[WatchEvent]) -> list[list[str]]:
    """Return the kinds of what each round told, without what follows the last round."""
    found: list[list[str]] = [[]]
    for event in events:
        if isinstance(event, RoundEnded):
            found.append([])
        elif isinstance(event, Told):
            found[-1].append(event.kind.value)
    return found[:-1]
