"""`record prune`: old runs go whole, what is said of them stays, and nothing goes that somebody still needs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.ledger.ledgers import behind
from support.run.desks import FILES, TASK, config_text
from support.run.signing_keys import list_signers, make_key

STATE = Path(".local/state/gateway-console")


class Runs:
    """A command line with a run that was stopped, `app`, and one that waits, `lib`, 500 days ago."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.state = console.home / STATE
        self.old, self.waiting = "", ""

    async def run(self, *arguments: str | Path) -> Ended:
        return await self.console.run("--config", "config.toml", *arguments)

    async def prune(self, *arguments: str) -> Ended:
        return await self.run("record", "prune", *arguments)

    async def listed(self, *arguments: str) -> list[str]:
        return [each["run_id"] for each in (await self.run("record", "list", "--json", *arguments)).document["runs"]]

    @property
    def artifacts(self) -> set[str]:
        return {each.name for each in (self.state / "artifacts").iterdir()}


@pytest.fixture
async def runs(console: Console, tmp_path: Path) -> Runs:
    made = Runs(console)
    console.write_config(config_text(base_url="sim:", token_ref="sim:"))
    task = tmp_path / "task.md"
    task.write_text(TASK)
    for name in ("app", "lib"):
        repository = Repository(tmp_path / name, FILES).root
        assert (await made.run("run", "start", "--task-file", task, "--repo", repository)).code == 7
        if name == "app":
            assert (await made.run("run", "stop", "last", "--reason", "some other day")).code == 0
    made.waiting, made.old = await made.listed()
    console.now = lambda: datetime.now(UTC) + timedelta(days=500)
    return made


async def test_an_old_run_goes_whole_and_its_tombstone_stays(runs: Runs) -> None:
    before = runs.artifacts
    listed = await runs.prune("--dry-run")
    assert (listed.code, runs.old in listed.stdout, runs.waiting in listed.stdout) == (0, True, False)
    for refused, code, words in (
        (await runs.prune(), 2, "nothing was changed"),
        (await runs.prune("--json"), 2, "add --yes, or --dry-run"),
        (await runs.run("--read-only", "record", "prune", "--yes"), 11, "nothing was done"),
    ):
        assert (refused.code, words in refused.stderr) == (code, True)
    assert (await runs.prune("--older-than", "501d", "--yes")).stdout == ""
    assert await runs.listed() == [runs.waiting, runs.old]
    assert runs.artifacts == before

    pruned = (await runs.prune("--yes", "--json")).document
    assert [(each["run_id"], each["outcome"]) for each in pruned["runs"]] == [(runs.old, "pruned")]
    assert pruned["artifacts_deleted"] == len(before - runs.artifacts) > 0
    assert await runs.listed() == [runs.waiting]
    assert (await runs.run("run", "show", runs.waiting, "--artifact", "task")).stdout.strip() == TASK.strip(), "shared"
    for verb in ("run", "record"):
        shown = await runs.run(verb, "show", runs.old)
        assert (shown.code, "pruned on 20" in shown.stdout, " lines, head " in shown.stdout) == (0, True, True)
    assert (await runs.run("record", "show", runs.old[-8:], "--json")).document["pruned"]["is_signed"] is False
    assert runs.old in (await runs.run("record", "list", "--pruned")).stdout
    assert (runs.state / "checkpoints" / f"{runs.old}.checkpoint").exists()
    assert (await runs.run("record", "verify", runs.old)).code == 0
    assert "nothing to prune" in (await runs.prune("--yes")).stderr


async def test_a_key_that_cannot_sign_stops_the_prune_before_anything_is_deleted(runs: Runs, tmp_path: Path) -> None:
    key = make_key(tmp_path, "ann")
    signers = list_signers(tmp_path, key)
    policy = f'operator_key = "{key}"\nallowed_signers = "{signers}"\nretention_days = 499'
    runs.console.write_config(config_text(base_url="sim:", token_ref="sim:", policy=policy))
    private = key.with_suffix("")
    kept = private.rename(tmp_path / "elsewhere")
    before = runs.artifacts
    refused = await runs.prune("--yes")
    assert refused.code != 0
    assert (await runs.listed(), runs.artifacts) == ([runs.waiting, runs.old], before)
    kept.rename(private)
    assert (await runs.prune("--yes")).code == 0
    assert (await runs.run("record", "list", "--pruned", "--json")).document["pruned"][0]["is_signed"] is True
    assert "1 signature(s) hold" in (await runs.run("record", "verify", runs.old)).stdout


async def test_a_run_that_does_not_verify_is_evidence_and_stays(runs: Runs) -> None:
    with behind(runs.state) as connection:
        connection.execute("UPDATE line SET body = CAST('{}' AS BLOB) WHERE run_id = ? AND seq = 2", (runs.old,))
    skipped = await runs.prune("--yes")
    assert (skipped.code, f"skipped {runs.old}: its record does not verify" in skipped.stderr) == (1, True)
    assert await runs.listed() == [runs.waiting, runs.old]
