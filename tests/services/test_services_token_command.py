"""cmd: references, with real child processes: what they are given, and how each of them ends."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest

from console.domain.event import TokenState
from console.domain.secret import Secret
from console.services.tokens.command import ask_command
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.store import StoreError

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])


def program(*argv: str) -> Reference:
    return Reference(Scheme.CMD, argv=argv)


def python(code: str) -> Reference:
    return program(sys.executable, "-I", "-c", code)


async def ask(reference: Reference, timeout_s: float = 10.0, **environment: str) -> Secret | None:
    return await ask_command(reference, {"PATH": os.environ["PATH"], **environment}, timeout_s=timeout_s)


async def refusal(reference: Reference, timeout_s: float = 10.0, **environment: str) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await ask(reference, timeout_s, **environment)
    return caught.value


async def test_what_a_program_prints_is_the_token() -> None:
    assert await ask(python(f"print({TOKEN!r})")) == Secret(TOKEN)


async def test_a_bare_name_is_looked_up_on_the_path() -> None:
    assert await ask(program("printf", "%s", TOKEN)) == Secret(TOKEN)


async def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    argument = f"a;touch${{IFS}}{tmp_path}/x"
    assert await ask(program("printf", "%s", argument)) == Secret(argument)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "\n", "  \n"])
async def test_a_program_that_prints_nothing_has_no_token(text: str) -> None:
    assert await ask(python(f"print({text!r}, end='')")) is None


@pytest.mark.parametrize("text", ["two words", "one\ntwo", "schlüssel"])
async def test_what_cannot_be_a_token_is_unavailable_and_not_repeated(text: str) -> None:
    error = await refusal(python(f"import sys; sys.stdout.buffer.write({text!r}.encode())"))
    assert error.state is TokenState.UNAVAILABLE
    assert text not in error.reason


async def test_a_program_that_fails_is_unavailable_whatever_it_printed() -> None:
    error = await refusal(python(f"print({TOKEN!r}); raise SystemExit(7)"))
    assert (error.state, error.reason[:32]) == (TokenState.UNAVAILABLE, "the program ended with exit code")
    assert TOKEN not in error.reason


async def test_a_program_that_is_killed_is_unavailable() -> None:
    error = await refusal(python("import os; os.kill(os.getpid(), 9)"))
    assert error.reason.startswith("the program ended with signal 9")


@pytest.mark.parametrize("name", ["no-such-program-of-any-kind", "/no/such/program", "/etc/passwd"])
async def test_a_program_that_is_not_there_is_unavailable(name: str) -> None:
    assert (await refusal(program(name))).state is TokenState.UNAVAILABLE


async def test_a_program_of_the_working_directory_is_never_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "token-helper"
    script.write_text(f"#!/bin/sh\necho {TOKEN}\n")
    script.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", f".:{os.environ['PATH']}", f":{os.environ['PATH']}"):
        with pytest.raises(StoreError):
            await ask_command(program("token-helper"), {"PATH": path})
    assert await ask_command(program("token-helper"), {"PATH": str(tmp_path)}) == Secret(TOKEN)


async def test_a_program_that_does_not_end_is_a_timeout_and_is_gone(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, signal, pathlib; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); signal.pause()"
    start = time.perf_counter()
    error = await refusal(python(code), 0.8)
    assert error.state is TokenState.TIMEOUT
    assert 0.8 <= time.perf_counter() - start < 2.0
    assert not Path(f"/proc/{pid.read_text()}").exists()


async def test_a_grandchild_that_keeps_the_output_open_ends_with_the_time(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os, signal, pathlib\n"
        "if os.fork() == 0:\n"
        f"    pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); signal.pause()\n"
    )
    error = await refusal(python(code), 0.8)
    assert error.state is TokenState.TIMEOUT
    await gone(int(pid.read_text()))


async def gone(pid: int) -> None:
    """Wait for a process's end; one that nobody waits for stays as a zombie without a command line."""
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            await asyncio.sleep(0)


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, signal, pathlib; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); signal.pause()"
    asking = asyncio.create_task(ask(python(code)))
    async with asyncio.timeout(5):
        while not (pid.exists() and pid.read_text()):
            await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not Path(f"/proc/{pid.read_text()}").exists()


async def test_a_program_that_prints_without_end_is_refused_at_once() -> None:
    start = time.perf_counter()
    error = await refusal(python("while True: print('x' * 4096)"))
    assert error.state is TokenState.REFUSED
    assert time.perf_counter() - start < 5


async def test_a_program_reads_nothing_from_stdin_and_has_no_terminal() -> None:
    code = "import os, sys; sys.stdin.read() == '' and not os.isatty(0) and print('nothing-to-read')"
    assert await ask(python(code)) == Secret("nothing-to-read")


async def test_a_program_gets_an_environment_without_tokens(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import os, json, pathlib; pathlib.Path({str(seen)!r}).write_text(json.dumps(dict(os.environ))); print('x')"
    await ask(
        python(code),
        HOME="/home/x",
        GW_TOKEN=TOKEN,
        ANTHROPIC_API_KEY=KEY,
        LD_PRELOAD="/evil.so",
        DBUS_SESSION_BUS_ADDRESS="unix:path=/run/bus",
        LANG=KEY,
    )
    environment = json.loads(seen.read_text())
    assert (environment["HOME"], environment["DBUS_SESSION_BUS_ADDRESS"]) == ("/home/x", "unix:path=/run/bus")
    assert not {"GW_TOKEN", "ANTHROPIC_API_KEY", "LD_PRELOAD", "LANG"} & set(environment)
    assert TOKEN not in seen.read_text()
    assert KEY not in seen.read_text()
