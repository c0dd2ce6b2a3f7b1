"""Run a watch to the end of its order or a signal, and tell what it finds."""

import asyncio
import random
import signal
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path

from console import __version__
from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.recording import live_recording
from console.cli.reports.sweep import counted
from console.cli.watch.ending import end_of
from console.cli.watch.follower import Follower
from console.cli.watch.order import WatchOrder
from console.cli.watch.outputs import finish, open_outputs
from console.domain.routes.contract import RouteCheck
from console.services.config.settings import Profile
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.watch.desk import Desk
from console.services.watch.round import Recording, See, no_recording
from console.services.watch.watch import (
    Watch,
    WatchPlan,
)
from console.view.explanation import duration
from console.view.watch.metrics import WatchMetrics


def _recording(order: WatchOrder) -> Recording:
    """Return what shows the history each round of an open gateway; where none was opened, nothing is a fact."""

    def begin(profile: Profile, checks: tuple[RouteCheck, ...], origin: str) -> See:
        if not origin:
            return no_recording(profile, checks, origin)
        return live_recording(profile, checks, origin, is_read_only=order.is_read_only).see

    return begin


async def follow(order: WatchOrder, desk: Desk) -> ExitCode:
    """Watch until the order's end or a signal; return the exit code of the last round.

    Args:
        order: What to watch, how and where it is told.
        desk: The config and its gateways.

    Raises:
        Problem: The config cannot be used, or something that was asked for cannot be opened.

    """
    stop, hurry = asyncio.Event(), asyncio.Event()
    _take_signals(stop, hurry)
    return end_of(await _follow(order, desk, _plan(order), stop, hurry), is_stopped=stop.is_set())


async def follow_round(order: WatchOrder, desk: Desk, state: Path, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """Make one round for whoever keeps the watch's state itself, and tell what changed as `follow` does.

    Args:
        order: What to watch, how and where it is told.
        desk: The config and its gateways.
        state: A directory with the state of the last round, which then has that of this one.
        stop: Ends the round.
        hurry: Ends the wait for those who are told.

    Raises:
        Problem: The config cannot be used.

    """
    plan = replace(_plan(order), state=state, rounds=1)
    await _follow(order, desk, plan, stop, hurry, is_announced=False)


async def _follow(
    order: WatchOrder,
    desk: Desk,
    plan: WatchPlan,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    *,
    is_announced: bool = True,
) -> Follower:
    began_at = time.time()
    follower = Follower(order, began_at, WatchMetrics(__version__, {}, began_at, began_at, 0, 0.0))
    tasks: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as stack:
        await open_outputs(follower, stack, tasks)
        if is_announced:
            _announce(order)
        watch = Watch(plan, desk, stop, recording=_recording(order))
        try:
            async with aclosing(watch.run()) as events:
                async for event in events:
                    follower.take(event)
                    _raise_fault(tasks)
            await finish(follower, hurry)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return follower


def _take_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """End the watch at the first signal, and what waits for others at the second."""
    if not current().owns_process:
        return

    def take() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, take)


def _raise_fault(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        if task.done():
            task.result()


def _plan(order: WatchOrder) -> WatchPlan:
    state = None
    if not order.is_read_only:
        try:
            state = state_directory(current().environment)
        except PrivateFileError as error:
            output.note(f"the watch's state is not kept, so a restart tells everything again: {error}")
    return WatchPlan(
        order.top,
        order.every_s,
        order.rounds,
        order.for_s,
        is_read_only=order.is_read_only,
        state=state,
        random=random.Random() if order.has_jitter else None,  # noqa: S311  # spreads rounds, and keeps no secret
        delays_first=order.has_jitter and order.is_once,
        now=lambda: current().now().timestamp(),
    )


def _announce(order: WatchOrder) -> None:
    names = ", ".join(order.profiles) if len(order.profiles) <= 6 else counted(len(order.profiles), "profile")
    end = "" if order.rounds is None else f", {counted(order.rounds, 'round')}"
    output.note(f"watching {names} to rung {int(order.top)}, every {duration(order.every_s)}{end}; only changes follow")
