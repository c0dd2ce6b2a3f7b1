"""The one bounded child: what it is given, what of its output is kept, and what may outlive it."""

import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest
from support.waiting import HANG_S

from console.services.system.process import ChildEnding, ChildReport, marked_processes, run_bounded

OUTPUT = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"]).encode()


async def run(code: str, given: Path | bytes | None = None, *, limit_bytes: int = 1000, **options: bool) -> ChildReport:
    return await run_bounded(
        (sys.executable, "-I", "-S", "-c", code),
        environment={},
        timeout_s=HANG_S,
        limit_bytes=limit_bytes,
        given=given,
        **options,
    )


async def test_what_it_reads_comes_over_a_pipe_or_from_a_file_or_is_nothing(tmp_path: Path) -> None:
    echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    file = tmp_path / "given"
    file.write_bytes(OUTPUT)
    assert [(await run(echo, given)).tail for given in (OUTPUT, file, None)] == [OUTPUT, OUTPUT, b""]


async def test_a_report_of_a_secret_output_says_nothing_of_it() -> None:
    """Neither the output nor its length nor a hash of it, unless the caller asked for the hash."""
    code = f"print({OUTPUT.decode()!r}, end='')"
    report = await run(code)
    assert (report.tail, report.output_sha256) == (OUTPUT, "")
    assert OUTPUT.decode() not in repr(report)
    assert "bytes" not in repr(report)
    assert (await run(code, is_hashed=True)).output_sha256 == hashlib.sha256(OUTPUT).hexdigest()


@pytest.mark.parametrize("is_stderr_kept", [True, False])
async def test_stderr_is_output_only_where_it_is_asked_for(is_stderr_kept: bool) -> None:
    report = await run("import sys; print('words', file=sys.stderr)", is_stderr_kept=is_stderr_kept)
    assert report.tail == (b"words\n" if is_stderr_kept else b"")
    assert report.is_success


@pytest.mark.parametrize(("limit", "ending"), [(100, ChildEnding.FLOODED), (101, ChildEnding.EXITED)])
async def test_the_limit_is_the_first_size_that_is_too_much(limit: int, ending: ChildEnding) -> None:
    report = await run("print('x' * 100, end='')", limit_bytes=limit)
    assert (report.ending, report.is_success) == (ending, ending is ChildEnding.EXITED)


@pytest.mark.parametrize("may_leave_agents", [True, False])
async def test_what_it_started_lives_on_only_where_it_may(tmp_path: Path, may_leave_agents: bool) -> None:
    """The agent stays in the process group and holds a pipe open, whose end says that the agent is gone."""
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    code = (
        "import os, signal\n"
        f"held = os.open({str(fifo)!r}, os.O_WRONLY)\n"
        "agent = os.fork()\n"
        "signal.pause() if agent == 0 else print(agent)\n"
    )
    report = await run(code, may_leave_agents=may_leave_agents)
    os.set_blocking(reading, not may_leave_agents)
    try:
        if may_leave_agents:
            with pytest.raises(BlockingIOError):  # the agent still has the pipe open
                os.read(reading, 1)
            os.kill(int(report.tail), signal.SIGKILL)
        else:
            assert os.read(reading, 1) == b""
    finally:
        os.close(reading)


async def test_no_agent_outlives_what_wrote_too_much(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    code = f"import os\nheld = os.open({str(fifo)!r}, os.O_WRONLY)\nos.fork()\nwhile True: print('x' * 100)"
    report = await run(code, may_leave_agents=True)
    os.set_blocking(reading, True)
    assert (report.ending, os.read(reading, 1)) == (ChildEnding.FLOODED, b"")
    os.close(reading)


def test_a_process_that_is_becoming_another_program_is_not_taken_for_one_without_the_mark(tmp_path: Path) -> None:
    """While a program is exchanged the kernel shows no environment: a grandchild would escape its killing there."""

    def process(name: str, environ: bytes, cmdline: bytes, *, has_program: bool) -> None:
        entry = tmp_path / name
        entry.mkdir()
        (entry / "environ").write_bytes(environ)
        (entry / "cmdline").write_bytes(cmdline)
        if has_program:
            (entry / "exe").symlink_to("/bin/true")

    process("11", b"A=1\0MARK=m\0", b"true\0", has_program=True)
    process("12", b"A=1\0", b"true\0", has_program=True)
    process("13", b"", b"", has_program=True)  # becoming another program
    process("14", b"", b"", has_program=False)  # a thread of the kernel, or a process that has ended
    process("15", b"", b"true\0", has_program=True)  # has an empty environment
    assert marked_processes(b"MARK=m", tmp_path) == ([11], [13])
