"""Who writes a run's drafts, as typed: what is refused before anything is begun or paid, and what is shown first."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cli.console_process import Console, Ended
from support.git.repositories import Repository
from support.run.desks import FILES, REASON, TASK, config_text
from support.run.gateway import RunGateway, run_gateway
from support.run.own_agent import own_agent
from support.system.held import require_any

from console.domain.artifacts.artifact import SIZE_LIMIT_BYTES

KEY = "-".join(["sk", "Wm3nB8vQ2x", "Ty6rK1pLz9", "Fd4hJ7sGc5"])
DRAFT = b"--- a/docs/start.md\n+++ b/docs/start.md\n@@ -1 +1,2 @@\n # Start here\n+%s\n"


@dataclass
class Place:
    """A repository, a task and a gateway of the test's own."""

    console: Console
    gateway: RunGateway
    directory: Path
    root: Path

    def configure(self, **config: str) -> None:
        config_path = self.directory / "config.toml"
        config_path.write_text(config_text(base_url=self.gateway.base_url, token_ref="env:GATEWAY_TOKEN", **config))

    async def run(self, *words: str | Path, given: bytes | None = None) -> Ended:
        more = ("--config", self.directory / "config.toml")
        return await self.console.run(*words, *more, given=given, GATEWAY_TOKEN=self.gateway.token)

    async def start(self, *words: str | Path, given: bytes | None = None) -> Ended:
        task = self.directory / "task.md"
        return await self.run("run", "start", "--task-file", task, "--repo", self.root, *words, given=given)

    def draft(self, line: bytes) -> Path:
        path = self.directory / "draft.patch"
        path.write_bytes(DRAFT % line)
        return path

    def own(self, does: str) -> tuple[str, str]:
        return "--writer-command", own_agent(self.directory, does)


