"""The operator's own commands with real processes: what they know, what they may, and what is left of them: nothing."""

import asyncio
import hashlib
import os
import select
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.waiting import HANG_S

from console.services.checks.policy_command import CommandEnd, CommandEnding, run_command, shown_tail

KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/home/of-the-operator"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("files", "home", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


async def never(_: float) -> None:
    """Let no time pass."""
    await asyncio.Event().wait()


async def run(
    tree: Path,
    command: str,
    *,
    limit_bytes: int = 1_000_000,
    clock: Callable[[], float] = lambda: 0.0,
    sleep: Callable[[float], Awaitable[None]] = never,
    **environment: str,
) -> CommandEnd:
    """Run a command whose time is up when `sleep` returns."""
    return await run_command(
        1,
        command,
        directory=tree / "files",
        home=tree / "home",
        temporary=tree / "tmp",
        environment=ENVIRONMENT | environment,
        timeout_s=20.0,
        limit_bytes=limit_bytes,
        clock=clock,
        sleep=sleep,
    )


def python(code: str) -> str:
    return shlex.join([sys.executable, "-I", "-c", code])


def ended(process: int) -> bool:
    """Wait for a process to end; one that is gone did."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], HANG_S)[0])
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("code", [0, 1, 3, 126])
async def test_the_exit_code_is_the_programs_own(tree: Path, code: int) -> None:
    result = (await run(tree, python(f"raise SystemExit({code})"))).result
    assert (result.ending, result.exit_code, result.is_passed) == (CommandEnding.EXITED, code, code == 0)


async def test_a_signal_is_a_negative_exit_code(tree: Path) -> None:
    result = (await run(tree, python("import os; os.kill(os.getpid(), 15)"))).result
    assert (result.exit_code, result.is_passed) == (-15, False)


async def test_size_and_hash_are_of_both_streams(tree: Path) -> None:
    code = "import sys; print('out', flush=True); print('error', file=sys.stderr)"
    done = await run(tree, python(code))
    assert done.result.output_bytes == 10
    assert done.result.output_sha256 == hashlib.sha256(b"out\nerror\n").hexdigest()
    assert done.tail == "out\nerror\n"


async def test_a_result_holds_nothing_of_the_output_or_the_arguments(tree: Path) -> None:
    done = await run(tree, python("print('of the output')"))
    assert "of the output" not in repr(done)
    assert done.result.name == Path(sys.executable).name


async def test_the_environment_is_an_allow_list(tree: Path) -> None:
    code = "import os; print('\\n'.join(sorted(os.environ)))"
    done = await run(tree, python(code), MODEL_GATEWAY_TOKEN=KEY, SSH_AUTH_SOCK="/x", PYTHONPATH="/x", GIT_DIR="/x")
    assert set(done.tail.split()) == {
        *("PATH", "LANG", "HOME", "TMPDIR", "TERM", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"),
        *("GIT_CEILING_DIRECTORIES", "GIT_TERMINAL_PROMPT", "GATEWAY_CONSOLE_CHILD"),
    }


async def test_no_token_of_the_environment_is_seen_by_the_command_or_its_children(tree: Path) -> None:
    found = tree / "found"
    code = (
        f"import os,subprocess,sys; open({str(found)!r},'w').write(str(dict(os.environ))+subprocess.getoutput('env'))"
    )
    await run(tree, python(code), MODEL_GATEWAY_TOKEN=KEY, OTHER=f"Bearer {KEY}")
    assert KEY not in found.read_text()
    assert "PATH" in found.read_text()


async def test_home_and_temporary_directory_are_empty_ones_of_its_own(tree: Path) -> None:
    code = "import os, tempfile; print(os.path.expanduser('~'), tempfile.gettempdir(), os.getcwd())"
    assert (await run(tree, python(code))).tail.split() == [str(tree / name) for name in ("home", "tmp", "files")]


async def test_a_relative_step_of_the_path_finds_no_program_of_the_tree(tree: Path) -> None:
    planted = tree / "files" / "planted"
    planted.write_text("#!/bin/sh\n")
    planted.chmod(0o755)
    done = await run(tree, "planted", PATH=f".::{os.environ['PATH']}")
    assert done.result.ending is CommandEnding.NOT_FOUND
    assert (await run(tree, "./planted")).result.is_passed


async def test_stdin_is_empty_and_no_terminal(tree: Path) -> None:
    code = "import os, sys; print(repr(sys.stdin.read()), os.isatty(0), os.getsid(0) == os.getpid())"
    assert (await run(tree, python(code))).tail == "'' False True\n"


async def test_no_shell_reads_the_command(tree: Path) -> None:
    done = await run(tree, "printf %s a;touch${IFS}x $(id) > y")
    assert done.tail.startswith("a;touch${IFS}x")
    assert list((tree / "files").iterdir()) == []


@pytest.mark.parametrize("command", ["", "   ", "'", '"open', "''", "a\0b"])
async def test_what_is_no_command_is_unreadable(tree: Path, command: str) -> None:
    assert (await run(tree, command)).result.ending is CommandEnding.UNREADABLE


@pytest.mark.parametrize("command", ["no-such-program --x", "./missing", "/", "/etc/passwd", "../files"])
async def test_what_is_no_program_is_not_found(tree: Path, command: str) -> None:
    assert (await run(tree, command)).result.ending is CommandEnding.NOT_FOUND


async def test_a_program_that_cannot_be_executed_fails(tree: Path) -> None:
    broken = tree / "files" / "broken"
    broken.write_bytes(b"\x7fELF broken")
    broken.chmod(0o755)
    result = (await run(tree, "./broken")).result
    assert (result.exit_code, result.is_passed) == (126, False)


async def test_a_name_that_looks_like_a_secret_is_not_recorded(tree: Path) -> None:
    assert (await run(tree, KEY)).result.name == "program"


GRANDCHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"], start_new_session={session})
print("began", flush=True)
open({pipe!r}, "w").write(str(child.pid))
{then}
"""


