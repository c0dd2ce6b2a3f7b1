"""cmd: references, with real child processes: what they are given, and how each of them ends."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from support.waiting import HANG_S

from console.domain.tokens.secret import Secret
from console.domain.tokens.state import TokenState
from console.services.tokens.command import ask_command
from console.services.tokens.reference import Reference, Scheme
from console.services.tokens.stores.store import StoreError

TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk"])
KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])


def program(*argv: str) -> Reference:
    return Reference(Scheme.CMD, argv=argv)


def python(code: str) -> Reference:
    return program(sys.executable, "-I", "-c", code)


async def ask(reference: Reference, **environment: str) -> Secret | None:
    return await ask_command(reference, {"PATH": os.environ["PATH"]} | environment, timeout_s=HANG_S)


async def refusal(reference: Reference) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await ask(reference)
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
            await ask(program("token-helper"), PATH=path)
    assert await ask(program("token-helper"), PATH=str(tmp_path)) == Secret(TOKEN)


class Time:
    """The time of a program, which is up when a test says so."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []
        self.is_up = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked_s.append(seconds)
        await self.is_up.wait()


def waiting_program(tmp_path: Path) -> tuple[Reference, Path]:
    """Return a program that waits for ever once it has written its process id, and where it writes it."""
    pid = tmp_path / "pid"
    code = f"import os, signal, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid())); signal.pause()\n"
    return python(code), pid


async def begun(pid: Path) -> int:
    """Wait until a program has written its process id."""
    while not (pid.exists() and pid.read_text()):
        await asyncio.sleep(0)
    return int(pid.read_text())


async def test_a_program_that_does_not_end_is_a_timeout_and_is_gone(tmp_path: Path) -> None:
    reference, pid_file = waiting_program(tmp_path)
    time = Time()
    asking = asyncio.create_task(ask_command(reference, {"PATH": os.environ["PATH"]}, sleep=time.sleep))
    pid = await begun(pid_file)
    time.is_up.set()
    with pytest.raises(StoreError) as caught:
        await asking
    assert (caught.value.state, time.asked_s) == (TokenState.TIMEOUT, [10.0])
    assert not Path(f"/proc/{pid}").exists()


async def test_a_grandchild_that_keeps_the_output_open_holds_nothing_up(tmp_path: Path) -> None:
    """As an agent does that the program starts; no time is given here that could pass."""
    pid = tmp_path / "pid"
    code = (
        "import os, pathlib, signal\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "    signal.pause()\n"
        f"while not pathlib.Path({str(pid)!r}).exists():\n"
        "    pass\n"
        f"print({TOKEN!r})\n"
    )
    secret = await ask_command(python(code), {"PATH": os.environ["PATH"]}, sleep=Time().sleep)
    os.kill(await begun(pid), signal.SIGKILL)
    assert secret == Secret(TOKEN)


async def test_the_time_of_a_program_runs_by_itself(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        await ask_command(waiting_program(tmp_path)[0], {"PATH": os.environ["PATH"]}, timeout_s=0.01)
    assert (caught.value.state, caught.value.reason) == (TokenState.TIMEOUT, "the program did not end within 0.01 s")


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    reference, pid_file = waiting_program(tmp_path)
    asking = asyncio.create_task(ask(reference))
    pid = await begun(pid_file)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not Path(f"/proc/{pid}").exists()


async def test_a_program_that_prints_without_end_is_refused() -> None:
    """It never ends by itself, so that only what it printed can be the reason."""
    assert (await refusal(python("while True: print('x' * 4096)"))).state is TokenState.REFUSED


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
