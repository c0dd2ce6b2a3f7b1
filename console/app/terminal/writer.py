"""The thread that writes to the terminal: whoever gives it something never waits for a terminal that reads slowly."""

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable

_PIECE = 1024
"""The most bytes of one write: what shows whether the terminal still reads."""
_PATIENCE_S = 5.0
"""How long the end waits for a terminal that reads nothing at all."""


class TerminalWriter:
    """Writes texts in their order. It is idle when the terminal has taken all of them."""

    def __init__(self, fileno: int, on_idle: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            fileno: The terminal's file descriptor, which may block or not.
            on_idle: Called in the thread whenever the terminal has taken everything.

        """
        self._fileno = fileno
        self._on_idle = on_idle
        self._waiting: deque[bytes | None] = deque()
        self._has_more = threading.Condition()
        self._is_idle = True
        self._taken = 0
        self._left = 0
        self._thread = threading.Thread(target=self._run, name="terminal output", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether the terminal has taken everything."""
        with self._has_more:
            return self._is_idle

    @property
    def waiting(self) -> int:
        """How many bytes the terminal has not taken yet."""
        return self._left - self._taken

    def write(self, text: str) -> None:
        """Leave a text to be written."""
        self._leave(text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Wait until everything is written, or the terminal reads no more."""
        self._leave(None)
        taken = -1
        while self._thread.is_alive() and taken != self._taken:
            taken = self._taken
            self._thread.join(_PATIENCE_S)

    def _leave(self, data: bytes | None) -> None:
        with self._has_more:
            self._waiting.append(data)
            self._left += len(data or b"")
            self._is_idle = False
            self._has_more.notify()

    def _run(self) -> None:
        while True:
            with self._has_more:
                self._has_more.wait_for(lambda: self._waiting)
                data = self._waiting.popleft()
            if data is None:
                return
            with contextlib.suppress(OSError):  # the terminal is gone; SIGHUP ends the program
                self._write(data)
            with self._has_more:
                self._is_idle = not self._waiting
                is_idle = self._is_idle
            if is_idle:
                self._on_idle()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                count = os.write(self._fileno, rest[:_PIECE])
            except BlockingIOError:  # another program that shares the terminal made it so
                select.select((), (self._fileno,), ())
                continue
            self._taken += count
            rest = rest[count:]