@pytest.fixture
def pipe(tree: Path) -> Path:
    """Make a pipe through which a command says how far it has come."""
    os.mkfifo(tree / "pipe")
    return tree / "pipe"


@pytest.mark.parametrize("session", [False, True], ids=["in its group", "in a session of its own"])
@pytest.mark.parametrize("is_over", [True, False], ids=["when time is up", "when it ends"])
async def test_grandchildren_are_killed(tree: Path, pipe: Path, session: bool, is_over: bool) -> None:
    born = asyncio.create_task(asyncio.to_thread(pipe.read_text))

    async def sleep(_: float) -> None:
        await asyncio.shield(born)
        if not is_over:
            await asyncio.Event().wait()

    code = GRANDCHILD.format(session=session, pipe=str(pipe), then="time.sleep(600)" if is_over else "os._exit(0)")
    done = await run(tree, python(code), sleep=sleep)
    assert done.result.ending is (CommandEnding.TIMED_OUT if is_over else CommandEnding.EXITED)
    assert done.tail == "began\n"
    assert ended(int(await born))


async def test_a_flood_is_capped_and_killed(tree: Path) -> None:
    done = await run(tree, "yes flood", limit_bytes=100_000)
    assert (done.result.ending, done.result.exit_code) == (CommandEnding.FLOODED, None)
    assert done.result.output_bytes == 100_000
    assert len(done.tail) <= 4_000


async def test_a_program_that_ignores_signals_and_closes_its_output_ends_when_time_is_up(
    tree: Path, pipe: Path
) -> None:
    now_s, asked = [5.0], []

    async def sleep(seconds: float) -> None:
        await asyncio.to_thread(pipe.read_text)
        asked.append(seconds)
        now_s[0] += seconds

    deaf = "[signal.signal(number, signal.SIG_IGN) for number in (1, 2, 15)]"
    code = f"import os, signal, time; {deaf}; os.close(1); os.close(2); open({str(pipe)!r}, 'w'); time.sleep(600)"
    result = (await run(tree, python(code), clock=lambda: now_s[0], sleep=sleep)).result
    assert (result.ending, result.exit_code, result.output_bytes) == (CommandEnding.TIMED_OUT, None, 0)
    assert (asked, result.duration_ms) == ([20.0], 20_000)


async def test_a_caller_who_leaves_takes_the_command_along(tree: Path, pipe: Path) -> None:
    code = GRANDCHILD.format(session=True, pipe=str(pipe), then="time.sleep(600)")
    running = asyncio.create_task(run(tree, python(code)))
    grandchild = int(await asyncio.to_thread(pipe.read_text))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended(grandchild)


async def test_no_core_file_is_written(tree: Path) -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert (await run(tree, python(code))).tail == "(0, 0)\n"


async def test_no_signal_is_ignored_that_a_shell_would_not_ignore(tree: Path) -> None:
    done = await run(tree, "grep SigIgn /proc/self/status")
    assert int(done.tail.split()[-1], 16) == 0


def test_the_tail_is_safe_scrubbed_and_short() -> None:
    output = f"{'x' * 10_000}\n\x1b]52;c;AAAA\x07 \u202e token {KEY}\n".encode() + b"\xff\n"
    tail = shown_tail(output)
    assert KEY not in tail
    assert not set("\x1b\x07\u202e") & set(tail)
    assert "token •••" in tail
    assert len(tail) <= 4_000


def test_the_tail_is_the_last_forty_lines() -> None:
    assert shown_tail("".join(f"{n}\n" for n in range(100)).encode()).split() == [str(n) for n in range(60, 100)]


def test_a_key_that_is_cut_by_the_tails_beginning_is_not_shown() -> None:
    for cut in range(1, len(KEY)):
        assert KEY[-6:] not in shown_tail(f"{KEY[cut:]} more\nnext\n".encode(), is_cut=True)


def test_a_key_at_the_edge_of_what_is_shown_is_not_shown() -> None:
    for cut in range(1, len(KEY)):
        rest = "\n".join(["."] * ((4_000 - cut) // 2))
        assert KEY[-6:] not in shown_tail(f"{'y ' * 3000}{KEY}\n{rest}".encode())


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux bounds a child from outside")
async def test_memory_and_processes_are_bounded(tree: Path) -> None:
    told = await run(
        tree, python("import resource as r; print(r.getrlimit(r.RLIMIT_DATA)[0], r.getrlimit(r.RLIMIT_NPROC)[0])")
    )
    memory, processes = map(int, told.tail.split())
    assert memory == 4 * 1024**3
    assert 512 < processes < 512 + 100_000
    greedy = await run(tree, python("bytearray(5 * 1024**3)"))
    assert (greedy.result.ending, greedy.result.exit_code) == (CommandEnding.EXITED, 1)
    assert "MemoryError" in greedy.tail
