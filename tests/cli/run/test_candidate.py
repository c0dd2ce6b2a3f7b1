"""Begin, read what is decided on, decide, take out, apply: by the command line alone, without the state directory."""

import io
import os
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.run.desks import FILES, REASON, TASK, config_text
from support.run.gateway import RunGateway, run_gateway

from console.cli import output
from console.cli.context import Context, running_in

KEY_MODEL = "gpt-leak-placeholder"
"""The model whose draft holds a made-up key."""


class Runs:
    """The command line with a repository, a task and a config for a gateway of the test's own."""

    def __init__(self, console: Console, gateway: RunGateway, place: Path) -> None:
        self.console = console
        self.gateway = gateway
        self.repository = Repository(place / "repository", FILES)
        self.task = place / "task.md"
        self.task.write_text(TASK)
        self.config = console.home / "config.toml"
        self.configure()

    def configure(self, **config: str) -> None:
        self.config.write_text(config_text(base_url=self.gateway.base_url, token_ref="env:GATEWAY_TOKEN", **config))

    async def run(self, *arguments: str | Path, **environment: str) -> Ended:
        token = {"GATEWAY_TOKEN": self.gateway.token}
        return await self.console.run(*arguments, "--config", self.config, **(token | environment))

    async def start(self, *arguments: str) -> Ended:
        given = ("--task-file", self.task, "--repo", self.repository.root)
        return await self.run("run", "start", *given, *arguments)

    async def shown(self, *arguments: str) -> dict[str, Any]:
        ended = await self.run("run", "show", "last", *arguments, "--json")
        assert ended.code == 0, ended
        return ended.document

    async def to(self, gate: str) -> Ended:
        """Follow the named commands until a gate waits."""
        ended = await self.start()
        while f"waits at {gate}" not in ended.stderr:
            ended = await self.run(*next_of(ended))
            assert ended.code in (0, 7), ended
        return ended


def next_of(ended: Ended) -> list[str]:
    """Return the words of the first command that the output names to go on with."""
    lines = [line.partition("next: ")[2] for line in ended.stderr.splitlines() if "next: " in line]
    command = next(line for line in lines if "--preview" not in line)
    return [REASON if word == "…" else word for word in shlex.split(command)][1:]


@pytest.fixture
async def runs(console: Console, tmp_path: Path) -> AsyncIterator[Runs]:
    async with run_gateway() as gateway:
        yield Runs(console, gateway, tmp_path)


async def test_a_run_is_read_decided_taken_out_and_applied_without_its_state_directory(
    runs: Runs, tmp_path: Path
) -> None:
    told = {}
    ended = await runs.start()
    while "closed at" not in ended.stderr:
        if "preflight: rungs" in ended.stderr:
            told["preflight"] = ended.stderr
        if found := re.search(r"waits at ([a-z ]+)(?:, attempt|: computed)", ended.stderr):
            told[found[1]] = ended.stderr
        ended = await runs.run(*next_of(ended))
        assert ended.code in (0, 7), ended
    assert re.search(r"source +AGENTS\.md, for codex", told["instruction source"])
    assert re.search(r"effective +\d+ bytes, sha256 [0-9a-f]{64}", told["instruction source"])
    for label in ("may touch", "steps", "stops if"):
        assert re.search(rf"^    {label} +\S", told["planner"], re.MULTILINE)
    assert re.search(r"files +docs/\S+  added  \+\d+ -0\n", told["writer"])
    assert re.search(r'scores +4 of 4  \w+ \(must hold\): "', told["reviewer"])
    assert "points       the critic found nothing" in told["critic"]
    (see,) = re.findall(r"see +gateway-console (run show \S+ --artifact draft)", told["writer"])
    draft = await runs.run(*see.split())
    assert draft.stdout.startswith("diff --git ")
    patch = tmp_path / "candidate.patch"
    take = await runs.run("run", "candidate", "last", "--output", patch)
    assert take.code == 0
    assert f"written to {patch}" in take.stderr
    assert patch.read_text() == draft.stdout == (await runs.run("run", "candidate", "last")).stdout
    runs.repository.git("clone", "--quiet", str(runs.repository.root), str(tmp_path / "clone"))
    runs.repository.git("-C", str(tmp_path / "clone"), "apply", "--index", str(patch))
    document = (await runs.run("run", "apply", "last", "--commit", "--json", **IDENTITY)).document
    assert document["commit"] == runs.repository.head
    shown = runs.repository.git("show", "--format=%an|%B", "HEAD")
    record = await runs.shown()
    assert shown.startswith(f"Ann|Apply the candidate of run {record['run_id']}\n")
    assert f"Record-Head: {record['head']}\n" in shown
    assert re.search(r"Reviewer: ready, \d+ of 100\nCritic: ready\n", shown)
    preflight = (await runs.run("run", "show", "last", "--gate", "preflight")).stdout
    assert preflight.startswith("preflight, attempt 1: passed\n")
    assert re.search(r"planner +rung 0, offline: passed", preflight)
    assert re.search(r"warn +VERIFY-01 ", told["preflight"])
    twin = runs.repository.git("-C", str(tmp_path / "clone"), "diff", "--cached", "HEAD")
    assert twin == runs.repository.git("diff", "HEAD~", "HEAD")


