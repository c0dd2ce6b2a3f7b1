"""A program that is held: what it cannot write, read and reach, and that nothing of it outlives it or the console."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.gateway.servers import unused_port
from support.system.held import WAYS, require
from support.waiting import HANG_S

from console.domain.run.agent_event import FileGuard, NetworkGuard
from console.services.system.confined_child import NOT_HELD, landlock_version
from console.services.system.confinement import Confinement, confined, find_isolation
from console.services.system.process import ChildReport, run_bounded

SEARCH = {"PATH": os.environ["PATH"]}
PYTHON = str(Path(sys.executable).resolve())


@dataclass
class Place:
    """A machine in a directory: an operator's home, and a workplace for what is held."""

    home: Path
    work: Path
    installed: Path
    may: Confinement

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.work), "TMPDIR": str(self.work), "LANG": "C.UTF-8"}

    def argv(self, script: str, *arguments: str) -> tuple[str, ...]:
        """Return the command line that runs a Python script held."""
        (self.work / "script.py").write_text(script)
        return confined((PYTHON, str(self.work / "script.py"), *arguments), self.may, SEARCH)

    async def run(self, script: str, *arguments: str) -> ChildReport:
        return await run_bounded(
            self.argv(script, *arguments),
            environment=self.environment,
            directory=self.work,
            timeout_s=HANG_S,
            limit_bytes=1_000_000,
            is_stderr_kept=True,
            is_marked=True,
            is_supervisor=True,
        )


@pytest.fixture(params=WAYS, ids=str)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    home, work, installed = (tmp_path / name for name in ("home", "work", "installed"))
    for each in (home, work, installed):
        each.mkdir()
    (home / "secret").write_text("the operator's")
    (installed / "tool").write_text("read me")
    return Place(home, work, installed, Confinement((work,), (installed,), (home,), None, 600, require(request.param)))


PROBE = """
import json, os, socket, sys
home, work, installed, outside, parent, open_port, other_port = sys.argv[1:]
said = {}
def tries(name, action):
    try:
        said[name] = action()
    except OSError as error:
        said[name] = type(error).__name__
def connects(port):
    with socket.create_connection(("127.0.0.1", int(port))):
        return "ok"
def writes(path):
    with open(path, "w") as file:
        file.write("x")
    return "ok"
def reads(path):
    with open(path, "rb") as file:
        return "ok" if file.read() else "empty"
tries("own", lambda: writes(work + "/own"))
tries("null", lambda: writes("/dev/null"))
tries("tool", lambda: reads(installed + "/tool"))
tries("library", lambda: reads(os.__file__))
tries("home", lambda: reads(home + "/secret"))
tries("list", lambda: os.listdir(home) and "ok")
tries("write home", lambda: writes(home + "/planted"))
tries("write tool", lambda: writes(installed + "/tool"))
tries("write outside", lambda: writes(outside))
tries("rename", lambda: os.rename(work + "/own", outside) or "ok")
tries("link", lambda: os.link(home + "/secret", work + "/link") or "ok")
tries("environ", lambda: reads(f"/proc/{parent}/environ"))
tries("memory", lambda: open(f"/proc/{parent}/mem", "rb") and "ok")
tries("relay", lambda: connects(open_port))
tries("elsewhere", lambda: connects(other_port))
tries("mount", lambda: os.unshare(0x00020000) or "ok" if hasattr(os, "unshare") else "OSError")
print(json.dumps(said))
"""
ALLOWED = {"own", "null", "tool", "library", "relay"}


async def test_what_is_held_reaches_its_own_and_nothing_else(place: Place, tmp_path: Path) -> None:
    outside = Path("/dev/shm") / f"gateway-console-test-{os.getpid()}"  # a place that no rule hides
    listening = [unused_port() for _ in range(2)]
    for each in listening:
        each.listen()
    own, other = (str(each.getsockname()[1]) for each in listening)
    place.may = replace(place.may, port=int(own))
    directories = (str(place.home), str(place.work), str(place.installed), str(outside))
    try:
        report = await place.run(PROBE, *directories, str(os.getpid()), own, other)
        assert report.exit_code == 0, report.tail.decode()
        said = json.loads(report.tail)
        is_planted = outside.exists()
    finally:
        outside.unlink(missing_ok=True)
        for each in listening:
            each.close()
    assert {name: said[name] for name in ALLOWED} == dict.fromkeys(ALLOWED, "ok")
    if place.may.isolation.files is FileGuard.NONE:
        assert said["home"] == "ok"  # which the record says
        return
    unheld = {"elsewhere"} if place.may.isolation.network is NetworkGuard.NONE else set()
    own_tmpfs = {"write outside", "write home", "rename"}  # bubblewrap: in memory that is gone with it
    others = said.keys() - ALLOWED - unheld - own_tmpfs
    assert [name for name in others if said[name] == "ok"] == []
    assert not is_planted
    assert sorted(path.name for path in place.home.iterdir()) == ["secret"]
    assert (place.installed / "tool").read_text() == "read me"


