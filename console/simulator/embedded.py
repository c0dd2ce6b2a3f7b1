"""Starts the embedded gateway in its own process, and ends it with this one."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from console.domain.problem import Problem, ProblemKind
from console.domain.tokens.secret import Secret

_PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV")
"""The environment variables that the process gets; none of them would hold a token."""
_END_TIMEOUT_S = 5.0


class SimulatorError(Problem):
    """The embedded gateway could not be started."""

    kind = ProblemKind.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Embedded:
    """An embedded gateway in another process."""

    base_url: str
    token: Secret


@contextlib.asynccontextmanager
async def embedded_gateway(
    timeout_s: float = 30.0, *, end_timeout_s: float = _END_TIMEOUT_S, pace: float = 1.0
) -> AsyncIterator[Embedded]:
    """Run the embedded gateway in its own process while the block runs.

    The process ends when the pipe to it closes, so it cannot outlive this one.

    Args:
        timeout_s: How long the process may take to start, in seconds.
        end_timeout_s: How long the process may take to end by itself, in seconds; then it is killed.
        pace: A factor on all its waits: 0 answers at once.

    Raises:
        SimulatorError: It cannot be started, or did not start in time.

    """
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "console.simulator",
            str(pace),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise SimulatorError(f"the embedded gateway cannot be started: {reason}; see: ulimit -a") from None
    try:
        yield await _announced(child, timeout_s)
    finally:
        await _finished(asyncio.create_task(_end(child, end_timeout_s)))


async def _announced(child: asyncio.subprocess.Process, timeout_s: float) -> Embedded:
    stdout = child.stdout
    line = b""
    if stdout is not None:
        try:
            async with asyncio.timeout(timeout_s):
                line = await stdout.readline()
        except TimeoutError:
            raise SimulatorError(f"the embedded gateway did not start within {timeout_s:g} s") from None
    try:
        announced = json.loads(line)
        return Embedded(announced["base_url"], Secret.parse(announced["token"]))
    except (ValueError, KeyError, TypeError):
        raise SimulatorError("the embedded gateway did not start; run gateway-console simulate to see why") from None


async def _end(child: asyncio.subprocess.Process, timeout_s: float) -> None:
    """Close the pipe to the process, which tells it to end, and read what is left, so that no pipe stays open."""
    try:
        async with asyncio.timeout(timeout_s):
            await child.communicate(b"")
    except TimeoutError:
        child.kill()
        await child.communicate()


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait for a task to end, however often the waiting is cancelled: a screen cancels its workers twice."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