IDENTITY = {"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com"}


async def test_what_is_not_made_yet_ends_with_exit_code_8_and_names_the_next_command(runs: Runs) -> None:
    await runs.start()
    for verb in (
        *(("run", "show", "last", "--artifact", each) for each in ("plan", "draft", "review", "critique", "candidate")),
        ("run", "show", "last", "--gate", "preflight"),
        ("run", "candidate", "last"),
        ("run", "apply", "last"),
    ):
        ended = await runs.run(*verb)
        assert ended.code == 8, verb
        assert "waits at instruction source" in ended.complaint
        assert "Next: gateway-console run decide" in ended.complaint
    assert (await runs.run("run", "show", "last", "--artifact", "task")).stdout == TASK


async def test_each_gate_of_an_article_has_its_document(runs: Runs) -> None:
    ended = await runs.start("--kind", "article")
    while "closed at" not in ended.stderr:
        ended = await runs.run(*next_of(ended))
        assert ended.code in (0, 7), ended
    for gate, field in FIELDS.items():
        document = await runs.shown("--gate", gate)
        assert [name for name in FIELDS.values() if document[name] is not None] == [field]
        assert document["verdict"] == (None if gate == "preflight" else "ready")
    (source,) = (await runs.shown("--artifact", "sources"))["sources"]["sources"]
    assert source["claims"][0]["is_there"] is None
    lines = (await runs.run("run", "show", "last", "--gate", "source_check")).stdout
    assert re.search(r"source +http\S+: unreachable\n +\S+: not looked for: the page was not read: \"\w", lines)
    assert re.search(r"warn +SRC-0\d", lines)
    assert re.search(rf"decided +ready by \S+: {REASON}\n", lines)
    taken = await runs.run("run", "candidate", "last", "--json")
    assert (taken.document["kind"], taken.document["next"]) == ("article", [])
    refused = await runs.run("run", "apply", "last")
    assert (refused.code, "is not a patch" in refused.complaint) == (2, True)


FIELDS = {
    "instruction": "instruction",
    "preflight": "preflight",
    "planner": "plan",
    "writer": "draft",
    "source_check": "sources",
    "reviewer": "review",
    "critic": "critique",
}


async def test_a_draft_with_a_key_is_not_written_and_not_echoed(runs: Runs) -> None:
    runs.configure(writer=KEY_MODEL)
    ended = await runs.to("writer")
    assert "ART-04" in ended.stderr
    for form in ((), ("--json",)):
        shown = await runs.run("run", "show", "last", "--artifact", "draft", *form)
        assert (shown.code, shown.stdout) == (11, "")
        assert "seems to contain" in shown.stderr
        assert "sk-" not in shown.stderr + ended.stderr


async def test_a_file_that_exists_is_not_overwritten_and_a_new_one_has_the_usual_mode(
    runs: Runs, tmp_path: Path
) -> None:
    assert (await runs.start("--auto")).code == 0
    there, new, nowhere = tmp_path / "there", tmp_path / "new", tmp_path / "nowhere"
    there.write_text("mine")
    nowhere.symlink_to(tmp_path / "gone")
    for path in (there, nowhere, tmp_path):
        refused = await runs.run("run", "candidate", "last", "--output", path)
        assert (refused.code, "exists and was not changed" in refused.complaint) == (2, True)
    assert there.read_text() == "mine"
    assert not (tmp_path / "gone").exists()
    lost = await runs.run("run", "candidate", "last", "--output", tmp_path / "no" / "folder")
    assert (lost.code, "cannot be written: No such file or directory" in lost.complaint) == (1, True)
    assert (await runs.run("run", "candidate", "last", "--output", new)).code == 0
    assert new.stat().st_mode & 0o777 == there.stat().st_mode & 0o777
    assert sorted(each.name for each in tmp_path.glob(".gateway*")) == []