@pytest.fixture
async def place(console: Console, tmp_path: Path) -> AsyncIterator[Place]:
    require_any()
    async with run_gateway() as gateway:
        (tmp_path / "task.md").write_text(TASK)
        place = Place(console, gateway, tmp_path, Repository(tmp_path / "repository", FILES).root)
        place.configure()
        console.environment["PATH"] = os.defpath
        yield place


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--writer", "cursor"), 2, "no known agent writes under this name. Name one of: "),
        (("--writer", "codex"), 2, "Codex is not installed: no codex is on PATH. Run: npm install -g @openai/codex"),
        (("--writer", "claude"), 2, "and the route writer is on responses. Choose a route that it speaks with --route"),
        (("--writer", "command"), 2, "Give it with --writer-command, or set agent.command in the profile"),
        (("--writer-command", "absent-agent"), 2, "is not on PATH, or cannot be run"),
        (("--writer-command", "agent 'half"), 2, "its quotes do not match"),
        (("--writer", "codex", "--writer-command", "sh"), 2, "not allowed with argument"),
        (("--writer-command", "sh", "--draft", "draft.patch"), 2, "not allowed with argument"),
        (("--writer-command", "sh", "--kind", "article"), 2, "so it writes a patch, not a article"),
        (("--draft", "draft.patch", "--kind", "plan"), 2, "a draft from outside is a patch, not a plan"),
        (("--draft", "absent.patch"), 2, "cannot read the draft absent.patch: No such file or directory"),
        (("--draft", "empty.patch"), 2, "the draft is empty or binary; give a patch as `git diff` writes it"),
        (("--draft", "binary.patch"), 2, "the draft is empty or binary"),
        (("--draft", "latin.patch"), 2, "the draft is not UTF-8 text"),
        (("--draft", "huge.patch"), 2, "no reviewer reads that. Split it"),
        (("--draft", "draft.patch", "--made-by", "x" * 300), 2, "--made-by: "),
        (("--draft", "draft.patch", "--made-by", f"me, with {KEY}"), 11, "an argument looks like an API key"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
async def test_what_cannot_write_begins_no_run(place: Place, words: tuple[str, ...], code: int, said: str) -> None:
    files = {"draft": DRAFT % b"x", "empty": b" \n", "binary": b"a\0b", "latin": b"caf\xe9"}
    files["huge"] = b"x" * (SIZE_LIMIT_BYTES + 1)
    for name, content in files.items():
        (place.console.home / f"{name}.patch").write_bytes(content)
    ended = await place.start(*words)
    assert (ended.code, said in ended.stderr, ended.stdout) == (code, True, ""), ended.stderr
    assert KEY not in ended.stderr
    assert (await place.run("run", "list", "--json")).document["runs"] == []
    assert place.gateway.generations == []


async def test_an_agents_task_is_shown_before_it_starts_and_nothing_is_sent(place: Place) -> None:
    await place.start(*place.own("call(task); edit(); say()"))
    for gate in ("instruction", "planner"):
        await place.run("run", "step", "last", "--send")
        if gate == "instruction":
            await place.run("run", "decide", "last", "--gate", gate, "--verdict", "ready")
            await place.run("run", "step", "last")
            await place.run("run", "step", "last", "--send")
        await place.run("run", "decide", "last", "--gate", gate, "--verdict", "ready")
    before = len(place.gateway.generations)
    shown = await place.run("run", "step", "last", "--preview")
    assert (shown.code, TASK in shown.stdout) == (0, True), shown.stderr
    assert "command works on the files, with calls to /v1/responses, gpt-route-placeholder alone" in shown.stderr
    assert "not started" in shown.stderr
    document = (await place.run("run", "step", "last", "--preview", "--json", "--read-only")).document
    assert (document["agent"], document["max_tokens"], document["role"]) == ("command", None, "writer")
    assert "Instruction source: <path>" in document["body"]
    assert "Answer in JSON" not in document["body"]
    assert len(place.gateway.generations) == before
    assert (await place.run("run", "step", "last", "--auto")).code == 0


async def test_an_own_command_of_the_profile_writes_and_each_line_says_what_happened(place: Place) -> None:
    _, command = place.own("call(task); edit(); say()")
    place.configure(agent=f"command = '''{command}'''")
    place.console.home.joinpath(".config/gateway-console").mkdir(parents=True)
    own = place.console.home / ".config/gateway-console/config.toml"  # the only config that may name programs
    own.write_bytes((place.directory / "config.toml").read_bytes())
    task = place.directory / "task.md"
    words = ("run", "start", "--task-file", task, "--repo", place.root, "--writer", "command", "--auto")
    ended = await place.console.run(*words, GATEWAY_TOKEN=place.gateway.token)
    assert ended.code == 0, ended.stderr
    for said in ("command begins: ", "call: writer, ", "agent exited with 0 after ", "candidate sealed: "):
        assert said in ended.stderr
    assert place.gateway.token not in ended.stderr + ended.stdout


async def test_a_config_that_is_not_the_operators_own_names_no_agent(place: Place) -> None:
    _, command = place.own("edit(); say()")
    place.configure(agent=f"command = '''{command}'''")
    ended = await place.start("--writer", "command", "--auto")
    assert (ended.code, "only your own config file may name it" in ended.stderr) == (3, True)
    assert place.gateway.generations == []


async def test_a_draft_from_outside_comes_from_stdin_and_is_gated_by_the_judges_alone(place: Place) -> None:
    line = b"The gateway answers each role through the endpoint family of its route, as the console shows for each."
    ended = await place.start("--draft", "-", "--made-by", "Zoe", "--json", given=DRAFT % line)
    document = ended.document
    assert (ended.code, document["gate"]) == (7, "instruction")
    waiting = await place.run("run", "step", "last", "--auto", "--json")
    assert (waiting.code, waiting.document["gate"], waiting.document["phase"]) == (7, "writer", "waiting")
    assert "AUTHOR-03" in {each["id"] for each in waiting.document["gates"][-1]["findings"]}
    await place.run("run", "decide", "last", "--gate", "writer", "--verdict", "ready", "--reason", REASON)
    ended = await place.run("run", "step", "last", "--send", "--auto", "--json")
    if ended.document["status"] == "active":  # before its first call
        ended = await place.run("run", "resume", "last", "--auto", "--json")
    assert (ended.code, ended.document["status"]) == (0, "closed")
    assert set(place.gateway.roles) == {"reviewer", "critic"}
    taken = await place.run("run", "candidate", "last")
    assert taken.stdout.encode() == DRAFT % line


async def test_only_a_run_that_waits_for_a_draft_is_brought_one(place: Place) -> None:
    draft = place.draft(
        b"A second thought about the gateway, which says where its key is kept and who may ask for one."
    )
    await place.start()
    ended = await place.run("run", "bring", "last", draft)
    assert (ended.code, "cannot follow here" in ended.stderr) == (2, True), ended.stderr
    await place.start("--draft", draft, "--auto")
    ended = await place.run("run", "bring", "last", draft)
    assert ended.code == 2, ended.stderr
    await place.run("run", "decide", "last", "--gate", "writer", "--verdict", "revise", "--reason", REASON)
    held = await place.run("run", "step", "last")
    assert "bring the next one with `gateway-console run bring" in held.stderr
    assert (await place.run("run", "bring", "last", "absent.patch")).code == 2
    assert (await place.run("run", "bring", "last", draft, "--read-only")).code == 11
    brought = await place.run("run", "bring", "last", place.draft(b"third"), "--made-by", "Ben", "--json")
    assert brought.code == 7, brought
    assert (brought.document["gate"], brought.document["attempt"]) == ("writer", 2)
    assert (await place.run("record", "verify", "last")).code == 0


@pytest.mark.parametrize("line", [b"a key: " + KEY.encode(), b"does not apply"])
async def test_a_patch_that_does_not_apply_or_leaks_is_told_at_the_checks(place: Place, line: bytes) -> None:
    draft = place.draft(line)
    if line == b"does not apply":
        draft.write_bytes(draft.read_bytes().replace(b"# Start here", b"# Start there"))
    ended = await place.start("--draft", draft, "--auto")
    assert (ended.code, KEY in ended.stderr, "    fail  " in ended.stderr) == (7, False, True), ended.stderr
    assert place.gateway.generations == []
