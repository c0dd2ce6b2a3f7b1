"""`store`, and runs on the command line in a database that machines share: a real PostgreSQL, a real repository."""

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.postgres.databases import OPERATOR, Postgres
from support.run.desks import FILES, REASON, TASK, config_text

STORE = '\n[store]\nurl_ref = "env:STORE_URL"\n'


@dataclass
class Team:
    """The command line of one machine, whose own config names a database."""

    console: Console
    url: str
    directory: Path

    def own(self, text: str) -> None:
        path = self.console.home / ".config" / "gateway-console" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    async def run(self, *arguments: str | Path) -> Ended:
        """Run a command; nothing that it says has the password."""
        ended = await self.console.run(*arguments, STORE_URL=self.url)
        password = urlsplit(self.url).password
        assert password is not None
        assert password not in ended.stdout + ended.stderr
        return ended

    async def refused(self, code: int, *arguments: str) -> str:
        ended = await self.run(*arguments)
        assert ended.code == code, ended
        return ended.complaint

    async def start(self, *arguments: str) -> Ended:
        """Begin a run with a good task in a good repository."""
        task = self.directory / "task.md"
        if not task.exists():
            task.write_text(TASK)
            Repository(self.directory / "repository", FILES)
        where = ("--task-file", task, "--repo", self.directory / "repository")
        return await self.run("run", "start", *where, *arguments)

    async def walk(self, ended: Ended) -> str:
        """Follow the named commands to the sealed candidate, as an operator does; return the run's id."""
        while (document := ended.document)["status"] == "active":
            command = next(each for each in document["next"] if "--preview" not in each)
            words = [REASON if each == "…" else each for each in shlex.split(command)]
            ended = await self.run(*words[1:], "--json")
        assert document["status"] == "closed"
        return str(document["run_id"])


@pytest.fixture
def team_of(console: Console, tmp_path: Path) -> Callable[[str], Team]:
    def team(url: str) -> Team:
        made = Team(console, url, tmp_path)
        made.own(config_text() + STORE)
        return made

    return team


async def test_a_database_is_set_up_checked_and_has_a_whole_run_to_its_verified_candidate(
    postgres: Postgres, team_of: Callable[[str], Team]
) -> None:
    admin = team_of(postgres.url)
    assert "run: gateway-console store migrate" in await admin.refused(3, "run", "list")
    shown = await admin.run("store", "migrate", "--dry-run", "--json")
    assert (shown.code, shown.document["applied"]) == (0, [])
    assert "there is no terminal to ask on; nothing was changed" in (await admin.run("store", "migrate")).stderr
    made = (await admin.run("store", "migrate", "--yes", "--json")).document
    assert made["applied"] == made["pending"] == shown.document["pending"] != []
    assert (await admin.run("store", "migrate", "--yes")).stdout.endswith("has this version's schema; nothing to do\n")
    assert (await admin.run("store", "grants", "--apply", "--yes")).code == 0
    rows = {each["id"]: each for each in (await admin.run("store", "check", "--json")).document["rows"]}
    assert (rows["store.schema"]["health"], rows["store.rights"]["health"]) == ("ok", "warn")
    assert "is a superuser, so no rule binds it" in rows["store.rights"]["found"]

    operator = team_of(postgres.role("mia", OPERATOR).reveal())
    checked = await operator.run("store", "check", "--json")
    assert checked.code == 0, checked.document
    assert {each["health"] for each in checked.document["rows"]} <= {"ok", "note"}
    run_id = await operator.walk(await operator.start("--json"))
    patch = await operator.run("run", "candidate", run_id)
    assert (patch.code, patch.stdout.startswith("diff --git")) == (0, True)
    verified = await operator.run("record", "verify", "--all", "--json")
    assert verified.code == 0
    status = (await operator.run("store", "status", "--json")).document
    assert (status["kind"], status["counts"]["runs"], status["unknown"]) == ("postgresql", 1, [])
    assert any(each["is_own"] and each["application_name"].startswith("gateway-console") for each in status["clients"])
    assert not (operator.console.home / ".local" / "state" / "gateway-console" / "runs.db").exists()


