"""When a program at a terminal has painted its first whole frame, and what it took until then."""

import os
import pty
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl

from .measuring import Cost

COLUMNS, LINES = 120, 40
HANG_S = 60.0
_ASKS_FOR_FRAMES, _HAS_FRAMES, _FRAME_ENDS = b"\x1b[?2026$p", b"\x1b[?2026;2$y", b"\x1b[?2026l"


def first_paint(command: Sequence[str], marks: Sequence[bytes], environment: Mapping[str, str]) -> Cost:
    """Start a program at a terminal of 120 by 40 cells and kill it at the end of the frame that has all marks.

    Raises:
        RuntimeError: It ended before, or did not paint.

    """
    start = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], list(command), {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment})
    try:
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        raw, answered = b"", 0
        while not (all(mark in raw for mark in marks) and raw.rfind(_FRAME_ENDS) > max(map(raw.find, marks))):
            if time.perf_counter() - start > HANG_S:
                raise RuntimeError(f"{command[-1]} did not paint: {raw[-200:]!r}")
            try:
                raw += os.read(terminal, 65536)
            except OSError as error:  # Linux says so at the end of a terminal
                raise RuntimeError(f"{command[-1]} ended before it painted: {raw[-200:]!r}") from error
            while answered < raw.count(_ASKS_FOR_FRAMES):
                os.write(terminal, _HAS_FRAMES)
                answered += 1
        wall_s = time.perf_counter() - start
    finally:
        os.kill(child, signal.SIGKILL)
        _, _, usage = os.wait4(child, 0)
        os.close(terminal)
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, 0.0)
