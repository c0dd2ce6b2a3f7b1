"""Workflow files: read within bounds, parsed with their lines, and any bytes end in an answer."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.text.hostile_text import WORKFLOWS

from console.domain.workflows.check import check_workflow
from console.domain.workflows.workflow import ListNode, MapNode, TextNode, Workflow, triggers_of
from console.services.workflows.workflow_file import (
    ACTION_COUNT_LIMIT,
    DEPTH_LIMIT,
    FILE_COUNT_LIMIT,
    FILE_SIZE_LIMIT,
    WorkflowError,
    parse_workflow,
    read_actions,
    read_workflows,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / ".github" / "workflows"
    folder.mkdir(parents=True)
    return folder


def repository_of(folder: Path) -> Path:
    return folder.parent.parent


def problem_of(data: bytes) -> str:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(data)
    return str(caught.value)


def test_nodes_have_their_lines_and_scalars_stay_as_they_are_written() -> None:
    root = parse_workflow(b"# one\non: [push, yes]\nn: 010\nrun: |\n  a\n  b\nfolded: >\n  c\n  d\n'q': \"x\\ty\"\n")
    assert isinstance(root.get("on"), ListNode)
    assert triggers_of(root) == {"push", "yes"}
    assert root.get("n") == TextNode("010", 3)
    assert root.get("run") == TextNode("a\nb\n", 5, keeps_lines=True)
    assert root.get("folded") == TextNode("c d\n", 8)
    assert root.get("q") == TextNode("x\ty", 10)


@pytest.mark.parametrize("text", ["on: push", "'on': push", "on: {push: {branches: [main]}}", "on:\n- push"])
def test_the_key_on_is_a_word_and_no_truth_value(text: str) -> None:
    assert triggers_of(parse_workflow(text.encode())) == {"push"}


def test_an_alias_is_the_node_that_it_names() -> None:
    root = parse_workflow(b"a: &step {run: make}\nb: [*step, *step]\n")
    items = root.get("b")
    assert isinstance(items, ListNode)
    assert items.items == (MapNode(((TextNode("run", 1), TextNode("make", 1)),), 1),) * 2


NO_WORKFLOWS = {
    "not closed": (b"on: [\n", "it is not YAML, see line 2"),
    "a tab": (b"on:\n\tpush: x", "it is not YAML, see line 2"),
    "a control character": (b"on: \x07", "it is not YAML"),
    "two anchors that are not there": (b"a: *b", "it refers to an anchor that does not exist, or to itself"),
    "an anchor in itself": (b"a: &a [*a]", "it refers to an anchor that does not exist, or to itself"),
    "not UTF-8": (b"on: \xff", "it is not UTF-8"),
    "a NUL": (b"on: push\0", "it contains a NUL character"),
    "empty": (b"", "it is not a mapping"),
    "a list": (b"- a", "it is not a mapping"),
    "a word": (b"push", "it is not a mapping"),
    "deep": (b"a: " + b"[" * 100, f"it is nested deeper than {DEPTH_LIMIT}"),
    "wide": (b"a: [" + b"x," * 60_000 + b"]", "it has more than 50000 nodes, aliases counted in full"),
}


@pytest.mark.parametrize(("data", "problem"), NO_WORKFLOWS.values(), ids=NO_WORKFLOWS)
def test_what_is_no_workflow_says_why(data: bytes, problem: str) -> None:
    assert problem_of(data) == problem


def test_the_bounds_let_through_what_is_just_within() -> None:
    assert isinstance(parse_workflow(b"a: " + b"[" * (DEPTH_LIMIT - 1) + b"]" * (DEPTH_LIMIT - 1)), MapNode)
    assert isinstance(parse_workflow(b"a: [" + b"x," * 49_000 + b"]"), MapNode)


def bomb(levels: int) -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def test_aliases_count_as_all_that_they_stand_for() -> None:
    assert isinstance(parse_workflow(bomb(3)), MapNode)
    assert problem_of(bomb(12)) == "it has more than 50000 nodes, aliases counted in full"
    steps = b"x: &s [" + b"{run: y}," * 300 + b"]\njobs:\n" + b"".join(b" j%d: {steps: *s}\n" % n for n in range(300))
    assert "aliases counted in full" in problem_of(steps)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_hostile_file_is_read_whole_or_said_to_be_unread(folder: Path, name: str) -> None:
    text = WORKFLOWS[name].of(20_000)
    (folder / "ci.yml").write_bytes(text.encode())
    (workflow,) = read_workflows(repository_of(folder))
    found = {each.finding.id for each in check_workflow(workflow)}
    assert workflow.text == text
    assert ("BND-14" in found) is (workflow.root is None) is bool(workflow.problem)
    assert ("BND-08" in found) is name.startswith("tokens")
    assert ("BND-06" in found) is (name == "expressions in a script")


def test_a_file_is_read_up_to_the_bound_and_none_beyond(folder: Path) -> None:
    text = b"on: push\n".ljust(FILE_SIZE_LIMIT, b"#")
    (folder / "beyond.yml").write_bytes(text + b"#")
    (folder / "within.yml").write_bytes(text)
    beyond, within = read_workflows(repository_of(folder))
    assert (beyond.root, beyond.problem, beyond.text) == (None, "it is larger than 512 kB", "")
    assert (within.text, within.problem) == (text.decode(), "")


def check_any(data: bytes) -> None:
    try:
        root, problem = parse_workflow(data), ""
    except WorkflowError as error:
        root, problem = None, str(error)
    placed = check_workflow(Workflow("ci.yml", data.decode(errors="replace"), root, problem))
    assert (root is None) == bool(problem)
    assert all(line >= 1 for each in placed for line in each.lines)


@given(st.binary(max_size=400))
def test_any_bytes_end_in_an_answer(data: bytes) -> None:
    check_any(data)


PIECES = [
    "on", "jobs", "steps", "permissions", "run", "uses", "with", "env", "write-all", "actions/checkout@v4", "inherit",
    ": ", "- ", "\n", "  ", "    ", "{", "}", "[", "]", ", ", "|\n", ">\n", "'", '"', "&a ", "*a", "? ", "!!x ", "#",
    "${{", "}}", "secrets.X", "github.event.issue.title", "pull_request_target", "--- ", "...", "<<", "\r", "\t", "é",
    "\u2028", "\ufeff",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_pieces_of_workflows_end_in_an_answer(text: str) -> None:
    check_any(text.encode())


SCALARS = st.one_of(
    st.sampled_from(["write-all", "${{ secrets.X }}", "inherit", "", "a/b@v1"]), st.none(), st.integers()
)
NAMES = st.sampled_from(
    ["on", "jobs", "a", "steps", "permissions", "run", "uses", "with", "env", "if", "secrets", "ref"]
)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4))


@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_a_workflow_of_any_form_ends_in_an_answer(tree: dict[str, object]) -> None:
    """A value of another kind than GitHub wants is passed over."""
    import json

    check_any(json.dumps(tree).encode())


# --- In a repository -------------------------------------------------------------------------------------------------


def test_workflows_are_read_in_the_order_of_their_names_and_nothing_else_is(folder: Path) -> None:
    for name in ("b.yml", "a.yaml", "C.YML", "notes.md", "d.yml.bak"):
        (folder / name).write_text("on: push\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "e.yml").write_text("on: push\n")
    paths = [each.path for each in read_workflows(repository_of(folder))]
    assert paths == [f".github/workflows/{name}" for name in ("C.YML", "a.yaml", "b.yml")]


def test_a_repository_without_workflows_has_none(tmp_path: Path) -> None:
    assert read_workflows(tmp_path) == ()


def test_a_mark_of_order_is_no_part_of_the_text(folder: Path) -> None:
    (folder / "a.yml").write_bytes(b"\xef\xbb\xbfon: push\n")
    (workflow,) = read_workflows(repository_of(folder))
    assert (workflow.text, workflow.problem) == ("on: push\n", "")


def _leave(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "secret.yml")


def _dangle(path: Path, outside: Path) -> None:
    path.symlink_to(path.parent / "nothing.yml")


def _loop(path: Path, outside: Path) -> None:
    path.symlink_to(path)


def _pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path, outside: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_leave, "it is a link that leaves the repository"),
        (_dangle, "No such file or directory (check the path for a typo)"),
        (_loop, "Too many levels of symbolic links (its symbolic links lead in a circle)"),
        (_pipe, "it is not a regular file"),
        (_folder, "Is a directory (name a file in it)"),
    ],
)
def test_a_file_that_is_none_is_not_read(
    folder: Path, tmp_path: Path, make: Callable[[Path, Path], None], problem: str
) -> None:
    (tmp_path / "secret.yml").write_text("on: canary\n")
    make(folder / "a.yml", tmp_path)
    (workflow,) = read_workflows(repository_of(folder))
    assert (workflow.root, workflow.problem, workflow.text) == (None, problem, "")


def test_a_link_within_the_repository_is_followed(folder: Path) -> None:
    (repository_of(folder) / "shared.yml").write_text("on: push\n")
    (folder / "a.yml").symlink_to("../../shared.yml")
    (workflow,) = read_workflows(repository_of(folder))
    assert workflow.text == "on: push\n"


def test_a_folder_that_is_a_link_out_of_the_repository_is_not_read(folder: Path, tmp_path: Path) -> None:
    (folder / "a.yml").write_text("on: canary\n")
    other = tmp_path / "other"
    (other / ".github").mkdir(parents=True)
    (other / ".github" / "workflows").symlink_to(folder)
    (workflow,) = read_workflows(other)
    assert (workflow.path, workflow.problem) == (
        ".github/workflows",
        "the folder is a link that leaves the repository",
    )


def test_no_more_files_are_read_than_the_bound_and_that_is_said(folder: Path) -> None:
    for number in range(FILE_COUNT_LIMIT + 3):
        (folder / f"{number:03}.yml").write_text("on: push\n")
    *read, last = read_workflows(repository_of(folder))
    assert len(read) == FILE_COUNT_LIMIT
    assert last.problem == "only 100 of the 103 workflows are read"


def test_a_name_with_controls_in_it_is_made_safe(folder: Path) -> None:
    (folder / "a\x1b[2J\n.yml").write_text("on: push\n")
    (workflow,) = read_workflows(repository_of(folder))
    assert workflow.path == ".github/workflows/a␛[2J␊.yml"
    assert workflow.root is not None


# --- Local actions ---------------------------------------------------------------------------------------------------


def using(*names: str) -> Workflow:
    steps = "\n".join(f"      - uses: {name}" for name in names)
    text = f"on: push\njobs:\n  a:\n    steps:\n{steps}\n"
    return Workflow(".github/workflows/a.yml", text, parse_workflow(text.encode()))


def test_local_actions_are_read_with_those_that_they_use(tmp_path: Path) -> None:
    for name, uses in (("one", "./two"), ("two", "./one"), ("unused", "./one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "action.yml").write_text(f"runs: {{using: composite, steps: [{{uses: {uses}}}]}}\n")
    assert [each.path for each in read_actions(tmp_path, [using("./one", "acme/x@v1")])] == [
        "one/action.yml",
        "two/action.yml",
    ]


def test_an_action_that_is_not_there_broken_or_outside_is_left_out(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "broken").mkdir(parents=True)
    (repository / "broken" / "action.yml").write_text("runs: [\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "action.yml").write_text("runs: {steps: []}\n")
    (repository / "linked").symlink_to(tmp_path / "outside")
    names = ("./broken", "./missing", "./../outside", "./linked", "./a\\0b")
    assert read_actions(repository, [using(*names)]) == ()


def test_no_more_actions_are_read_than_the_bound(tmp_path: Path) -> None:
    names = [f"a{number:03}" for number in range(ACTION_COUNT_LIMIT + 3)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "action.yml").write_text("runs: {using: composite, steps: []}\n")
    assert len(read_actions(tmp_path, [using(*(f"./{name}" for name in names))])) == ACTION_COUNT_LIMIT
