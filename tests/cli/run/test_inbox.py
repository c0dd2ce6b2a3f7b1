"""What waits for an operator on the command line: what was left to them first, then the oldest, with why."""

from pathlib import Path

import pytest
from support.cli.console_process import Console
from support.git.repositories import Repository
from support.ledger.ledgers import behind
from support.run.desks import FILES, TASK, config_text

from console.services.verification_marks import user_name

_NOTE = "the index is old: look at the cache first"


@pytest.fixture
async def waiting(console: Console, tmp_path: Path) -> Console:
    """Return a console with runs that wait in `first`, `second` and `third`, begun in this order."""
    console.write_config(config_text(base_url="sim:", token_ref="sim:"))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    for name in ("first", "second", "third"):
        repository = Repository(tmp_path / name, FILES).root
        given = ("--config", "config.toml", "run", "start", "--task-file", task, "--repo", repository)
        assert (await console.run(*given)).code == 7
    return console


async def test_what_was_left_to_me_is_first_and_the_rest_by_age(waiting: Console) -> None:
    left = await waiting.run("run", "handover", "last", "--to", user_name(), "--note", _NOTE)
    assert left.code == 0, left
    assert f"for {user_name()}: {_NOTE}" in left.stderr
    rows = (await waiting.run("run", "inbox", "--json")).document["waiting"]
    assert [each["repository"] for each in rows] == ["third", "first", "second"]
    assert [each["handover"] and each["handover"]["note"] for each in rows] == [_NOTE, None, None]
    assert _NOTE in rows[0]["why"]
    shown = (await waiting.run("run", "inbox", "--limit", "1")).stdout
    assert (_NOTE in shown, len(shown.splitlines())) == (True, 1)
    record = (await waiting.run("run", "show", "last", "--json")).document
    assert [(each["to"], each["note"]) for each in record["handovers"]] == [(user_name(), _NOTE)]


async def test_what_was_left_to_another_one_waits_for_me_too_and_says_so(waiting: Console) -> None:
    assert (await waiting.run("run", "handover", "last", "--to", "mia", "--note", _NOTE)).code == 0
    rows = (await waiting.run("run", "inbox", "--json")).document["waiting"]
    assert [each["repository"] for each in rows] == ["first", "second", "third"]
    assert rows[2]["why"].endswith("left it to mia")


async def test_a_run_that_cannot_be_read_hides_no_other_one(waiting: Console) -> None:
    with behind(waiting.home / ".local/state/gateway-console") as connection:
        connection.execute("UPDATE line SET body = CAST('{}' AS BLOB) WHERE run_id = (SELECT max(run_id) FROM run)")
    shown = await waiting.run("run", "inbox", "--json")
    assert [each["repository"] for each in shown.document["waiting"]] == ["first", "second"]
    assert "waits too, and cannot be read" in shown.stderr


async def test_a_note_is_no_secret_and_a_name_no_text(waiting: Console) -> None:
    secret = "-".join(["sk", "proj", "Zq7" * 16])
    refused = await waiting.run("run", "handover", "last", "--to", "mia", "--note", f"the token is {secret}")
    assert (refused.code, secret in refused.stderr) == (11, False)
    refused = await waiting.run("run", "handover", "last", "--to", "mia smith", "--note", _NOTE)
    assert refused.code == 2
    assert "an operator's id has letters, digits" in refused.complaint
    read_only = await waiting.run("--read-only", "run", "handover", "last", "--to", "mia", "--note", _NOTE)
    assert read_only.code == 11


async def test_an_empty_inbox_says_where_to_look(console: Console) -> None:
    assert "nothing waits for you" in (await console.run("run", "inbox")).stderr
