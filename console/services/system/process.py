"""Child processes that end: bounded in time and output, each in its own session, which is killed at the end.

Every program that the product runs to its end is run here: git, a policy's commands, programs that print a token,
keyrings of other platforms, ssh-keygen, zizmor. Output is bytes; it is neither decoded nor shown here, as it may be a
token.
"""

import asyncio
import contextlib
import hashlib
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

_PIECE = 65_536
_MARK = "GATEWAY_CONSOLE_CHILD"
_END_S = 5.0
_ROUNDS, _ROUND_S = 500, 0.01
"""How often to look for marked processes, and how long to wait for one that cannot be read yet: 5 s in all."""


class ChildEnding(StrEnum):
    """How a child ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    FLOODED = "flooded"
    """It wrote more than it may, and was killed."""


@dataclass(frozen=True, slots=True)
class ChildReport:
    """What is known about a child that ended."""

    ending: ChildEnding
    exit_code: int | None
    """Negative if a signal ended it; None if it was killed for time or output."""
    duration_ms: int
    output_bytes: int = field(repr=False)
    output_sha256: str = field(repr=False)
    """The hash of the output up to the limit; empty unless requested, since a token's hash must not be stored."""
    tail: bytes = field(repr=False)
    """The end of the output. It may hold a token, so nothing of it goes into a record, a message or a `repr`."""

    @property
    def is_success(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.ending is ChildEnding.EXITED and self.exit_code == 0


async def run_bounded(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    limit_bytes: int,
    directory: Path = Path("/"),
    tail_bytes: int | None = None,
    given: Path | bytes | None = None,
    is_stderr_kept: bool = False,
    is_hashed: bool = False,
    is_marked: bool = False,
    may_leave_agents: bool = False,
    is_supervisor: bool = False,
    memory_bytes: int | None = None,
    more_processes: int | None = None,
    umask: int = -1,
    passed: Sequence[int] = (),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ChildReport:
    """Run a program in its own session, and kill what is left of it at the end.

    A grandchild that keeps the output open does not block us.

    Args:
        argv: The program and its arguments; no shell reads them.
        environment: The child's whole environment, apart from our mark.
        timeout_s: The longest it may take, in seconds.
        limit_bytes: The size at which its output is too large, in bytes.
        directory: Where it runs.
        tail_bytes: How much of the end of the output to keep; all of it by default.
        given: Its stdin: a file, or at most 16 kB that reach it over a pipe; empty by default.
        is_stderr_kept: Whether stderr counts as output; if not, it is discarded.
        is_hashed: Whether the report has a hash of the output.
        is_marked: Whether on Linux to kill also processes that left the process group: they are recognised by a mark in
              their environment, so that only a daemon that also clears its environment escapes.
        may_leave_agents: Whether processes that it started may outlive it if it exits by itself, such as the agent of a
              password program. They never may if the time was up, it wrote too much, or the caller left.
        is_supervisor: Whether it ends all that it started if it gets SIGTERM: then it has a few seconds to do so.
        memory_bytes: The most private memory that it and each of its children may have, on Linux.
        more_processes: How many more processes than now the operator may have while it runs, on Linux and if the
              operator is not root.
        umask: Its umask; -1 is this process's.
        passed: The descriptors that it inherits beside its stdin, stdout and stderr.
        clock: Seconds that only go forward.
        sleep: Waits for that many seconds; it is called once the child has started, and when it returns, time is up.

    Raises:
        OSError: It cannot be started.

    """
    mark = {_MARK: secrets.token_hex(16)} if is_marked else {}
    reading, writing = os.pipe()
    output = _Output(reading, limit_bytes, limit_bytes if tail_bytes is None else tail_bytes, is_hashed=is_hashed)
    begin = clock()
    try:
        try:
            with _opened(given) as stdin:
                child = await asyncio.create_subprocess_exec(
                    *argv,
                    stdin=stdin,
                    stdout=writing,
                    stderr=asyncio.subprocess.STDOUT if is_stderr_kept else asyncio.subprocess.DEVNULL,
                    env={**environment, **mark},
                    cwd=directory,
                    start_new_session=True,
                    umask=umask,
                    pass_fds=passed,
                )
        finally:
            os.close(writing)
        _limit(child.pid, memory_bytes, more_processes)
        waiting, time_is_up = asyncio.ensure_future(child.wait()), asyncio.ensure_future(sleep(timeout_s))
        ending = ChildEnding.TIMED_OUT
        try:
            with output.listening() as flooded:
                ends: set[asyncio.Future[Any]] = {waiting, flooded, time_is_up}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                output.drain()
                ending = ChildEnding.EXITED
            if output.is_over:
                ending = ChildEnding.FLOODED
        finally:
            time_is_up.cancel()
            duration_ms = round((clock() - begin) * 1000)
            if is_supervisor and not waiting.done():
                child.terminate()
                await asyncio.shield(asyncio.wait({waiting}, timeout=_END_S))
            if not (may_leave_agents and ending is ChildEnding.EXITED):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
            for name, value in mark.items():
                await asyncio.shield(asyncio.to_thread(_kill_marked, f"{name}={value}".encode()))
            code = await asyncio.shield(waiting)
        output.drain()
    finally:
        os.close(reading)
    if output.is_over:
        ending = ChildEnding.FLOODED
    return ChildReport(
        ending=ending,
        exit_code=code if ending is ChildEnding.EXITED else None,
        duration_ms=duration_ms,
        output_bytes=output.size,
        output_sha256=output.digest.hexdigest() if output.digest else "",
        tail=bytes(output.tail),
    )


def _limit(process: int, memory_bytes: int | None, more_processes: int | None) -> None:
    """Limit a child that has just started, and everything that it will start.

    Memory is counted when written to (RLIMIT_DATA), not when reserved, which Java and JavaScript do by the gigabyte.
    """
    if not hasattr(resource, "prlimit"):
        return
    limits = {resource.RLIMIT_DATA: memory_bytes}
    if more_processes is not None:
        limits[resource.RLIMIT_NPROC] = own_processes() + more_processes
    with contextlib.suppress(ProcessLookupError):
        for kind, most in limits.items():
            if most is not None:
                hard = resource.prlimit(process, kind)[1]
                least = most if hard == resource.RLIM_INFINITY else min(hard, most)
                resource.prlimit(process, kind, (least, least))


def own_processes() -> int:
    """Return how many threads and processes the user has, as the kernel counts them for RLIMIT_NPROC."""
    count = 0
    for tasks in Path("/proc").glob("[0-9]*/task"):
        with contextlib.suppress(OSError):
            if tasks.stat().st_uid == os.getuid():
                count += len(os.listdir(tasks))  # noqa: PTH208  # names only, as entries may disappear meanwhile
    return count


@contextlib.contextmanager
def _opened(given: Path | bytes | None) -> Iterator[int]:
    if isinstance(given, bytes):
        descriptor, feeding = os.pipe()
        os.write(feeding, given)  # fits into the pipe, so it never blocks
        os.close(feeding)
    else:
        descriptor = os.open(given or os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Output:
    """A child's output, read as it comes: counted, and its end kept."""

    def __init__(self, reading: int, limit: int, tail: int, *, is_hashed: bool) -> None:
        os.set_blocking(reading, False)
        self._reading, self._limit, self._kept = reading, limit, tail
        self.size = 0
        self.digest = hashlib.sha256() if is_hashed else None
        self.tail = bytearray()

    @property
    def is_over(self) -> bool:
        return self.size >= self._limit

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Future[None]]:
        """Read as the output comes; the future is done when there is too much."""
        loop = asyncio.get_running_loop()
        flooded: asyncio.Future[None] = loop.create_future()

        def take() -> None:
            if not self._take():
                loop.remove_reader(self._reading)
            if self.is_over and not flooded.done():
                loop.remove_reader(self._reading)
                flooded.set_result(None)

        loop.add_reader(self._reading, take)
        try:
            yield flooded
        finally:
            loop.remove_reader(self._reading)

    def drain(self) -> None:
        """Read what is still in the pipe, without waiting for a process that holds it open."""
        while not self.is_over and self._take():
            pass

    def _take(self) -> bool:
        """Read one piece; False if there is nothing more."""
        try:
            piece = os.read(self._reading, min(_PIECE, self._limit - self.size))
        except BlockingIOError:
            return False
        self.size += len(piece)
        if self.digest is not None:
            self.digest.update(piece)
        self.tail += piece
        del self.tail[: -self._kept]
        return bool(piece)


def _kill_marked(mark: bytes) -> None:
    """Kill the processes that carry a mark, and those that they start meanwhile."""
    for _ in range(_ROUNDS):
        left, unread = marked_processes(mark)
        for process in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not left and not unread:
            return
        if not left:
            time.sleep(_ROUND_S)


def marked_processes(mark: bytes, processes: Path = Path("/proc")) -> tuple[list[int], list[int]]:
    """Find the processes that carry a mark in their environment; none if the system does not tell.

    A process that is just becoming another program has neither an environment nor arguments to read, though it has a
    program: it may get the mark, so whoever asks has to ask again.

    Args:
        mark: The variable as `NAME=value`.
        processes: What the kernel tells of each process.

    Returns:
        The processes with the mark, and those that cannot be read yet.

    """
    found, unread = [], []
    for entry in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes()
            if mark in variables.split(b"\0"):
                found.append(int(entry.name))
            elif not variables and not (entry / "cmdline").read_bytes():
                (entry / "exe").readlink()  # fails of one that has ended, and of a thread of the kernel
                unread.append(int(entry.name))
    return found, unread


_PASSED_ON = ("HOME", "PATH", "PYTHON", "LD_", "DYLD_")
"""What a Python needs to start; a token in a variable is none of it."""


@dataclass(frozen=True, slots=True)
class Talking:
    """A process that is asked on its stdin and answers on its stdout."""

    process: asyncio.subprocess.Process
    given: asyncio.StreamWriter
    answered: asyncio.StreamReader

    def write_line(self, line: bytes) -> None:
        """Ask. The process need not be waiting."""
        self.given.write(line + b"\n")

    async def read_line(self) -> bytes | None:
        """Return its next answer; None if it has ended."""
        line = await self.answered.readline()
        return line if line.endswith(b"\n") else None

    async def end(self) -> None:
        """End the process at once, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def start_python(module: str, *arguments: str, limit_bytes: int) -> Talking:
    """Start a module of this program, which ends when its stdin does.

    Args:
        module: Its name.
        arguments: Its arguments.
        limit_bytes: The longest line that it answers.

    Raises:
        OSError: It cannot be started.

    """
    environment = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, *arguments,
        stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, limit=limit_bytes, env=environment,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise OSError("a process has no pipes")
    return Talking(process, process.stdin, process.stdout)
