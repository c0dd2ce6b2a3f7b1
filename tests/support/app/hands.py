"""Hands at a screen under Textual's pilot: they press keys, and wait until all that came of it was handled and painted.

Textual's own pilot waits by the clock: it takes the app for idle when its process used little time of the processor.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from support.waiting import Patience
from textual import events
from textual.app import App
from textual.geometry import Region, Size
from textual.keys import key_to_character
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

from console.app.app import ConsoleApp
from console.app.screens.routes_screen import RoutesScreen
from console.app.session import StartEmbedded
from console.app.widgets.line_pane import LinePane
from console.domain.tokens.secret import Secret
from console.simulator.embedded import Embedded
from console.simulator.server import serve
from console.view.console_state import ConsoleState


def at_once() -> AbstractAsyncContextManager[Embedded]:
    """Start an embedded gateway in this process that answers without waiting."""
    return _at_once()


@contextlib.asynccontextmanager
async def _at_once() -> AsyncIterator[Embedded]:
    async with serve(pace=0) as listening:
        yield Embedded(listening.base_url, Secret(listening.token))


def at(base_url: str, token: str) -> StartEmbedded:
    """Return how to take a gateway that is at work already for the embedded one."""

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[Embedded]:
        yield Embedded(base_url, Secret(token))

    return start


def main_screen(app: ConsoleApp) -> RoutesScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, RoutesScreen))


def state_of(app: ConsoleApp) -> ConsoleState:
    return app.controller.state


def said(app: ConsoleApp) -> list[str]:
    """Return all that was notified."""
    return [note.message for note in app._notifications]


def drawn(screen: Screen[object], pane_id: str) -> str:
    """Return what a pane shows."""
    pane = screen.query_one(f"#{pane_id}", LinePane)
    return "\n".join(pane.render_line(y).text.rstrip() for y in range(pane.size.height))


async def press(app: ConsoleApp, *keys: str) -> None:
    """Press keys, each when all that came of the one before was handled."""
    for key in keys:
        app.post_message(events.Key(key, key_to_character(key)))
        await settled(app)


async def type_in(app: ConsoleApp, words: str) -> None:
    """Press the keys of some words, as quickly as a paste."""
    for character in words:
        app.post_message(events.Key("space" if character == " " else character, character))
    await settled(app)


async def click(app: ConsoleApp, selector: str, offset: tuple[int, int]) -> None:
    await Pilot(app).click(selector, offset=offset)
    await settled(app)


async def resize(app: ConsoleApp, width: int, height: int) -> None:
    size = Size(width, height)
    app.post_message(events.Resize(size, size))
    await _frames_until(app, lambda: app.screen.size == size)
    await settled(app)


async def until(app: ConsoleApp, is_reached: Callable[[], bool]) -> None:
    """Let the app work until something holds and is painted."""
    await _frames_until(app, is_reached)
    await _frames_until(app, lambda: app.controller.is_up_to_date)
    await settled(app)


async def _frames_until(app: ConsoleApp, is_reached: Callable[[], bool]) -> None:
    """Draw frame after frame until something holds. What never comes is said with what the screen shows."""
    patience = Patience()
    while not is_reached():
        assert not patience.is_over, f"never came\n{_shown(app)}"
        await _frame(app)


def _shown(app: App[None]) -> str:
    """Return all lines of the screen that is on top."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def settled(app: App[None]) -> None:
    """Wait until the app and all that is on its screen have handled what they were sent, and are painted."""
    before: list[MessagePump] = []
    patience = Patience()
    while True:
        assert not patience.is_over, f"never settled\n{_shown(app)}"
        pumps = [app, *app.screen_stack, *app.screen.walk_children()]
        is_quiet = pumps == before and not any(pump.message_queue_size for pump in pumps)
        if is_quiet or not app.is_running:
            return
        for pump in pumps:
            await _done(app, pump, pump.call_later)
        await _done(app, app.screen, app.screen.call_after_refresh)
        before = pumps


async def _frame(app: ConsoleApp) -> None:
    """Wait for the next frame of the screen that is on top."""
    assert app.is_running, "the app has ended"
    screen = app.screen
    screen.refresh(Region(0, 0, 1, 1))
    await _done(app, screen, screen.call_after_refresh)


async def _done(app: App[None], pump: MessagePump, call: Callable[[Callable[[], object]], bool]) -> None:
    """Wait until a call was made that was left with a pump, or the pump or the app has ended, or the screen changed.

    The pumps of an app that has ended live on until it is shut down, and draw no frame. Neither does a screen that
    another one covers, which a worker may push at any time.
    """
    done = asyncio.Event()
    if not pump.is_running or not call(done.set):
        await asyncio.sleep(0)
        return
    waiting = asyncio.create_task(done.wait())
    if app.is_running:
        app.screen_change_signal.subscribe(app, lambda _: done.set(), immediate=True)
    await asyncio.wait({waiting, pump.task, app.task}, return_when=asyncio.FIRST_COMPLETED)
    app.screen_change_signal.unsubscribe(app)
    waiting.cancel()
