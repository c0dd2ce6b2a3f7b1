"""What the embedded planner and writer make of a task: a patch that applies, and a plan that listens."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.gateway.calling import R, post, read

from console.domain.run.answer_form import form_at
from console.domain.run.gate import Gate
from console.domain.run.rubric import default_rubric
from console.services.demo.place import make_sample
from console.services.demo.story import story
from console.simulator.roles.assignment import named_paths
from console.wire import FAMILY_WIRES
from console.wire.request import Request, Schema

BOUNDARY = "9c41f0a27be3d856"
WRITER = "gpt-route-placeholder"
FILES = {
    "notes.md": "# Notes\n\nSome words.\n",
    "src/app.py": '"""An app."""\n\n\ndef main() -> None:\n    print("hello")\n',
    "one.sh": "#!/bin/sh\necho one\n",
    "page.md": "---\ntitle: A page\n---\n\nWords.\n",
    "short.txt": "one line\n",
}


def block(kind: str, text: str, path: str = "") -> str:
    return f"<<<{kind} {BOUNDARY}{path and ' '}{path}>>>\n{text.rstrip()}\n<<<END {kind} {BOUNDARY}>>>"


async def answered(
    client: httpx.AsyncClient,
    gate: Gate,
    task: str,
    context: dict[str, str] | None = None,
    findings: str = "",
    *,
    kind: str = "patch",
    model: str = WRITER,
    draft: str = "",
) -> Any:
    head = f"Role: {gate}\nNonce: 5f0c77ab\nAttempt: {2 if findings else 1}\nKind: {kind}\n"
    rubric = default_rubric(kind)
    blocks = [block("TASK", task), block("INSTRUCTIONS", "Be brief.", "AGENTS.md")]
    blocks += [block("CONTEXT", text, path) for path, text in (context or {}).items()]
    blocks += [block("DRAFT", draft)] if draft else []
    blocks += [block("FINDINGS", findings)] if findings else []
    blocks += [block("CRITERIA", "\n".join(f"{each.id}: {each.words}" for each in rubric.criteria))]
    form = form_at(gate, rubric.ids)
    request = Request("\n".join([head, *blocks]), 4_096, is_streamed=False, schema=Schema(form.name, form.schema))
    return json.loads(read(R, await post(client, R, FAMILY_WIRES[R].build(model, request)))[1])


def git(root: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def passes_its_test(root: Path) -> bool:
    """Return whether the sample repository's own test passes."""
    command = [sys.executable, "-B", "-m", "unittest"]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0


async def sample(tmp_path: Path) -> Path:
    return await make_sample({"XDG_STATE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin"})


@pytest.mark.parametrize("task", [each for each in story().tasks if each.kind == "patch"], ids=lambda each: each.name)
async def test_each_prepared_task_gets_a_patch_that_applies_and_so_does_its_revision(
    client: httpx.AsyncClient, tmp_path: Path, task: Any
) -> None:
    root = await sample(tmp_path)
    context = {path: (root / path).read_text() for path in task.context}
    first = (await answered(client, Gate.WRITER, task.text, context))["artifact"]
    second = (await answered(client, Gate.WRITER, task.text, context, "major: say how it can be checked"))["artifact"]
    assert first != second
    for patch in (first, second):
        checked = git(root, "apply", "--check", "--whitespace=error-all", given=patch)
        assert (checked.returncode, checked.stderr) == (0, "")


async def test_the_sample_repositorys_own_test_fails_before_the_first_task_is_done_and_passes_after(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    root = await sample(tmp_path)
    task = story().tasks[0]
    assert not passes_its_test(root)
    context = {path: (root / path).read_text() for path in task.context}
    patch = (await answered(client, Gate.WRITER, task.text, context))["artifact"]
    assert git(root, "apply", "--index", given=patch).returncode == 0
    assert git(root, "diff", "--cached", "--name-only").stdout == "shop/basket.py\n"
    assert passes_its_test(root)


async def test_a_plan_that_is_asked_for_again_is_narrower_and_names_the_reason(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    root = await sample(tmp_path)
    task = story().tasks[0]
    context = {path: (root / path).read_text() for path in task.context}
    first = await answered(client, Gate.PLANNER, task.text, context)
    again = await answered(client, Gate.PLANNER, task.text, context, "the scope is too wide")
    more = await answered(client, Gate.PLANNER, task.text, context, "also change README.md")
    assert first["scope"] == ["shop/**", "tests/**"]
    assert again["scope"] == ["shop/basket.py"]
    assert more["scope"] == ["shop/basket.py", "README.md"]
    assert any("the scope is too wide" in step for step in again["steps"])


@pytest.mark.parametrize("path", FILES)
async def test_any_named_file_is_changed_within_the_plan_and_says_that_it_is_simulated(
    client: httpx.AsyncClient, tmp_path: Path, path: str
) -> None:
    assert git(tmp_path, "init", "--quiet").returncode == 0
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(FILES[path])
    task = f"Explain the first thing in {path}, briefly."
    plan = await answered(client, Gate.PLANNER, task, {path: FILES[path]})
    draft = await answered(client, Gate.WRITER, task, {path: FILES[path]})
    assert plan["scope"] == [path]
    applied = git(tmp_path, "apply", "--whitespace=error-all", given=draft["artifact"])
    assert (applied.returncode, applied.stderr) == (0, "")
    assert "no model wrote it" in (tmp_path / path).read_text()
    if path.endswith(".py"):
        compile((tmp_path / path).read_text(), path, "exec")


async def test_a_new_file_is_written_where_the_task_names_it(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert git(tmp_path, "init", "--quiet").returncode == 0
    draft = await answered(client, Gate.WRITER, "Write docs/why.md: why there are gates.")
    assert git(tmp_path, "apply", given=draft["artifact"]).returncode == 0
    assert (tmp_path / "docs/why.md").read_text().startswith("# Write docs/why.md\n")


async def test_an_article_that_sells_is_scored_down_for_it_and_quoted(client: httpx.AsyncClient) -> None:
    task = story().tasks[-1].text
    for model, low in ((WRITER, []), ("gpt-overreach-placeholder", ["promotion"])):
        draft = (await answered(client, Gate.WRITER, task, kind="article", model=model))["artifact"]
        review = await answered(client, Gate.REVIEWER, task, kind="article", draft=draft)
        rows = [row for row in review["criteria"] if row["score"] < 3]
        assert [row["id"] for row in rows] == low
        assert all(row["evidence"] in draft and "Sign up" in row["evidence"] for row in rows)


async def test_the_critic_that_blocks_quotes_the_line_that_it_means(client: httpx.AsyncClient) -> None:
    task = next(each for each in story().tasks if each.scenario == "block")
    draft = (await answered(client, Gate.WRITER, task.text))["artifact"]
    critique = await answered(client, Gate.CRITIC, task.text, draft=draft, model="claude-critic-block-placeholder")
    assert "every job can read it" in critique["findings"][0]["quote"]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Fix `src/app.py`, then docs/a.md.", ("src/app.py", "docs/a.md")),
        ("See https://host.example/a/b.md and ../up.md, /etc/x.toml, .git/config.ini, e.g. v1.2", ()),
        ("In .github/workflows/ci.yml (twice: .github/workflows/ci.yml)", (".github/workflows/ci.yml",)),
        ("a" * 60_000 + ".md " + "a/" * 30_000, ()),
    ],
)
def test_only_paths_inside_a_repository_are_named(text: str, paths: tuple[str, ...]) -> None:
    assert named_paths(text) == paths