async def test_files_of_the_operator_have_the_mode_of_their_umask(runs: Runs, tmp_path: Path) -> None:
    """The process keeps its own files for its user alone; what it writes for the operator is theirs."""
    assert (await runs.start("--auto")).code == 0
    before = os.umask(0o027)
    try:
        for verb in (("candidate", "last", "--output", str(tmp_path / "new")), ("apply", "last", "--commit")):
            ended = await runs.console.run_process("run", *verb, "--config", runs.config, **IDENTITY)
            assert ended.code == 0, ended
    finally:
        os.umask(before)
    root = runs.repository.root
    touched = runs.repository.git("diff", "--name-only", "HEAD~", "HEAD").split()
    branch = runs.repository.git("branch", "--show-current").strip()
    for path in (tmp_path / "new", *(root / each for each in touched), root / ".git" / "refs" / "heads" / branch):
        assert path.stat().st_mode & 0o777 == 0o640, path
    assert (root / ".git" / "index").stat().st_mode & 0o777 == 0o644, "as it was"


async def test_read_only_writes_no_file_and_no_branch(runs: Runs, tmp_path: Path) -> None:
    assert (await runs.start("--auto")).code == 0
    before = runs.repository.state()
    for verb in (("candidate", "last", "--output", str(tmp_path / "new")), ("apply", "last"), ("stop", "last")):
        refused = await runs.run("--read-only", "run", *verb)
        assert (refused.code, "nothing was done" in refused.complaint) == (11, True)
    assert not (tmp_path / "new").exists()
    assert (await runs.run("--read-only", "run", "candidate", "last")).stdout.startswith("diff --git")
    assert runs.repository.state() == before


async def test_apply_stages_on_a_named_branch_and_says_how_to_go_on(runs: Runs) -> None:
    assert (await runs.start("--auto")).code == 0
    nameless = await runs.run("run", "apply", "last", "--commit")
    assert (nameless.code, "does not know who you are" in nameless.complaint) == (2, True)
    applied = await runs.run("run", "apply", "last", "--branch", "review/it")
    assert (applied.code, applied.stdout) == (0, "")
    assert "on the new branch review/it: staged, not committed" in applied.stderr
    assert "next: git commit" in applied.stderr
    assert runs.repository.git("branch", "--show-current") == "review/it\n"
    again = await runs.run("run", "apply", "last", "--branch", "review/it")
    assert (again.code, "exists and was not changed" in again.complaint) == (2, True)


async def test_a_stop_needs_a_reason_which_the_record_keeps(runs: Runs) -> None:
    await runs.start()
    for reason in ((), ("--reason", " "), ("--reason", "…")):
        refused = await runs.run("run", "stop", "last", *reason)
        assert (refused.code, "reason" in refused.complaint) == (2, True)
    assert (await runs.shown())["status"] == "active"
    assert (await runs.run("run", "stop", "last", "--reason", "the task is out of date")).code == 0
    assert "the task is out of date" in (await runs.run("record", "show", "last")).stdout


async def test_a_terminal_gets_no_byte_of_a_draft_that_it_would_obey(console: Console, tmp_path: Path) -> None:
    """The same text is exact in a pipe, and made safe where a person reads it."""
    text = "+\x1b]0;owned\x07\tred\x1b[31m\r\n+two\n"
    for is_terminal, shown in ((False, text), (True, "+␛]0;owned␇ red␛[31m␍\n+two\n")):
        stdout = _Stream(io.BytesIO(), "utf-8", newline="", is_terminal=is_terminal)
        with running_in(Context(console.environment, io.StringIO(), stdout, io.StringIO())):
            output.write_exact(text)
        stdout.flush()
        assert stdout.written.decode().split() == shown.split()


class _Stream(io.TextIOWrapper):
    """A stdout that may be a terminal."""

    def __init__(self, raw: io.BytesIO, encoding: str, *, newline: str, is_terminal: bool) -> None:
        super().__init__(raw, encoding, newline=newline)
        self._raw = raw
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def written(self) -> bytes:
        return self._raw.getvalue()