async def test_the_program_keeps_its_exit_code_its_arguments_and_its_output(place: Place) -> None:
    report = await place.run("import sys; print(sys.argv[1:]); sys.stderr.write('!'); sys.exit(3)", "a b", "$HOME", "")
    assert (report.exit_code, report.tail) == (3, b"['a b', '$HOME', '']\n!") or report.tail.endswith(b"'']\n")


async def test_a_program_that_a_signal_ends_says_so_as_a_shell_does(place: Place) -> None:
    report = await place.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert report.exit_code == 128 + signal.SIGKILL


async def test_what_cannot_be_held_is_not_started(place: Place, tmp_path: Path) -> None:
    place.work.joinpath("script.py").touch()
    for program in ((str(tmp_path / "absent"),), (str(place.work / "script.py"),)):
        report = await run_bounded(
            confined(program, place.may, SEARCH), environment={}, timeout_s=HANG_S, limit_bytes=99_999,
            is_supervisor=True,
        )  # fmt: skip
        assert report.exit_code == NOT_HELD


# --- Nothing is left -------------------------------------------------------------------------------------------------

FAMILY = """
import os, signal, sys
pipe, then = sys.argv[1:]
telling = os.open(pipe, os.O_WRONLY)
os.set_inheritable(telling, True)
last = f"import os, signal; os.write({telling}, b'here'); signal.pause()"
for generation in range(3):  # each in a session of its own, and the parent of the next
    if os.fork():
        break
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if generation == 2:
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", last], {"PATH": "/"})
if then == "ends" and generation == 0:
    with open(pipe + ".go") as go:
        go.read()
    sys.exit(0)
signal.pause()
"""
"""A program with a child, a grandchild and one more, which has left every group and cleared its environment."""


@dataclass
class Pipe:
    """A pipe that every process of the program holds open."""

    path: Path
    descriptor: int

    def has_ended(self) -> bool:
        """Return whether no process holds it any more."""
        try:
            return os.read(self.descriptor, 1) == b""
        except BlockingIOError:
            return False

    async def read(self) -> bytes:
        """Return what comes next; nothing if no process can say anything any more."""
        loop = asyncio.get_running_loop()
        come = asyncio.Event()
        loop.add_reader(self.descriptor, come.set)
        try:
            await come.wait()
        finally:
            loop.remove_reader(self.descriptor)
        return os.read(self.descriptor, 64)


@pytest.fixture
def pipe(place: Place) -> Pipe:
    path = place.work / "pipe"
    os.mkfifo(path)
    os.mkfifo(f"{path}.go")
    return Pipe(path, os.open(path, os.O_RDONLY | os.O_NONBLOCK))


async def test_nothing_outlives_a_program_that_ends(place: Place, pipe: Pipe) -> None:
    running = asyncio.create_task(place.run(FAMILY, str(pipe.path), "ends"))
    assert await pipe.read() == b"here"
    (await asyncio.to_thread(open, f"{pipe.path}.go", "w")).close()
    report = await running
    assert (report.exit_code, pipe.has_ended()) == (0, True), report.tail


async def test_nothing_outlives_a_program_that_is_cut_off(place: Place, pipe: Pipe) -> None:
    running = asyncio.create_task(place.run(FAMILY, str(pipe.path), "stays"))
    assert await pipe.read() == b"here"
    running.cancel()
    await asyncio.wait({running})
    assert pipe.has_ended()


HOLDER = """
import asyncio, json, os, sys
from console.services.system.process import run_bounded
argv, environment, directory = json.loads(sys.argv[1])
argv[argv.index("PARENT")] = str(os.getpid())
asyncio.run(run_bounded(argv, environment=environment, directory=directory, timeout_s=600, limit_bytes=10**6,
                        is_marked=True, is_supervisor=True))
"""


async def test_nothing_outlives_a_console_that_is_killed(place: Place, pipe: Pipe) -> None:
    argv = ["PARENT" if each == str(os.getpid()) else each for each in place.argv(FAMILY, str(pipe.path), "stays")]
    job = json.dumps([argv, place.environment, str(place.work)])
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, job])
    try:
        assert await pipe.read() == b"here"
    finally:
        holder.kill()
        holder.wait()
    assert await pipe.read() == b""


async def test_nothing_starts_for_a_console_that_is_gone_already(place: Place) -> None:
    argv = [each if each != str(os.getpid()) else "1" for each in place.argv("print('started')")]
    report = await run_bounded(argv, environment={}, timeout_s=HANG_S, limit_bytes=99_999, is_stderr_kept=True)
    assert (report.exit_code, report.tail) == (NOT_HELD, b"")


async def test_what_holds_is_tried_and_not_guessed(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    without = FileGuard.LANDLOCK if landlock_version() else FileGuard.NONE
    assert (await find_isolation({"PATH": str(tmp_path)})).files is without
    assert (await find_isolation({"PATH": "/nowhere"})).files is without


async def test_a_listed_directory_around_a_hidden_one_does_not_show_it(place: Place, tmp_path: Path) -> None:
    place.may = replace(place.may, readable=(tmp_path,))
    if place.may.isolation.files is not FileGuard.NONE:
        report = await place.run(f"print(open({str(place.home / 'secret')!r}).read())")
        assert b"the operator's" not in report.tail
