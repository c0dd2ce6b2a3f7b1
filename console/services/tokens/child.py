"""Child processes with an end: bounded in time and in what they may write."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


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
        try:
            async with bound(timeout_s):
                output = await _read(reading, limit)
                return ChildEnd(await child.wait(), output)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
            raise


async def _read(descriptor: int, limit: int) -> bytes:
    """Read a pipe to its end. It is the caller's own, so that a grandchild that keeps it open holds up nothing."""
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    output = b""
    while True:
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(descriptor, _settle, readable)
        try:
            await readable
        finally:
            loop.remove_reader(descriptor)
        piece = os.read(descriptor, 4096)
        if not piece:
            return output
        output += piece
        if len(output) > limit:
            raise TooMuchOutputError


def _settle(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
