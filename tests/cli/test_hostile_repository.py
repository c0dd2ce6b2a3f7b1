"""Every verb that touches a repository, in repositories that name programs: none of theirs runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.hostile_repositories import HOSTILE, Trap, build
from support.run.desks import TASK, config_text
from support.run.gateway import RunGateway, run_gateway

pytestmark = pytest.mark.long

REFUSED = {"embedded-bare", "below-embedded-bare", "tree-elsewhere"}
"""What `run start` does not take for a working tree."""


@pytest.fixture
async def gateway() -> AsyncIterator[RunGateway]:
    async with run_gateway() as gateway:
        yield gateway


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_verb_runs_the_program_of_a_hostile_repository(
    name: str, console: Console, gateway: RunGateway, tmp_path: Path
) -> None:
    (tmp_path / "hostile").mkdir()
    directory, trap = build(name, tmp_path / "hostile")
    task, config = tmp_path / "task.md", console.home / "config.toml"
    task.write_text(TASK)
    config.write_text(config_text(base_url=gateway.base_url, token_ref="env:GATEWAY_TOKEN"))
    token = {"GATEWAY_TOKEN": gateway.token, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
    start = ("run", "start", "--task-file", task, "--repo", directory)
    codes = {}
    for verb in (
        ("instructions", directory),
        ("instructions", directory, "--base", "main", "--json"),
        ("boundary", directory),
        ("boundary", directory, "--json"),
        (*start, "--context", "docs/*.md"),
        ("run", "step", "last", "--preview"),
        ("run", "show", "last"),
        ("run", "show", "last", "--gate", "instruction"),
        ("run", "list"),
        (*start, "--auto"),
        ("run", "show", "last", "--artifact", "draft"),
        ("run", "candidate", "last"),
        ("run", "apply", "last", "--commit"),
        ("record", "show", "last"),
        ("record", "verify", "--all"),
    ):
        ended = await console.run(*verb, "--config", config, **token)
        codes[verb[:2]] = ended.code
        assert "internal error" not in ended.stderr, (verb, ended)
        _assert_quiet(trap, verb)
    assert (codes["run", "start"] == 2) is (name in REFUSED or name.startswith(("promisor-commit", "promisor-tree")))


def _assert_quiet(trap: Trap, verb: tuple[object, ...]) -> None:
    assert not trap.has_run, f"{verb} ran the repository's program"
