"""`doctor --leak-drill`: the console passes it, and a child that leaks is found wherever it leaks to."""

import json
import resource
import sys
from pathlib import Path

import pytest
from support.cli.console_process import Console, ended
from support.cli.schemas import valid

from console.cli.exit_code import ExitCode
from console.cli.verbs import leak_drill
from console.domain.routes.family import EndpointFamily
from console.services.leak_drill.canary import HOSTILE_MODELS, REPOSITORY, VARIABLE, Canary
from console.services.leak_drill.child import CONSOLE
from console.services.leak_drill.drill import DrillReport, hold_drill
from console.services.leak_drill.recorder import split_sent
from console.services.leak_drill.step import WITH_CORE, How, Step, steps
from console.simulator.hostile import hostility_for
from console.simulator.scenario import scenario_for
from console.view.record.exports import Form

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
CORE_IS_SEEN = (
    CORE_PATTERN.exists()
    and not CORE_PATTERN.read_text().startswith(("|", "/"))
    and resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
)
PYTHON = (sys.executable, "-c")
TOKEN = f"import base64, os, pathlib, sys, tomllib; token = os.environ[{VARIABLE!r}]; "
CALL = (
    "import urllib.request; from urllib.error import HTTPError\n"
    "config = tomllib.loads((pathlib.Path.home() / '.config/gateway-console/config.toml').read_text())\n"
    "url = config['profiles']['well']['gateway']['base_url'] + '/v1/models'\n"
    "def call(body, **headers):\n"
    "    try: urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()\n"
    "    except HTTPError: pass\n"
)


def leaking(code: str, how: How = How.ON_PIPES) -> Step:
    return Step("leak", (TOKEN + code,), frozenset({0}), program=PYTHON, how=how)


async def drilled(*chosen: Step) -> DrillReport:
    return await hold_drill(leak_drill.start_gateway, choose=lambda _: chosen)


def test_the_drill_exports_a_record_in_every_form() -> None:
    names = {step.name for step in steps(Canary())}
    assert {f"record export --as {form}" for form in Form} <= names


@pytest.mark.long
async def test_the_console_passes_its_drill(console: Console) -> None:
    async with console.start("doctor", "--leak-drill", "--json") as child:
        drill = await ended(child)
    assert drill.stderr == ""
    document = drill.document
    assert document["found_in"] == []
    assert document["problems"] == []
    assert (drill.code, document["schema"], document["drill"]) == (0, "gateway-console/doctor/v1", "PASS")
    assert {step["name"] for step in document["steps"]} == {step.name for step in steps(Canary())}
    assert {step["exit_code"] for step in document["steps"] if step["name"] == "crash"} == {-6}
    assert document["files"] > 2 * len(document["steps"])
    assert document["key_headers"] >= 30
    assert document["bytes"] > document["requests_bytes"] / 2 > 1000
    assert "sk-" not in drill.stdout
    assert list(console.home.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "found_in"),
    [
        ("pathlib.Path('leak.txt').write_text('x' * 5_000_000 + token)", "work/leak.txt"),
        ("(pathlib.Path.home() / '.local').mkdir(); (pathlib.Path.home() / '.local/a').write_text(token[4:40])",
         "home/.local/a"),
        ("pathlib.Path(os.environ['TMPDIR'], 'a').write_bytes(base64.b64encode(b'Bearer ' + token.encode()))", "tmp/a"),
        ("pathlib.Path(token).touch()", "work/•••"),
        ("os.symlink(token, 'link')", "work/link"),
        ("pathlib.Path('refused.toml').write_text(token)", "work/refused.toml"),
        ("print(token.encode().hex())", "stdout of leak"),
        ("sys.stderr.write(token)", "stderr of leak"),
        (f"{CALL}call(token.encode())", "requests to the gateway"),
        (f"{CALL}call(None, cookie=token)", "requests to the gateway"),
        (f"{CALL}call(None, authorization='Bearer ' + token + token)", "requests to the gateway"),
    ],
)  # fmt: skip
async def test_a_child_that_leaks_is_found(code: str, found_in: str) -> None:
    report = await drilled(leaking(code))
    assert (report.is_passed, report.problems) == (False, ())
    assert report.hits == (found_in,)


@pytest.mark.parametrize(("model", "family"), HOSTILE_MODELS)
def test_what_the_drill_calls_hostile_is_so(model: str, family: EndpointFamily) -> None:
    assert hostility_for(model) or scenario_for(model, family)


async def test_a_token_in_its_own_header_is_no_leak() -> None:
    report = await drilled(leaking(f"{CALL}call(None, authorization='Bearer ' + token)"))
    assert (report.is_passed, report.key_headers) == (True, 1)


async def test_a_token_that_a_terminal_draws_over_two_lines_is_found() -> None:
    code = "n = len(token) // 4; print('\\x1b[1m' + token[:n] + '\\x1b[0m\\n' + token[n:])"
    # The keys of the drive wait for a call, which this child makes first.
    post = "config and urllib.request.urlopen(urllib.request.Request(url.replace('models', 'x'), b'{}'))"
    report = await drilled(leaking(f"{CALL}\ntry: {post}\nexcept HTTPError: pass\n{code}", How.AT_TERMINAL))
    assert report.hits == ("terminal of leak", "picture at the terminal of leak")


