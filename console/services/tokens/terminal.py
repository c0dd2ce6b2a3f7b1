"""The terminal, for what must be typed and not shown."""

import contextlib
import getpass
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from console.domain.text.safe import safe
from console.domain.tokens.state import TokenState
from console.services.tokens.stores.store import StoreError

LINE_LIMIT = 4095
"""The most characters of a line that a terminal hands over; it drops the rest without a word (termios(3))."""

Ask = Callable[[str], str]
"""Asks for a line that must not be shown. Raises `NoTerminalError` where there is no terminal."""


class NoTerminalError(StoreError):
    """Nobody can be asked here."""

    def __init__(self, reason: str = "there is no terminal to ask on") -> None:
        super().__init__(TokenState.UNAVAILABLE, reason)


def ask_on_terminal(question: str) -> str:
    """Ask on this process's terminal, without echo. For the main thread; it waits for a person.

    Raises:
        NoTerminalError: There is no terminal.
        StoreError: The line may have been cut by the terminal.
        KeyboardInterrupt: The person pressed ctrl+c.

    """
    if not has_terminal():
        raise NoTerminalError
    try:
        with _interruptible(), warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would go on with the echo left on
            line = getpass.getpass(f"{question}: ")
    except (getpass.GetPassWarning, EOFError, OSError):
        raise NoTerminalError("the terminal did not take an answer") from None
    except UnicodeDecodeError:
        raise StoreError(TokenState.UNAVAILABLE, "what was typed is not text in this terminal's encoding") from None
    if len(line.encode(errors="replace")) >= LINE_LIMIT:
        raise StoreError(
            TokenState.REFUSED, f"a terminal cuts lines at {LINE_LIMIT} characters; give a longer value on stdin"
        )
    return line


def confirm_on_terminal(question: str) -> bool:
    """Ask a yes-or-no question on this process's terminal; no is what anything but y or yes means.

    Raises:
        NoTerminalError: There is no terminal.
        KeyboardInterrupt: The person pressed ctrl+c.

    """
    if not has_terminal():
        raise NoTerminalError
    try:
        with _interruptible(), Path("/dev/tty").open("r+b", buffering=0) as terminal:
            terminal.write(f"{safe(question)} [y/N] ".encode())
            return terminal.readline(LINE_LIMIT).strip().lower() in (b"y", b"yes")
    except OSError:
        raise NoTerminalError("the terminal did not take an answer") from None


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let ctrl+c end a wait at once. A running event loop takes it for itself, and would hear of it only afterwards."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def has_terminal() -> bool:
    """Return whether this process has a terminal that can be read, whatever its stdin is."""
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        return True
    return False
