"""`run start --route`: the run calls the named route, its record says so, and an unknown one is one clear message."""

import tomllib
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.config import route, write_config
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text


class Started:
    """Runs on the embedded gateway, with a second writer by name."""

    def __init__(self, console: Console, tmp_path: Path) -> None:
        config = tomllib.loads(config_text())
        config["profiles"]["p"]["routes"]["writer"]["fast"] = route("gpt-older-route-placeholder")
        self.console = console
        self.config = write_config(console.home / "config.toml", config)
        self.task = tmp_path / "task.md"
        self.task.write_text(TASK)
        self.root = Repository(tmp_path / "repository", FILES).root

    async def run(self, *arguments: str) -> Ended:
        return await self.console.run(*arguments, "--config", self.config)

    async def start(self, *arguments: str) -> Ended:
        return await self.run("run", "start", "--task-file", str(self.task), "--repo", str(self.root), *arguments)


@pytest.fixture
def started(console: Console, tmp_path: Path) -> Started:
    return Started(console, tmp_path)


async def test_a_run_calls_the_chosen_route_and_its_record_names_it(started: Started) -> None:
    ended = await started.start("--auto", "--json", "--route", "writer.fast")
    assert (ended.code, ended.document["status"]) == (0, "closed"), ended.stderr
    assert "began, profile p, with writer.fast" in ended.stderr
    record = (await started.run("record", "show", "last", "--json")).document
    assert record["chosen_routes"] == ["writer.fast"]
    asked = {call["role"]: call["model"] for call in record["calls"]}
    assert asked["writer"] == "gpt-older-route-placeholder" != asked["planner"]
    assert (await started.run("record", "verify", "last")).code == 0


async def test_a_run_on_the_roles_own_routes_names_none(started: Started) -> None:
    assert (await started.start("--json")).code == 7
    record = await started.run("record", "show", "last")
    assert "chosen_routes" not in record.stdout
    assert "chosen_routes" not in (await started.run("record", "show", "last", "--json")).document


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--route", "writer.slow"], 2, "profile p has no route writer.slow; it has planner, writer, writer.fast"),
        (["--route", "writer.fast", "--route", "writer"], 2, "two of the chosen routes are of one role"),
        (["--route", "writer."], 2, "a route's name has only lower-case letters"),
    ],
)
async def test_a_route_that_cannot_be_chosen_is_one_clear_message(
    started: Started, options: list[str], code: int, words: str
) -> None:
    ended = await started.start(*options)
    assert (ended.code, words in ended.complaint) == (code, True), ended
