"""The terminal's driver: frames are not queued, so a slow terminal gets fewer of them and always the newest state."""

import contextlib
from collections.abc import Callable

from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from console.app.terminal.cells import Cells
from console.app.terminal.writer import TerminalWriter

_FRAME_BEGINS, _FRAME_ENDS = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036"""
_BEHIND = 1_048_576
"""How many bytes may wait for a terminal that does not read."""


class FrameDriver(LinuxDriver):
    """Textual's driver, but for its output.

    Textual's own queues up to 30 writes and then blocks the event loop until the terminal has read. Here an update
    goes into `Cells`, and a frame is made of what differs once the terminal has taken the one before.
    """

    _writer: TerminalWriter | None = None
    _cells: Cells | None = None
    _cursor = _cursor_shown = (0, 0)
    _is_marked = False
    _is_due = False
    _is_taken = False

    def start_application_mode(self) -> None:
        """Take the terminal; of what it shows nothing is known."""
        if self._file is None:
            raise RuntimeError("the screen needs a terminal on stderr")
        if self._writer is None:  # a signal handler can start it within a start
            self._writer = TerminalWriter(self._file.fileno(), self._tell_idle)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread.stop()  # Textual's own, which has nothing to do
            self._writer_thread = None
        self._is_taken = True
        self.redraw()

    def stop_application_mode(self) -> None:
        """Give the terminal back; no frame comes after that."""
        self._is_taken = False
        super().stop_application_mode()

    def close(self) -> None:
        """Wait until the terminal has taken everything."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        super().close()

    def write(self, data: str) -> None:
        """Write all that frames do not hold: modes, questions to the terminal, the clipboard.

        While the screen is open and the terminal does not read, what would have to wait too long is dropped.
        """
        if self._writer is not None and not (self._is_taken and self.is_behind):
            self._writer.write(data)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for the terminal that no more is taken."""
        return self._writer is not None and self._writer.waiting > _BEHIND

    def is_of_size(self, size: tuple[int, int]) -> bool:
        """Return whether the last update was for a terminal of this width and height."""
        return self._cells is not None and self._cells.size == size

    def redraw(self) -> None:
        """Draw every cell again: another program wrote to the terminal, or it changed its size."""
        if self._cells is not None:
            self._cells.forget()
            self._is_due = True
            self._send_frame()

    def draw(
        self,
        update: LayoutUpdate | ChopsUpdate,
        *,
        size: tuple[int, int],
        cursor: tuple[int, int],
        color_system: ColorSystem,
        is_marked: bool,
    ) -> None:
        """Take an update, and draw it as soon as the terminal can take a frame.

        Args:
            update: What Textual's compositor made.
            size: The screen's width and height in cells.
            cursor: Where the text cursor belongs, for input methods.
            color_system: The colours that the terminal has.
            is_marked: Whether the terminal knows synchronized output.

        """
        cells = self._cells
        if cells is None:
            cells = self._cells = Cells(color_system)
        cells.resize(*size)
        if isinstance(update, LayoutUpdate):
            _put_layout(cells, update)
        else:
            _put_chops(cells, update)
        self._cursor, self._is_marked, self._is_due = cursor, is_marked, True
        self._send_frame()

    def _send_frame(self) -> None:
        writer = self._writer
        if writer is None or self._cells is None or not (self._is_taken and self._is_due and writer.is_idle):
            return
        self._is_due = False
        changes = self._cells.changes()
        if changes or self._cursor != self._cursor_shown:
            self._cursor_shown = self._cursor
            x, y = self._cursor
            frame = f"{changes}\x1b[{y + 1};{x + 1}H"
            writer.write(f"{_FRAME_BEGINS}{frame}{_FRAME_ENDS}" if self._is_marked else frame)

    def _tell_idle(self) -> None:
        """In the writer's thread: the next frame can be made."""
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._send_frame)


def display(
    app: App[None],
    by_textual: Callable[[Screen[object], RenderableType | None], None],
    screen: Screen[object],
    update: RenderableType | None,
) -> None:
    """Give the compositor's update to our driver as cells, in place of `App._display`.

    Args:
        app: The application.
        by_textual: Makes a text of the update, and queues that.
        screen: The screen that was updated.
        update: What changed.

    """
    driver = app._driver
    if not isinstance(driver, FrameDriver) or not isinstance(update, LayoutUpdate | ChopsUpdate):
        by_textual(screen, update)
    elif app._running and not app._closed and not app._batch_count:
        driver.draw(
            update,
            size=app.screen.outer_size,
            cursor=app.screen.outer_size.clamp_offset(app.cursor_position),
            color_system=app.console._color_system or ColorSystem.TRUECOLOR,
            is_marked=app._sync_available,
        )
        app.post_display_hook()


def _put_layout(cells: Cells, update: LayoutUpdate) -> None:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            cells.put(x, y, strip)
            x += strip.cell_length


def _put_chops(cells: Cells, update: ChopsUpdate) -> None:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= last and end > first:
                cells.put(x, y, strip if end <= last else strip.crop(0, last - x))
