"""`record diff`: what two runs were asked, what answered, and how they ended."""

from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text


@pytest.fixture
async def two(console: Console, tmp_path: Path) -> Console:
    """Return a console with two runs on one repository: the older was sealed, the newer stopped."""
    console.write_config(config_text(base_url="sim:", token_ref="sim:"))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    begin = ("run", "start", "--config", "config.toml", "--task-file", task, "--repo")
    repository = Repository(tmp_path / "repository", FILES).root
    assert (await console.run(*begin, repository, "--auto")).code == 0
    assert (await console.run(*begin, repository)).code == 7
    assert (await console.run("run", "stop", "last", "--config", "config.toml", "--reason", "a better idea")).code == 0
    return console


async def test_two_runs_are_compared_field_by_field(two: Console) -> None:
    stopped, sealed = [each["run_id"] for each in (await two.run("record", "list", "--json")).document["runs"]]
    same = await two.run("record", "diff", sealed, sealed)
    assert (same.code, same.stdout, "no difference" in same.stderr) == (0, "", True)
    shown = await two.run("record", "diff", sealed, stopped)
    assert shown.code == 1
    assert shown.stdout.splitlines()[0].split() == ["field", "A", sealed, "B", stopped]
    rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()[1:]}
    assert rows["status"] == ["closed", "stopped"]
    assert rows["gate.critic.1.decided"] == ["ready", "-"]
    assert rows["stop.reason"] == ["-", "a", "better", "idea"]
    assert "repository" not in rows
    asked = (await two.run("record", "diff", sealed, stopped, "--all", "--json")).document
    assert (asked["differs"], asked["exit_code"]) == (True, 1)
    assert {each["field"] for each in asked["rows"]} >= {"repository", "route.writer.reported", "tokens", "cost"}
