"""Child processes with an end: bounded in time and in what they may write."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class TooMuchOutputError(Exception):
    """A child wrote more than it may."""


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended."""

    code: int
    output: bytes


async def run_child(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    limit: int,
    given: bytes = b"",
    bound: Callable[[float], asyncio.Timeout] = asyncio.timeout,
) -> ChildEnd:
    """Run a program in a session of its own, and end that session whole when the time is up or the caller leaves.

    Args:
        argv: The program and its arguments; no shell reads them.
        environment: All that the child knows of the environment.
        timeout_s: The longest that it may take, in seconds.
        limit: The most bytes that it may write to stdout; stderr goes nowhere.
        given: What it reads from stdin, at most 16 kB; nothing where it is empty.
        bound: Makes a bound of so many seconds, once the child has begun.

    Raises:
        TimeoutError: It did not end in time.
        TooMuchOutputError: It wrote more than the limit.
        OSError: It cannot be started.

    """
    with contextlib.ExitStack() as stack:
        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        with contextlib.ExitStack() as childs_ends:
            childs_ends.callback(os.close, writing)
            stdin = asyncio.subprocess.DEVNULL
            if given:
                stdin, feeding = os.pipe()
                childs_ends.callback(os.close, stdin)
                os.write(feeding, given)  # fits into the pipe, so that it never waits
                os.close(feeding)
            child = await asyncio.create_subprocess_exec(
                *argv,
                stdin=stdin,
                stdout=writing,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        ended = asyncio.ensure_future(child.wait())
        try:
            async with bound(timeout_s):
                output = await _read(reading, limit, ended)
                return ChildEnd(await ended, output)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
            raise


async def _read(descriptor: int, limit: int, ended: asyncio.Future[int]) -> bytes:
    """Read a pipe until it is closed, or its child has ended and nothing is left in it.

    A grandchild that keeps the pipe open, such as an agent that the program started, does not hold this up.
    """
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    output = b""
    while True:
        is_over = ended.done()
        try:
            piece = os.read(descriptor, 4096)
        except BlockingIOError:
            if is_over:
                return output
            await _readable(loop, descriptor, ended)
            continue
        if not piece:
            return output
        output += piece
        if len(output) > limit:
            raise TooMuchOutputError


async def _readable(loop: asyncio.AbstractEventLoop, descriptor: int, ended: asyncio.Future[int]) -> None:
    """Wait until there is something to read, or the child has ended."""
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _settle, readable)
    try:
        either: set[asyncio.Future[Any]] = {readable, ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        loop.remove_reader(descriptor)


def _settle(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
