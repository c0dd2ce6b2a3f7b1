"""`operator`, and two operators at one run, each with a key, a config and a database user of their own."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.postgres.databases import Postgres
from support.run.desks import FILES, TASK, config_text
from support.run.signing_keys import four_eyes, list_signers, make_key

_STORE = '\n[store]\nurl_ref = "env:STORE_URL"\n'
_NOTE = "the index is old: look at the cache first"


@dataclass
class Operator:
    """An operator's command line, in a home of their own."""

    console: Console
    url: str

    async def run(self, *arguments: str | Path) -> Ended:
        return await self.console.run(*arguments, STORE_URL=self.url)


@dataclass
class Office:
    """Ann, Ben and an administrator, in one store."""

    administrator: Operator
    ann: Operator
    ben: Operator
    keys: dict[str, Path]
    users: dict[str, str]
    place: Path

    async def add(self, name: str) -> Ended:
        added = ("operator", "add", name, "--key", self.keys[name], "--user", self.users[name])
        return await self.administrator.run(*added)

    async def start(self, who: Operator) -> Ended:
        task = self.place / "task.md"
        if not task.exists():
            task.write_text(TASK)
            Repository(self.place / "repository", FILES)
        return await who.run("run", "start", "--task-file", task, "--repo", self.place / "repository")


@pytest.fixture
def office(team_database: Postgres, tmp_path: Path) -> Office:
    """Return an office in which no operator is registered yet."""
    keys = {name: make_key(tmp_path, name) for name in ("ann", "ben")}
    signers = list_signers(tmp_path, *keys.values())
    urls = {name: team_database.role(name, "gateway_console_operator").reveal() for name in keys}
    people = {}
    for name, url in {**urls, "administrator": team_database.url}.items():
        home = tmp_path / f"home-{name}"
        own = home / ".config" / "gateway-console" / "config.toml"
        own.parent.mkdir(parents=True)
        policy = four_eyes(keys[name], signers) if name in keys else ""
        own.write_text(config_text(base_url="sim:", token_ref="sim:", policy=policy) + _STORE)
        people[name] = Operator(Console(home), url)
    users = {name: f"{name}_{team_database.name}" for name in keys}
    return Office(people["administrator"], people["ann"], people["ben"], keys, users, tmp_path)


async def test_an_administrator_adds_operators_and_what_is_missing_is_said(office: Office) -> None:
    listed = await office.administrator.run("operator", "list")
    assert "! identities are not enforced" in listed.stderr
    assert (await office.add("ann")).stderr == ""
    refused = await office.ann.run("operator", "add", "ben", "--key", office.keys["ben"])
    assert refused.code == 11
    assert "run the same command with the URL of admin" in refused.complaint
    missing = await office.administrator.run("operator", "add", "ben", "--key", office.keys["ben"], "--user", "nowhere")
    assert 'CREATE ROLE "nowhere" LOGIN IN ROLE gateway_console_operator' in missing.stderr
    document = (await office.ann.run("operator", "list", "--json")).document
    assert (document["is_enforced"], [each["name"] for each in document["operators"]]) == (True, ["ann", "ben"])
    assert (await office.administrator.run("--read-only", "operator", "revoke", "ben")).code == 11
    assert (await office.administrator.run("operator", "add", "cat", "--key", office.keys["ben"])).code == 11


@pytest.mark.long
async def test_two_operators_share_a_run_and_a_revoked_one_begins_none(office: Office) -> None:
    for name in ("ann", "ben"):
        await office.add(name)
    assert (await office.start(office.ann)).code == 7
    unknown = await office.ann.run("run", "handover", "last", "--to", "zoe", "--note", _NOTE)
    assert (unknown.code, "its operators: ann, ben" in unknown.complaint) == (2, True)
    assert (await office.ann.run("run", "handover", "last", "--to", "ben", "--note", _NOTE)).code == 0
    (row,) = (await office.ben.run("run", "inbox", "--json")).document["waiting"]
    assert (row["operator"], row["handover"]["by"], row["handover"]["note"]) == ("ann", "ann", _NOTE)
    decided = await office.ben.run("run", "decide", "last", "--gate", "instruction", "--verdict", "ready", "--json")
    assert decided.code == 0, decided
    (gate,) = decided.document["gates"]
    assert (gate["decided_by"], gate["is_signed"]) == ("ben", True)
    assert (await office.administrator.run("operator", "revoke", "ben")).code == 0
    refused = await office.start(office.ben)
    assert refused.code == 11
    assert "the key of ben was revoked on" in refused.complaint


@pytest.mark.long
async def test_a_run_that_another_operator_began_leads_to_no_config_of_theirs(office: Office) -> None:
    for name in ("ann", "ben"):
        await office.add(name)
    await office.start(office.ann)
    verdict = ("--gate", "instruction", "--verdict", "ready")
    assert (await office.ann.run("run", "decide", "last", *verdict)).code == 0
    theirs = office.ann.console.home / ".config" / "gateway-console" / "config.toml"
    theirs.write_text(theirs.read_text() + "\nthis is no TOML\n")
    assert (await office.ben.run("run", "step", "last")).code == 0  # by Ben's own profile, which has the same routes
    mine = office.ben.console.home / ".config" / "gateway-console" / "config.toml"
    mine.write_text(mine.read_text().replace("chat-compatible-route-placeholder", "another-model"))
    refused = await office.ben.run("run", "step", "last", "--send")
    assert refused.code == 7
    assert "ann began this run elsewhere, and your profile p is not as theirs" in refused.complaint
    assert (await office.ben.run("run", "stop", "last", "--reason", "not needed any more")).code == 0


async def test_operators_need_a_store(console: Console, tmp_path: Path) -> None:
    refused = await console.run("operator", "add", "ann", "--key", make_key(tmp_path, "ann"))
    assert refused.code == 3
    assert "operators are of a store on PostgreSQL" in refused.complaint
