"""A real terminal: the program in a pseudo-terminal, its bytes drawn by pyte."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import pexpect
import pyte
from support.waiting import HANG_S, Patience

ASKS_FOR_FRAMES, HAS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
FRAME_BEGINS, FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
"""Synchronized output, as Textual asks for it: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036"""


class Terminal:
    """The program at a terminal of a given size. Use as a context manager; what is left running is killed.

    It says that it has synchronized output, so a screen is looked at when a frame is whole, never in the middle of one.
    """

    def __init__(self, arguments: Sequence[str], columns: int, lines: int, environment: dict[str, str]) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._rows: set[str] = set()
        self._child = pexpect.spawn(
            sys.executable,
            list(arguments),
            dimensions=(lines, columns),
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
            timeout=HANG_S,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    def has_shown(self, text: str) -> bool:
        """Whether a text came in the bytes, or was on a row: the screen writes changed cells only."""
        return text.encode() in self.raw or any(text in row for row in self._rows)

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(self._child.getecho())

    def until(self, is_shown: str | Callable[[str], bool]) -> str:
        """Read until the screen shows a text, and return the whole screen."""
        patience = Patience()
        while not (self._is_whole and (is_shown in self.text if isinstance(is_shown, str) else is_shown(self.text))):
            assert not patience.is_over, f"not shown: {is_shown}\n{self.text}"
            self._read()
        return self.text

    def until_raw(self, sequence: bytes) -> None:
        """Read until a sequence of bytes has come."""
        patience = Patience()
        while sequence not in self.raw:
            assert not patience.is_over, f"not seen: {sequence!r}"
            self._read(most=64)

    def press(self, keys: str | bytes) -> None:
        """Type keys."""
        self._child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self.screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._child.kill(number)

    def end(self) -> int:
        """Read until the program has ended, and return its exit code; a death by signal is its negative number."""
        patience = Patience()
        while self._read():
            assert not patience.is_over, f"still running\n{self.text}"
        self._child.wait()
        status: int | None = self._child.exitstatus
        return status if status is not None else -int(self._child.signalstatus or 0)

    def end_unread(self) -> int:
        """Wait until the program has ended, and read nothing of what it writes."""
        self._child.ptyproc.wait()
        status: int | None = self._child.ptyproc.exitstatus
        return status if status is not None else -int(self._child.ptyproc.signalstatus or 0)

    @property
    def _is_whole(self) -> bool:
        """Whether no frame is being drawn."""
        return self.raw.rfind(FRAME_BEGINS) <= self.raw.rfind(FRAME_ENDS)

    def _read(self, most: int = 65536) -> bool:
        try:
            data = self._child.read_nonblocking(most, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        asked = self.raw.count(ASKS_FOR_FRAMES)
        self.raw += data
        for _ in range(self.raw.count(ASKS_FOR_FRAMES) - asked):
            self._child.send(HAS_FRAMES)
        self._stream.feed(data)
        display = self.screen.display
        self._rows |= {display[row] for row in self.screen.dirty if row < len(display)}
        self.screen.dirty.clear()
        return True

    def assert_restored(self) -> None:
        """Assert that everything that was switched on in the terminal was switched off again."""
        for mode in (b"1049", b"1000", b"1003", b"1006", b"2004"):
            on, off = self.raw.rfind(b"\x1b[?" + mode + b"h"), self.raw.rfind(b"\x1b[?" + mode + b"l")
            assert on < off, f"mode {mode.decode()} was left on"
        assert self.raw.rfind(b"\x1b[?25l") < self.raw.rfind(b"\x1b[?25h"), "the cursor was left hidden"
