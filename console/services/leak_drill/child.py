"""A child of the drill: the console as its own process, on pipes or at a terminal, until it ends."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.services.leak_drill.picture import Picture

CONSOLE = (sys.executable, "-P", "-m", "console")
"""The command that runs the console."""

TIMEOUT_S = 90.0
"""The longest one child may take, in seconds."""

_COLUMNS, _LINES = 120, 40


_SEQUENCES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b.|[\r\n]"
)


def without_sequences(data: bytes) -> bytes:
    """Return terminal output without escape sequences and line ends, so that text drawn over two lines is whole."""
    return _SEQUENCES.sub(b"", data)


class NoPseudoTerminalError(Exception):
    """The system gives no pseudo-terminal."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child's end."""

    code: int | None
    """Its exit code, negative for a signal; None if it was killed because its time was up."""
    streams: Mapping[str, bytes]
    """All its output, stream by stream."""


async def run_on_pipes(
    program: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    *,
    given: bytes = b"",
    until_aborted: Awaitable[object] | None = None,
) -> Ended:
    """Run a child until it ends.

    Args:
        program: The program with its arguments.
        environment: Its whole environment.
        folder: Its working directory.
        given: Its stdin.
        until_aborted: What to wait for before ending the child with SIGABRT, as a crash would.

    Raises:
        OSError: It cannot be started.

    """
    child = await asyncio.create_subprocess_exec(
        *program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    talking = asyncio.create_task(child.communicate(given))
    code: int | None = None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if until_aborted is not None:
                await until_aborted
                child.send_signal(signal.SIGABRT)
            await asyncio.shield(talking)
            code = child.returncode
    except TimeoutError:
        pass
    finally:
        if child.returncode is None:
            child.kill()
        stdout, stderr = await talking
    return Ended(code, {"stdout": stdout, "stderr": stderr})


class Screen:
    """A child at a terminal: keys go in, bytes come out."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._news = asyncio.Event()
        self.written = bytearray()
        self.picture = Picture(_COLUMNS, _LINES)

    def press(self, keys: bytes) -> None:
        """Type keys; a closed terminal ignores them."""
        with contextlib.suppress(OSError):
            os.write(self._master, keys)

    async def until_quiet(self, quiet_s: float) -> None:
        """Wait until nothing has been drawn for a while."""
        while True:
            self._news.clear()
            try:
                async with asyncio.timeout(quiet_s):
                    await self._news.wait()
            except TimeoutError:
                return

    async def until_shown(self, words: str) -> None:
        """Wait until some text is on the screen."""
        while words not in self.picture.text:
            self._news.clear()
            await self._news.wait()

    def take(self) -> None:
        """Read what was drawn since."""
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the last process at the terminal is gone
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self.written += data
        self.picture.take(data)
        self._news.set()


@contextlib.asynccontextmanager
async def _terminal() -> AsyncIterator[tuple[Screen, int]]:
    try:
        master, slave = pty.openpty()
    except OSError:
        raise NoPseudoTerminalError from None
    loop = asyncio.get_running_loop()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, _COLUMNS, 0, 0))
        screen = Screen(master)
        loop.add_reader(master, screen.take)
        yield screen, slave
    finally:
        loop.remove_reader(master)
        os.close(master)


async def run_at_terminal(
    program: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    drive: Callable[[Screen], Awaitable[None]],
) -> Ended:
    """Run a child at a pseudo-terminal until it ends.

    Args:
        program: The program with its arguments.
        environment: Its whole environment.
        folder: Its working directory.
        drive: What is typed, and when.

    Raises:
        NoPseudoTerminalError: There is none.
        OSError: The child cannot be started.

    """
    async with _terminal() as (screen, slave):
        try:
            child = await asyncio.create_subprocess_exec(
                *program,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(slave)
        code: int | None = None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await drive(screen)
                code = await child.wait()
        except TimeoutError:
            pass
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        await screen.until_quiet(0.1)
        drawn = screen.picture.history.encode()
        return Ended(code, {"terminal": bytes(screen.written), "picture at the terminal": drawn})
