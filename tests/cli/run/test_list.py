"""The lists of runs and records: which runs an operator asks for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.ledger.ledgers import behind
from support.run.desks import FILES, TASK, config_text

from console.services.verification_marks import user_name


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
        ("--until", tomorrow, "--since", "1d"): ["lib", "app"],
        ("--until", "1d"): [],
        ("--operator", user_name()): ["lib", "app"],
        ("--operator", "nobody-of-this-name"): [],
        ("--verdict", "ready"): [],
        ("--category", "account_quota"): [],
        ("--signed",): [],
        ("--unsigned", "--status", "stopped"): ["lib"],
    }
    for arguments, repositories in wanted.items():
        assert await names(listed, *arguments, verb=verb) == repositories, arguments


async def test_entries_of_an_older_version_are_completed_when_a_filter_needs_them(listed: Console) -> None:
    with behind(listed.home / ".local/state/gateway-console") as connection:
        connection.execute("UPDATE run SET verdict = NULL, category = NULL, operator = NULL")
    first = await listed.run("run", "list", "--operator", user_name())
    assert ("2 run(s): reading each once" in first.stderr, len(first.stdout.splitlines())) == (True, 2)
    assert (await listed.run("run", "list", "--operator", user_name())).stderr == ""
    with behind(listed.home / ".local/state/gateway-console") as connection:
        connection.execute("UPDATE run SET operator = NULL")
        connection.execute("UPDATE line SET body = CAST('{}' AS BLOB) WHERE run_id = (SELECT max(run_id) FROM run)")
    damaged = await listed.run("run", "list", "--operator", user_name(), "--json")
    assert [each["repository"] for each in damaged.document["runs"]] == ["app"]
    assert "1 run(s) cannot be read, and may be missing below" in damaged.stderr


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
