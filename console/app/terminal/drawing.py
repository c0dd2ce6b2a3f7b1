"""Who draws: the console, by private names of the Textual versions that it was tested with, or Textual itself."""

from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import textual
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

TESTED = "8.2.*"
"""The versions of Textual whose private names are known, as a pattern."""
_Result = TypeVar("_Result")
_OF_APP = ("_batch_count", "_closed", "_display", "_driver", "_running", "_sync_available")
_OF_DRIVER = ("_file", "_loop", "_writer_thread")


@runtime_checkable
class Frames(Protocol):
    """A driver that draws by itself."""

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for the terminal that no more is taken."""

    def is_of_size(self, size: tuple[int, int]) -> bool:
        """Return whether the last update was for a terminal of this width and height."""

    def redraw(self) -> None:
        """Draw every cell again."""


def draw_frames(app: App[None]) -> None:
    """Make an app draw by itself if it would draw on a terminal with Textual's own driver; leave it as it is if not."""
    names_of_driver = {name for each in (LinuxDriver, Driver) for name in each.__init__.__code__.co_names}
    has_names = all(hasattr(app, name) for name in _OF_APP) and all(name in names_of_driver for name in _OF_DRIVER)
    if app.driver_class is not LinuxDriver or not has_names or not _is_tested():
        return
    try:
        from console.app.terminal.driver import FrameDriver, display
    except ImportError:
        return
    app.driver_class = FrameDriver
    app._display = partial(display, app, app._display)  # type: ignore[method-assign]


def keep_drawn(screen: Screen[_Result], panes: type[Widget]) -> None:
    """Draw again only what changed of a screen's widgets, or leave that to Textual if it is another version's.

    Args:
        screen: A screen with all its widgets.
        panes: The widgets that have nothing but plain lines, and perhaps a border.

    """
    if not hasattr(screen, "_styles_cache") or not _is_tested():
        return
    try:
        from console.app.terminal.drawn_lines import DrawnLines, DrawnPane
    except ImportError:
        return
    for widget in (screen, *screen.walk_children(Widget)):
        widget._styles_cache = DrawnPane() if isinstance(widget, panes) else DrawnLines()


def redraw(app: App[None], size: Size) -> None:
    """Draw every cell again, unless the coming update for another size does so anyway."""
    if (frames := _frames_of(app)) is not None and frames.is_of_size(size):
        frames.redraw()


def is_behind(app: App[None]) -> bool:
    """Return whether the terminal has not read for so long that no more is taken for it."""
    frames = _frames_of(app)
    return frames is not None and frames.is_behind


def _frames_of(app: App[None]) -> Frames | None:
    driver = getattr(app, "_driver", None)
    return driver if isinstance(driver, Frames) else None


def _is_tested() -> bool:
    """Return whether Textual is of a tested version; its directory's name says so, and costs less than its metadata."""
    place = Path(str(textual.__file__)).parent
    return any(place.parent.glob(f"{place.name}-{TESTED}.dist-info"))
