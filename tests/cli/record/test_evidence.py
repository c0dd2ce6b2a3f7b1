"""Evidence: a colleague verifies a run on another machine, with this console or without, and a merge gate holds."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from support.cli.console_process import Console
from support.record.runs import Runs
from support.run.gateway import run_gateway
from support.run.signing_keys import list_signers, make_key

DOCS = Path(__file__).parents[3] / "docs"


class Signed(Runs):
    """A sealed and signed run of another gateway than the embedded one, applied as a commit with its evidence."""

    def __init__(self, console: Console, place: Path) -> None:
        super().__init__(console, place)
        keys = place / "keys"
        keys.mkdir()
        self.key = make_key(keys, "ann")
        self.signers = list_signers(keys, self.key)
        self.evidence = place / "evidence.jsonl"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.repository.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    async def verify(self, *arguments: str | Path) -> tuple[int, str]:
        ended = await self.run("record", "verify", *arguments, "--repo", self.repository.root)
        return ended.code, ended.stdout + ended.stderr


@pytest.fixture
async def signed(console: Console, tmp_path: Path) -> AsyncIterator[Signed]:
    runs = Signed(console, tmp_path)
    async with run_gateway() as gateway:
        runs.environment = {"GATEWAY_TOKEN": gateway.token}
        policy = f'operator_key = "{runs.key}"\nallowed_signers = "{runs.signers}"'
        await runs.seal(base_url=gateway.base_url, token_ref="env:GATEWAY_TOKEN", policy=policy)
        yield runs


async def test_a_record_is_verified_elsewhere_with_and_without_this_console(signed: Signed, tmp_path: Path) -> None:
    written = await signed.run("record", "evidence", "last", "--to", signed.evidence)
    assert written.code == 0, written
    assert (await signed.verify("--from", signed.evidence, "--require", "signed"))[0] == 0
    page = (DOCS / "records.md").read_text()
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)

    def runs_the_page(name: str) -> subprocess.CompletedProcess[str]:
        place = tmp_path / name
        place.mkdir()
        (place / "evidence.jsonl").write_bytes(signed.evidence.read_bytes())
        (place / "allowed_signers").write_bytes(signed.signers.read_bytes())
        return subprocess.run(["sh", "-c", script], cwd=place, capture_output=True, text=True, check=False)

    told = runs_the_page("whole")
    assert told.returncode == 0, told
    checkpoints = signed.evidence.read_text().count('"checkpoint"')
    assert told.stdout.count('Good "gateway-console-run@v1" signature for ann@example.com') == checkpoints == 7
    whole = signed.evidence.read_bytes()
    rows = whole.splitlines(keepends=True)
    last = next(number for number, row in enumerate(rows) if row.startswith(b'{"checkpoint"'))
    changes = {
        "edited": whole.replace(b'"verdict":"ready"', b'"verdict":"block"', 1),
        "shortened": b"".join((*rows[: last - 1], *rows[last:])),
        "unsigned-end": b"".join(rows[:-1]),
    }
    for name, data in changes.items():
        signed.evidence.write_bytes(data)
        assert runs_the_page(name).returncode != 0, name
        code, said = await signed.verify("--from", signed.evidence, "--require", "signed")
        assert (code, "line" in said or "required" in said) == (9, True), (name, said)


async def test_a_merge_gate_takes_the_sealed_commit_and_no_other(signed: Signed, tmp_path: Path) -> None:
    for name, value in (("user.name", "Ann"), ("user.email", "ann@example.com")):
        signed.git("config", name, value)
    assert (await signed.run("run", "apply", "last", "--commit")).code == 0
    noted = await signed.run("record", "evidence", "last", "--to", "git-note", "--repo", signed.repository.root)
    assert noted.code == 0, noted
    head, base = signed.git("rev-parse", "HEAD"), signed.git("rev-parse", "HEAD~1")
    assert (await signed.verify("last", "--commit", "HEAD", "--require", "critic=ready"))[0] == 0
    code, said = await signed.verify("last", "--commit", "HEAD~1", "--require", "critic=block")
    assert code == 9
    assert "is not the candidate's" in said
    assert "critic=block: the decision is ready" in said

    workflow = yaml.safe_load((DOCS / "examples" / "merge-gate.yml").read_text())
    verifying = workflow["jobs"]["evidence"]["steps"][-1]["run"]
    work, programs = tmp_path / "runner", tmp_path / "programs"
    for each in (work, programs):
        each.mkdir()
    # gh gives git the job's token on a real runner; here the remote is a directory, which wants none
    for name, script in (("gh", "exit 0"), ("gateway-console", f'exec {sys.executable} -m console "$@"')):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    (signed.repository.root / ".github").mkdir()
    (signed.repository.root / ".github" / "allowed_signers").write_bytes(signed.signers.read_bytes())
    signed.git("switch", "--quiet", "--detach", base)
    signed.git("add", ".github")
    signed.git("commit", "--quiet", "-m", "The list of signers")
    based = signed.git("rev-parse", "HEAD")
    clone = tmp_path / "clone"
    signed.git("clone", "--quiet", "--no-local", str(signed.repository.root), str(clone))

    def runs_the_step(commit: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(work), "RUNNER_TEMP": str(work), "GH_TOKEN": "", "BASE": based, "HEAD": commit,
        }  # fmt: skip
        step = ["bash", "-e", "-c", verifying]
        return subprocess.run(step, cwd=clone, env=environment, capture_output=True, text=True, check=False)

    signed.git("update-ref", "refs/heads/sealed", head)
    subprocess.run(["git", "fetch", "--quiet", "origin", head], cwd=clone, check=True)
    passed = runs_the_step(head)
    assert passed.returncode == 0, passed
    signed.git("notes", "--ref", "gateway-console", "copy", "-f", head, based)
    blocked = runs_the_step(based)
    assert (blocked.returncode, "is not the candidate's" in blocked.stderr) == (9, True), blocked
