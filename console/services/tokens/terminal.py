"""The terminal, for text that must be typed and not shown."""

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
"""The maximum length of a terminal line, in characters; the terminal silently drops the rest (termios(3))."""

Ask = Callable[[str], str]
"""Asks for a line that must not be shown. Raises `NoTerminalError` if there is no terminal."""


class NoTerminalError(StoreError):
    """No prompt is possible here."""

    def __init__(self, reason: str = "there is no terminal to ask on") -> None:
        super().__init__(TokenState.UNAVAILABLE, reason)


def ask_on_terminal(question: str) -> str:
    """Ask on this process's terminal, without echo. For the main thread; it waits for a person.

    Raises:
        NoTerminalError: There is no terminal.
        StoreError: The terminal may have cut the line.
        KeyboardInterrupt: The person pressed ctrl+c.

    """
    if not has_terminal():
        raise NoTerminalError
    try:
        with interruptible(), warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # getpass would go on with echo on
            line = getpass.getpass(f"{question}: ")
    except (getpass.GetPassWarning, EOFError, OSError):
        raise NoTerminalError("no answer could be read from the terminal") from None
    except UnicodeDecodeError:
        raise StoreError(TokenState.UNAVAILABLE, "the typed text is not valid in this terminal's encoding") from None
    if len(line.encode(errors="replace")) >= LINE_LIMIT:
        raise StoreError(
            TokenState.REFUSED, f"a terminal cuts lines at {LINE_LIMIT} characters; give a longer value on stdin"
        )
    return line


def confirm_on_terminal(question: str) -> bool:
    """Ask a yes-or-no question on this process's terminal; anything but y or yes means no.

    Raises:
        NoTerminalError: There is no terminal.
        KeyboardInterrupt: The person pressed ctrl+c.

    """
    return _typed(f"{question} [y/N]") in ("y", "yes")


def ask_choice(question: str, letters: str) -> str:
    """Ask for one of a few letters on this process's terminal, until one is typed.

    Raises:
        NoTerminalError: No terminal can be opened, or it was closed.
        KeyboardInterrupt: The person pressed ctrl+c.

    """
    while True:
        typed = _typed(f"{question} [{'/'.join(letters)}]")
        if len(typed) == 1 and typed in letters:
            return typed


def _typed(question: str) -> str:
    """Return what a person types after a question, in lower case. Raises as `ask_choice` does."""
    if not has_terminal():
        raise NoTerminalError
    try:
        with interruptible(), Path("/dev/tty").open("r+b", buffering=0) as terminal:
            terminal.write(f"{safe(question)} ".encode())
            line = terminal.readline(LINE_LIMIT)
    except OSError:
        raise NoTerminalError("no answer could be read from the terminal") from None
    if not line:
        raise NoTerminalError("the terminal was closed")
    return line.decode(errors="replace").strip().lower()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let ctrl+c end a wait at once. A running event loop would handle it only afterwards."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def has_terminal() -> bool:
    """Return whether this process has a readable terminal, whatever its stdin is."""
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        return True
    return False
