"""The operator's own commands from the policy, run on a patched tree: with limits, and without any token.

Such a command runs code that a model wrote. It gets a minimal environment, an empty home, an empty stdin and limits on
time, output, memory, processes, file size and core files. This is not a sandbox: the command runs as the operator, and
can reach the network and the operator's files. If you need a sandbox, run the console in a container.
"""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.services.system.leak_guard import LEAK_GUARD
from console.services.system.process import ChildEnding, run_bounded

_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_SHOWN_CHARACTERS = 4_000
_SHOWN_LINES = 40
_TAIL_BYTES = 65_536
_FILE_BYTES = 2_000_000_000
_MEMORY_BYTES = 4 * 1024**3
_PROCESSES = 512
_LIMITS = """
import os, resource, signal, sys
for name, most in (("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", int(sys.argv[1])), ("RLIMIT_CPU", int(sys.argv[2]))):
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(hard, most)
    resource.setrlimit(kind, (most, most))
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
try:
    os.execv(sys.argv[3], sys.argv[4:])
except OSError:
    sys.exit(126)
"""
"""Sets the limits, then execs the program: no Python may run between fork and exec in a process with threads."""


class CommandEnding(StrEnum):
    """How a command ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    FLOODED = "flooded"
    """It wrote too much and was killed."""
    NOT_FOUND = "not_found"
    """The program does not exist, or cannot be started."""
    UNREADABLE = "unreadable"
    """The policy's line is not a command: empty, or its quotes do not match."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What may be recorded of a command: never its output."""

    number: int
    """Its position in the policy, counted from 1."""
    name: str
    """The program's name without its directory and arguments."""
    ending: CommandEnding
    exit_code: int | None = None
    """Negative if a signal ended it; None if it did not end by itself."""
    duration_ms: int = 0
    output_bytes: int = 0
    output_sha256: str = ""
    with_base_tests: bool = False
    """Whether it ran with the repository's own copy of the test files that the draft touches."""

    @property
    def is_passed(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.ending is CommandEnding.EXITED and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """A command's result, and the end of its output to display."""

    result: CommandResult
    tail: str = field(repr=False)
    """The last lines, scrubbed and safe to show; no line of the ledger holds them."""


async def run_command(
    number: int,
    command: str,
    *,
    directory: Path,
    home: Path,
    temporary: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    limit_bytes: int,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> CommandEnd:
    """Run one command of the policy; whatever it does, this returns a result.

    Args:
        number: Its position in the policy, counted from 1.
        command: The policy's line, split into words as a shell would, but run without one.
        directory: The patched tree.
        home: An empty directory for its home.
        temporary: An empty directory for its temporary files.
        environment: The console's environment; the command gets only PATH and the locale from it.
        timeout_s: The longest that it may take, in seconds.
        limit_bytes: The most bytes that it may write to stdout and stderr.
        clock: A monotonic clock in seconds.
        sleep: Sleeps for a number of seconds; when it returns, the time is up.

    """
    argv = _split(command)
    if not argv:
        return CommandEnd(CommandResult(number, "", CommandEnding.UNREADABLE), "")
    name = _recordable(argv[0])
    own = clean_environment(environment, home=home, temporary=temporary)
    program = _program(argv[0], directory, own["PATH"])
    if program is None:
        return CommandEnd(CommandResult(number, name, CommandEnding.NOT_FOUND), "")
    cpu_s = int(timeout_s * (os.cpu_count() or 1)) + 1
    try:
        report = await run_bounded(
            (sys.executable, "-I", "-S", "-c", _LIMITS, str(_FILE_BYTES), str(cpu_s), program, *argv),
            environment=own,
            directory=directory,
            timeout_s=timeout_s,
            limit_bytes=limit_bytes,
            tail_bytes=_TAIL_BYTES,
            is_stderr_kept=True,
            is_hashed=True,
            is_marked=True,
            memory_bytes=_MEMORY_BYTES,
            more_processes=_PROCESSES,
            clock=clock,
            sleep=sleep,
        )
    except (OSError, ValueError):
        return CommandEnd(CommandResult(number, name, CommandEnding.NOT_FOUND), "")
    result = CommandResult(
        number=number,
        name=name,
        ending=_ENDINGS[report.ending],
        exit_code=report.exit_code,
        duration_ms=report.duration_ms,
        output_bytes=report.output_bytes,
        output_sha256=report.output_sha256,
    )
    return CommandEnd(result, shown_tail(report.tail, is_cut=report.output_bytes > len(report.tail)))


_ENDINGS = {
    ChildEnding.EXITED: CommandEnding.EXITED,
    ChildEnding.TIMED_OUT: CommandEnding.TIMED_OUT,
    ChildEnding.FLOODED: CommandEnding.FLOODED,
}


def clean_environment(environment: Mapping[str, str], *, home: Path, temporary: Path) -> dict[str, str]:
    """Return a command's whole environment: an allow-list, so a new token variable stays out without a rule for it."""
    steps = environment.get("PATH", os.defpath).split(os.pathsep)
    return {
        **{name: environment[name] for name in _KEPT if name in environment},
        "PATH": os.pathsep.join(step for step in steps if step.startswith("/")),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "TERM": "dumb",
        "NO_COLOR": "1",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def shown_tail(output: bytes, *, is_cut: bool = False) -> str:
    """Return the last lines of an output from outside, without this process's tokens, scrubbed and safe to show.

    It is scrubbed before it is cut to size, and a line whose beginning is missing is dropped: the rest of a key
    would not be recognised.
    """
    if is_cut:
        output = output.partition(b"\n")[2]
    text = output.decode(errors="replace").replace("\r\n", "\n").replace("\t", "    ")
    text = scrub(safe(LEAK_GUARD.redact(text), keep_lines=True))
    if len(text) > _SHOWN_CHARACTERS:
        text = text[-_SHOWN_CHARACTERS:].partition("\n")[2]
    return "".join(text.splitlines(keepends=True)[-_SHOWN_LINES:])


def _split(command: str) -> Sequence[str]:
    try:
        argv = shlex.split(command)
    except ValueError:
        return ()
    return argv if argv and argv[0] and "\0" not in command else ()


def _program(name: str, directory: Path, path: str) -> str | None:
    """Return a program's path; a name with a slash is looked up in the patched tree."""
    if "/" in name:
        found = directory / name
        return str(found) if found.is_file() and os.access(found, os.X_OK) else None
    return shutil.which(name, path=path)


def _recordable(program: str) -> str:
    name = program.rpartition("/")[2]
    return name if scrub(safe(name)) == name and len(name) <= 64 else "program"
