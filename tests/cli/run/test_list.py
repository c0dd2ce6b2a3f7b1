"""The lists of runs and records: which runs an operator asks for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.run.desks import FILES, TASK, config_text


@pytest.fixture
async def listed(console: Console, tmp_path: Path) -> Console:
    """Return a console with a run that waits in `app` and one that was stopped in `lib`."""
    console.write_config(config_text(base_url="sim:", token_ref="sim:"))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    for name in ("app", "lib"):
        repository = Repository(tmp_path / name, FILES).root
        given = ("--config", "config.toml", "run", "start", "--task-file", task, "--repo", repository)
        assert (await console.run(*given)).code == 7
    assert (await console.run("--config", "config.toml", "run", "stop", "last", "--reason", "some other day")).code == 0
    return console


async def names(console: Console, *arguments: str, verb: str = "run") -> list[str]:
    """Return the repositories of the runs that a list shows."""
    ended = await console.run("--config", "config.toml", verb, "list", *arguments, "--json")
    assert ended.code == 0, ended
    return [each["repository"] for each in ended.document["runs"]]


@pytest.mark.parametrize("verb", ["run", "record"])
async def test_a_list_shows_the_runs_that_are_asked_for(listed: Console, verb: str) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    wanted = {
        (): ["lib", "app"],
        ("--repository", "App"): ["app"],
        ("--repository", "ap"): [],
        ("--status", "stopped"): ["lib"],
        ("--waiting-for-me",): ["app"],
        ("--waiting-for-me", "--repository", "lib"): [],
        ("--since", "2w", "--limit", "1"): ["lib"],
        ("--since", tomorrow): [],
    }
    for arguments, repositories in wanted.items():
        assert await names(listed, *arguments, verb=verb) == repositories, arguments


async def test_a_list_without_a_match_says_how_to_see_all(listed: Console) -> None:
    ended = await listed.run("run", "list", "--repository", "nowhere")
    assert (ended.stdout, ended.stderr) == ("", "no run matches; gateway-console run list shows all\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "wants a date such as 2026-12-01"),
        (("--since", "9999999d"), "wants a date such as 2026-12-01"),
        (("--waiting-for-me", "--status", "closed"), "exclude each other"),
    ],
)
async def test_what_a_list_cannot_show_is_refused(console: Console, arguments: tuple[str, ...], words: str) -> None:
    refused = await console.run("run", "list", *arguments)
    assert refused.code == 2
    assert words in refused.complaint