async def test_a_token_that_a_terminal_puts_together_from_changed_cells_is_found() -> None:
    """The console writes only the cells that change: a token can be on the screen without being in the bytes."""
    halves = "a, b = ''.join(c + ' ' for c in token[::2]), token[1::2]"
    draw = "print('\\x1b[5;1H' + a + ''.join(f'\\x1b[5;{2 * n + 2}H{c}' for n, c in enumerate(b)))"
    post = "config and urllib.request.urlopen(urllib.request.Request(url.replace('models', 'x'), b'{}'))"
    report = await drilled(leaking(f"{CALL}\ntry: {post}\nexcept HTTPError: pass\n{halves}\n{draw}", How.AT_TERMINAL))
    assert report.hits == ("picture at the terminal of leak",)


@pytest.mark.skipif(not CORE_IS_SEEN, reason="this system writes no core file into the working directory")
async def test_without_its_hardening_a_crash_would_leave_the_token_in_a_core_file() -> None:
    crash = next(step for step in steps(Canary()) if step.how is How.UNTIL_CRASH)
    unhardened = ("/usr/bin/env", "GATEWAY_CONSOLE_DEBUGGABLE=1", *WITH_CORE, *CONSOLE)
    report = await drilled(Step("crash", crash.arguments, crash.codes, how=crash.how, sends=True, program=unhardened))
    assert report.problems == ()
    (hit,) = report.hits
    assert hit.startswith("work/core")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (Step("a", ("sys.exit(3)",), frozenset({0}), program=PYTHON), "a: ended with 1 instead of 0"),
        (Step("b", ("import os; os.kill(os.getpid(), 9)",), program=PYTHON), "b: was ended by signal 9"),
        (Step("c", ("routes",), sends=True), "c: did not reach the gateway with the token"),
        (Step("d", ("raise ValueError",), program=PYTHON), "d: ended in an internal error"),
    ],
)
async def test_a_step_that_was_not_held_fails_the_drill(step: Step, problem: str) -> None:
    report = await drilled(step)
    assert (report.is_passed, report.hits, report.problems) == (False, (), (problem,))


def test_a_failed_drill_says_where_and_never_what(capsys: pytest.CaptureFixture[str]) -> None:
    chosen: list[Canary] = []

    def choose(canary: Canary) -> list[Step]:
        chosen.append(canary)
        return [leaking("pathlib.Path('leak.txt').write_text(token)")]

    assert leak_drill.run(as_json=False, choose=choose) is ExitCode.REFUSED
    shown = capsys.readouterr()
    assert shown.out.startswith("FAIL  ")
    assert "× found in work/leak.txt" in shown.out
    assert leak_drill.run(as_json=True, choose=choose) is ExitCode.REFUSED
    as_json = capsys.readouterr()
    assert valid(json.loads(as_json.out))["found_in"] == ["work/leak.txt"]
    for canary, text in zip(chosen, (shown, as_json), strict=True):
        assert not canary.is_in((text.out + text.err).encode())


def test_what_is_taken_out_of_a_request_is_the_key_header_and_nothing_else() -> None:
    canary = Canary()
    head = f"POST /v1/x HTTP/1.1\r\nAuthorization: Bearer {canary.value}\r\nContent-Length: {{}}\r\n\r\n"
    body = f"authorization: Bearer {canary.value}\r\n\r\n"
    clean = split_sent((head.format(0) + head.format(0)).encode(), canary)
    assert (clean.key_headers, canary.is_in(clean.rest)) == (2, False)
    other = (
        f"GET /v1/x HTTP/1.1\r\nx-api-key: {canary.value}\r\n\r\nGET /v1/x HTTP/1.1\r\nApi-Key: {canary.value}\r\n\r\n"
    )
    clean = split_sent(other.encode(), canary)
    assert (clean.key_headers, canary.is_in(clean.rest)) == (2, False)
    dirty = split_sent((head.format(len(body)) + body + head.format(0)).encode(), canary)
    assert (dirty.key_headers, canary.is_in(dirty.rest)) == (2, True)
    for name, value in [("Authorization", f"Basic {canary.value}"), ("Cookie", canary.value), ("X-Api-Key", "x")]:
        sent = split_sent(f"GET /{canary.value[:30]} HTTP/1.1\r\n{name}: {value}\r\n\r\n".encode(), canary)
        assert (sent.key_headers, canary.is_in(sent.rest)) == (0, True)


async def test_a_program_of_the_repository_that_runs_fails_the_drill() -> None:
    """Plain git runs it: the trap is one."""
    report = await drilled(Step("git status", ("status",), program=("git", "-C", REPOSITORY)))
    assert report.problems == ("all steps: git ran a program that the repository names",)
    assert "what-the-program-of-the-repository-knew" in " ".join(report.hits)  # with the token in its environment
