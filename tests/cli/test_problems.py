"""The same fault ends every verb that meets it with the same exit code, and in one line without a traceback."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text

from console.cli.exit_code import code_of_problem
from console.domain.problem import Problem, ProblemKind
from console.simulator.embedded import Embedded, SimulatorError

Command = tuple[str, ...]

START: Command = ("run", "start", "--task-file", "task.md", "--repo", "repository", "--auto")
OFFLINE: list[Command] = [("routes",), ("check", "--level", "0"), ("run", "list"), ("record", "list"), ("verify",)]
OFFLINE += [("boundary", "repository")]
TOKEN: list[Command] = [("token", "check"), ("doctor",)]
LIVE: list[Command] = [("smoke",), ("check",), ("check", "--level", "1"), START]


def each(*commands: Command) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("command", commands, ids=" ".join)


@pytest.fixture
def console(console: Console) -> Console:
    """Return a command line beside a repository and a task."""
    Repository(console.home / "repository", FILES)
    (console.home / "task.md").write_text(TASK)
    return console


def configure(console: Console, text: str) -> None:
    """Write the operator's own config."""
    path = console.home / ".config/gateway-console/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


async def code_of(console: Console, command: Command, **environment: str) -> int:
    """Run a command line that ends early, and return its exit code."""
    ended = await console.run(*command, **environment)
    assert "Traceback" not in ended.stderr
    if command[0] not in ("demo", "doctor", "run", "token"):  # these have more to say
        assert ended.complaint
    return ended.code


@contextlib.asynccontextmanager
async def without_embedded() -> AsyncIterator[Embedded]:
    raise SimulatorError("the embedded gateway did not start")
    yield


def test_every_kind_of_problem_has_an_exit_code_that_tells_it_from_the_others() -> None:
    codes = [code_of_problem(Problem("words", kind)) for kind in ProblemKind]
    assert len({0, *codes}) == len(codes) + 1


@each(*LIVE, *TOKEN)
async def test_an_unsafe_token_file_is_refused_for_safety(console: Console, command: Command) -> None:
    token = console.home / "token"
    token.write_text("tk-Qw3rTy7uIo")
    token.chmod(0o644)
    configure(console, config_text(base_url="https://gw.example", token_ref=f"file:{token}"))
    assert await code_of(console, command) == 11


@each(*LIVE, *TOKEN)
async def test_an_absent_token_is_a_tokens_fault(console: Console, command: Command) -> None:
    configure(console, config_text(base_url="https://gw.example", token_ref="env:NO_SUCH_TOKEN"))
    assert await code_of(console, command) == 4


@each(*LIVE, *TOKEN, *OFFLINE)
@pytest.mark.parametrize(
    "text",
    [
        "schema = 1\nnonsense",
        config_text().replace("schema = 1", "schema = 2"),
        config_text(base_url="ftp://gw.example"),
    ],
)
async def test_a_broken_config_is_the_configs_fault(console: Console, command: Command, text: str) -> None:
    configure(console, text)
    assert await code_of(console, command) == 3


@each(*LIVE, *TOKEN, *OFFLINE, ("demo",))
async def test_a_profile_that_no_config_has_is_the_configs_fault(console: Console, command: Command) -> None:
    assert await code_of(console, (*command, "--profile", "no-such")) == 3


@each(*LIVE, *TOKEN)
async def test_an_address_that_the_environment_lacks_is_the_configs_fault(console: Console, command: Command) -> None:
    text = config_text(base_url="https://gw.example", token_ref="env:GW")
    configure(console, text.replace('base_url = "https://gw.example"', 'base_url_ref = "env:NO_SUCH_URL"'))
    assert await code_of(console, command) == 3


@each(("run", "list"), ("record", "list"), START, ("verify",), ("token", "set", "vault:acme"))
async def test_a_state_directory_that_others_may_write_to_is_refused(console: Console, command: Command) -> None:
    configure(console, config_text(base_url="https://gw.example", token_ref="env:GW"))
    state = console.home / ".local/state/gateway-console"
    state.mkdir(parents=True)
    state.chmod(0o777)
    assert await code_of(console, command) == 11


@each(*LIVE, ("demo",))
async def test_an_embedded_gateway_that_does_not_start_is_unreachable(console: Console, command: Command) -> None:
    console.start_embedded = without_embedded
    configure(console, config_text())
    assert await code_of(console, command) == 10