@pytest.mark.long
async def test_the_runs_of_a_machine_are_copied_byte_for_byte_once_and_the_files_stay(
    team_database: Postgres, team_of: Callable[[str], Team]
) -> None:
    team = team_of(team_database.url)
    team.own(config_text())  # before team mode
    run_id = (await team.start("--auto", "--json")).document["run_id"]
    waiting = (await team.start("--json")).document["run_id"]
    state = team.console.home / ".local" / "state" / "gateway-console"
    before = (await team.run("record", "evidence", run_id)).stdout
    files = sorted(each.name for each in (state / "artifacts").iterdir())

    team.own(config_text() + STORE)
    dry = (await team.run("store", "copy", "--from", "sqlite", "--dry-run", "--json")).document
    assert {each["outcome"] for each in dry["runs"]} == {"copied"}
    assert (await team.run("run", "list", "--json")).document["runs"] == []
    copied = await team.run("store", "copy", "--from", "sqlite", "--json")
    assert (copied.code, copied.document["artifacts_copied"]) == (0, len(files))
    assert (await team.run("record", "evidence", run_id)).stdout == before
    assert (await team.run("record", "verify", "--all")).code == 0
    again = (await team.run("store", "copy", "--from", "sqlite", "--json")).document
    assert {each["outcome"] for each in again["runs"]} == {"there"}
    assert (again["artifacts_copied"], again["artifacts_there"]) == (0, len(files))
    assert (await team.walk(await team.run("run", "step", waiting, "--json"))) == waiting  # it goes on in the store
    assert (await team.run("record", "verify", "--all")).code == 0
    ahead = (await team.run("store", "copy", "--from", "sqlite", "--json")).document
    assert {each["run_id"]: each["outcome"] for each in ahead["runs"]} == {run_id: "there", waiting: "ahead"}

    team.own(config_text())
    assert (await team.run("record", "verify", "--all")).code == 0
    assert sorted(each.name for each in (state / "artifacts").iterdir()) == files
    await team.walk(await team.run("run", "step", waiting, "--json"))  # and in the files: they are two runs now
    team.own(config_text() + STORE)
    forked = await team.run("store", "copy", "--from", "sqlite", "--json")
    assert forked.code == 9
    refused = [each for each in forked.document["runs"] if each["outcome"] == "refused"]
    assert [(each["run_id"], each["reason"]) for each in refused] == [
        (waiting, "the store has other lines under this id")
    ]


async def test_each_way_a_store_can_fail_is_told_with_its_exit_code_and_without_the_password(
    team_database: Postgres, team_of: Callable[[str], Team]
) -> None:
    url = team_database.url
    address = urlsplit(url)
    password = str(address.password)
    cases = [
        (url.replace(f":{address.port}/", ":1/"), 10, "refuses the connection"),
        (url.replace(password, "wrong" + password), 4, "password"),
        (url.replace(f"/{team_database.name}", "/nowhere"), 3, "has no such database or user"),
        (url.replace("127.0.0.1", "db.example") + "?sslmode=require", 3, "sslmode"),
        ("https://gw.example/", 3, "postgresql://"),
    ]
    for each, code, words in cases:
        team = team_of(each)
        ended = await team.console.run("run", "list", STORE_URL=each)
        assert (ended.code, password in ended.stderr, ended.stdout) == (code, False, ""), (each, ended)
        assert words in ended.stderr
        assert "Traceback" not in ended.stderr
    team = team_of(url)
    team_database.execute("INSERT INTO gateway_console.migration VALUES (9999, 'later', 'x')")
    assert "was set up by a newer gateway-console" in await team.refused(3, "run", "list")
    team_database.execute("DELETE FROM gateway_console.migration WHERE number = 9999")
    team_database.execute("ALTER TABLE gateway_console.line DISABLE TRIGGER line_is_never_changed")
    assert "was changed by something else" in await team.refused(11, "run", "list")


async def test_without_a_store_the_verb_says_where_runs_are_and_how_to_share_them(
    console: Console, tmp_path: Path
) -> None:
    team = Team(console, "postgresql://a:no-digest-has-this@127.0.0.1:1/x", tmp_path)
    team.own(config_text())
    for kind in (("migrate",), ("check",), ("copy", "--from", "sqlite"), ("url",)):
        assert "your config names no store, so runs stay on this machine" in await team.refused(3, "store", *kind)
    assert "no runs yet on this machine" in await team.refused(8, "store", "status")
    await team.start("--json")
    status = (await team.run("store", "status", "--json")).document
    assert (status["kind"], status["counts"]["runs"], status["server_version"]) == ("sqlite", 1, None)
    assert json.dumps(status).count("runs.db") == 1


@pytest.mark.long
async def test_the_password_is_in_no_file_and_in_no_argument_or_environment_of_a_program_that_is_started(
    team_database: Postgres, team_of: Callable[[str], Team], tmp_path: Path
) -> None:
    """Run a whole run as a process; a `git` that comes first on the PATH notes what it was given, and does its work."""
    team = team_of(team_database.url)
    password = str(urlsplit(team.url).password)
    notes = tmp_path / "notes"
    real = shutil.which("git")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\n{{ env; echo "$@"; }} >> {notes}\nexec {real} "$@"\n')
    spy.chmod(0o755)
    task = tmp_path / "task.md"
    task.write_text(TASK)
    Repository(tmp_path / "repository", FILES)
    path = f"{spy.parent}:{team.console.environment['PATH']}"
    ended = await team.console.run_process(
        "run", "start", "--task-file", task, "--repo", tmp_path / "repository", "--auto", STORE_URL=team.url, PATH=path
    )
    assert ended.code == 0, ended
    assert "HOME=" in notes.read_text()
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert [each for each in files if password.encode() in each.read_bytes()] == []
    assert password not in ended.stdout + ended.stderr
