"""What keeps a token out of core files, other processes and the environment, each in a process of its own."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import HANG_S

from console.services.system.crash_report import crash_lines
from console.services.system.hardening import DEBUGGABLE

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
TOKEN = "-".join(["tk", "Qw3rTy7uIo", "PaSdFg8hJk", "LzXcVb9nMq"])

LOOK = """
def look():
    import ctypes, json, os, resource, sys
    umask = os.umask(0)
    os.umask(umask)
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
    core = resource.getrlimit(resource.RLIMIT_CORE)
    print("LOOK " + json.dumps({"core": core, "dumpable": dumpable, "umask": umask}))
"""


def run(code: str, *, home: Path | None = None, **environment: str) -> str:
    """Run code in a child with a clean environment, a permissive umask and core files allowed where they can be."""

    def allow() -> None:
        os.umask(0)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=HANG_S, preexec_fn=allow,
        stdin=subprocess.DEVNULL, cwd=home,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home or "/nonexistent")} | environment,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def looked(code: str, **more: object) -> dict[str, object]:
    (line,) = [line for line in run(LOOK + code, **more).splitlines() if line.startswith("LOOK ")]
    return dict(json.loads(line.removeprefix("LOOK ")))


HARDEN = "from console.services.system.hardening import harden\nharden()\nlook()\n"
_ALLOWED = resource.getrlimit(resource.RLIMIT_CORE)[1]


@linux_only
def test_without_it_a_process_can_be_read() -> None:
    assert looked("look()") == {"core": [_ALLOWED, _ALLOWED], "dumpable": 1, "umask": 0}


@linux_only
def test_a_hardened_process_writes_no_core_file_and_cannot_be_read() -> None:
    assert looked(HARDEN) == {"core": [0, 0], "dumpable": 0, "umask": 0o077}


@linux_only
def test_the_off_switch_lets_debuggers_in_and_keeps_files_private() -> None:
    assert looked(HARDEN, **{DEBUGGABLE: "1"}) == {"core": [_ALLOWED, _ALLOWED], "dumpable": 1, "umask": 0o077}


@linux_only
@pytest.mark.parametrize("value", ["", "0", "true", "11"])
def test_only_the_one_value_switches_it_off(value: str) -> None:
    assert looked(HARDEN, **{DEBUGGABLE: value})["dumpable"] == 0


@linux_only
def test_hardening_twice_is_the_same_as_once() -> None:
    assert looked("from console.services.system.hardening import harden\nharden()\n" + HARDEN)["dumpable"] == 0


_VERB = "from console.cli.main import run\nimport contextlib, io\nrun({arguments!r})\nlook()\n"


@linux_only
@pytest.mark.parametrize(
    "arguments",
    [["check", "--level", "0"], ["smoke", "--read-only"], ["demo", "--read-only"], ["run", "list"], ["token", "list"],
     []],
    ids=" ".join,
)  # fmt: skip
def test_a_verb_that_may_hold_a_token_is_hardened_before_it(tmp_path: Path, arguments: list[str]) -> None:
    found = looked(_VERB.format(arguments=arguments), home=tmp_path)
    assert (found["core"], found["dumpable"], found["umask"]) == ([0, 0], 0, 0o077)


@linux_only
@pytest.mark.parametrize("arguments", [["routes"], ["explain", "401"], ["--version"]], ids=" ".join)
def test_a_verb_that_holds_no_token_is_left_as_it_is(tmp_path: Path, arguments: list[str]) -> None:
    assert looked(_VERB.format(arguments=arguments), home=tmp_path)["dumpable"] == 1


@linux_only
def test_the_memory_of_a_hardened_process_is_closed_to_its_own_user() -> None:
    """Root may read everything, so that the child becomes another user first where it can."""
    code = """
import ctypes, os, subprocess, sys
from console.services.system.hardening import harden
process = ctypes.CDLL(None)
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
process.prctl(4, 1, 0, 0, 0)  # a change of user has closed it already
def readable():
    look = ["/bin/cat", f"/proc/{os.getpid()}/environ"]
    return subprocess.run(look, capture_output=True).returncode == 0
before = readable()
harden()
print(before, readable())
"""
    assert run(code).split() == ["True", "False"]


# --- Environment variables -------------------------------------------------------------------------------------------

ASK = """
import asyncio, json, os, subprocess, sys
from console.domain.tokens.state import TokenState
from console.services.config.settings import GatewaySettings
from console.services.tokens.reference import Reference
from console.services.tokens.sources import open_sources
from console.services.system.leak_guard import LEAK_GUARD

