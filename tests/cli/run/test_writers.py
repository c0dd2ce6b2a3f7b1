"""Runs whose drafts no route is asked for: a coding agent's, and a patch that someone else made."""

from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.run.desks import FILES, PATCH, TASK, config_text


class Place:
    """A repository, a task and a patch of someone else's, before the embedded gateway."""

    def __init__(self, console: Console, directory: Path) -> None:
        self.console = console
        self.directory = directory
        self.root = Repository(directory / "repository", FILES).root
        (directory / "config.toml").write_text(config_text())
        (directory / "task.md").write_text(TASK)
        (directory / "draft.patch").write_bytes(PATCH)
        (directory / "next.patch").write_bytes(PATCH.replace(b"Ask the team", b"Ask the people"))

    async def run(self, *arguments: str | Path) -> Ended:
        return await self.console.run(*arguments, "--config", self.directory / "config.toml")

    async def start(self, *arguments: str | Path) -> Ended:
        task = self.directory / "task.md"
        return await self.run("run", "start", "--task-file", task, "--repo", self.root, *arguments)


@pytest.fixture
def place(console: Console, tmp_path: Path) -> Place:
    return Place(console, tmp_path)


async def test_a_patch_from_outside_is_gated_sent_back_and_brought_again(place: Place) -> None:
    begun = await place.start("--draft", place.directory / "draft.patch", "--made-by", "Ann", "--auto")
    assert begun.code == 7, begun.stderr
    assert "author       made by Ann, as the operator says; this tool did not make it" in begun.stderr
    await place.run("run", "decide", "last", "--gate", "writer", "--verdict", "revise", "--reason", "name the people")
    shown = await place.run("run", "step", "last")
    assert "bring the next one with `gateway-console run bring" in shown.stderr
    await place.run("run", "bring", "last", place.directory / "next.patch", "--made-by", "Ben")
    draft = (await place.run("run", "show", "last", "--gate", "writer", "--json")).document["draft"]
    assert (draft["outside"]["made_by"], draft["turn"], draft["scope"]) == ("Ben", None, [])
    await place.run("run", "decide", "last", "--gate", "writer", "--verdict", "ready", "--reason", "I looked at it")
    for _ in range(2):  # the sources, which it does not name; then what the first paid call would send
        shown = await place.run("run", "step", "last")
        await place.run("run", "decide", "last", "--gate", "source_check", "--verdict", "ready")
    assert (shown.code, "Role: reviewer" in shown.stdout, "not sent" in shown.stderr) == (7, True, True)
    assert (await place.run("run", "step", "last", "--send", "--auto")).code == 0
    record = (await place.run("record", "show", "last", "--json")).document
    assert [(each["attempt"], each["made_by"]) for each in record["writer"]["drafts"]] == [(1, "Ann"), (2, "Ben")]
    assert (record["status"], {call["role"] for call in record["calls"]}) == ("closed", {"reviewer", "critic"})
    assert (await place.run("record", "verify", "last")).code == 0


async def test_an_agent_that_failed_is_told_at_its_gate_and_in_the_record(place: Place) -> None:
    ended = await place.start("--writer-command", "sh -c 'echo no idea; exit 3'", "--auto")
    assert (ended.code, "last lines of the agent:" in ended.stderr) == (7, True), ended.stderr
    shown = (await place.run("run", "show", "last", "--gate", "writer", "--json")).document
    assert shown["check_outputs"] == [{"name": "the agent", "last_lines": "no idea\n"}]
    assert (shown["turn"]["exit_code"], shown["draft"]) == (3, None)
    record = (await place.run("record", "show", "last", "--json")).document
    assert (record["writer"]["kind"], record["writer"]["turns"]) == ("agent", [shown["turn"]])
    assert (await place.run("record", "verify", "last")).code == 0