def ask(name="GW_TOKEN", environment=os.environ):
    sources = open_sources(GatewaySettings(), environment)
    return asyncio.run(sources.ask(Reference.parse("env:" + name), None))

def childs():
    return subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout
"""


def test_a_variable_is_read_once_and_then_gone_from_the_process_and_its_children() -> None:
    code = """
assert os.environ["GW_TOKEN"] in childs()
value = os.environ["GW_TOKEN"]
first = ask()
print(first.state.value, first.secret.reveal() == value, os.getenv("GW_TOKEN"), value in childs())
second = ask()
print(second.state.value, second.secret == first.secret, "GW_TOKEN" in os.environ, LEAK_GUARD.is_hit(value))
"""
    assert run(ASK + code, GW_TOKEN=TOKEN).splitlines() == ["found True None False", "found True False True"]


def test_the_other_variables_stay() -> None:
    code = "ask()\nprint(sorted(os.environ))\n"
    shown = run(ASK + code, GW_TOKEN=TOKEN, OTHER_TOKEN="other", TERM="xterm")
    assert {"OTHER_TOKEN", "TERM", "HOME"} <= set(json.loads(shown.replace("'", '"')))


def test_a_variable_that_is_not_set_can_be_set_later() -> None:
    code = """
print(ask().state.value)
os.environ["GW_TOKEN"] = "tk-" + "later0123456789"
print(ask().state.value, "GW_TOKEN" in os.environ)
"""
    assert run(ASK + code).splitlines() == ["absent", "found False"]


def test_a_variable_that_is_set_anew_is_read_anew() -> None:
    code = """
first = ask()
os.environ["GW_TOKEN"] = "tk-" + "later0123456789"
print(ask().secret == first.secret, "GW_TOKEN" in os.environ, ask().secret == first.secret)
"""
    assert run(ASK + code, GW_TOKEN=TOKEN).splitlines() == ["False False False"]


@pytest.mark.parametrize("value", ["tk-with space-Qw3rTy7uIo", "tk-\u00e9-Qw3rTy7uIo", "tk-Qw3rTy7uIo\n\n"])
def test_a_variable_whose_value_cannot_be_a_token_is_not_passed_on_either(value: str) -> None:
    code = 'first = ask()\nprint(first.state.value, first == ask(), "Qw3r" in first.reason, "Qw3rTy7uIo" in childs())\n'
    assert run(ASK + code, GW_TOKEN=value).splitlines() == ["unavailable True False False"]


def test_an_environment_that_is_not_the_processs_is_left_as_it_is() -> None:
    code = """
given = {"GW_TOKEN": "tk-" + "given0123456789"}
print(ask(environment=given).state.value, sorted(given))
"""
    assert run(ASK + code).split(maxsplit=1) == ["found", "['GW_TOKEN']\n"]


def test_a_password_program_gets_no_token_of_the_environment() -> None:
    """Not even one that has not been read yet."""
    code = """
sources = open_sources(GatewaySettings(), os.environ)
found = asyncio.run(sources.ask(Reference.parse("cmd:['/usr/bin/env']"), None))
print(found.state.value, "Qw3rTy7uIo" in found.reason)
from console.services.tokens.command import ask_command
script = "import os; print('held' if any('Qw3rTy7uIo' in v for v in os.environ.values()) else 'clean-0123')"
reference = Reference.parse(f'cmd:[{json.dumps(sys.executable)}, "-c", {json.dumps(script)}]')
answer = asyncio.run(ask_command(reference, os.environ))
print(answer.reveal())
"""
    assert run(ASK + code, GW_TOKEN=TOKEN).splitlines()[-1] == "clean-0123"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(24, "Too many open files"), "this process has too many open files; allow more, with: ulimit -n 1024"),
        (ExceptionGroup("two", [OSError(24, "x"), ValueError()]), "this process has too many open files"),
        (MemoryError(), "out of memory"),
        (OSError(28, "No space left on device"), "the disk is full"),
    ],
)
def test_what_the_system_has_no_more_of_is_no_bug(error: Exception, words: str) -> None:
    wrapped = RuntimeError("it holds a value")
    wrapped.__cause__ = error
    for each in (error, wrapped):
        (line,) = crash_lines(each)
        assert line.startswith(words)
    assert "This is a bug" in crash_lines(OSError(13, "Permission denied"))[0]
