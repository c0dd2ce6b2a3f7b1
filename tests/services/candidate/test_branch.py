"""A sealed patch on a new branch of the operator's repository: applied as git itself would, or nothing has changed."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.git.hostile_repositories import HOSTILE, build
from support.git.repositories import ENVIRONMENT, Repository

from console.domain.problem import ProblemKind
from console.services.candidate.branch import PatchOrder, apply_patch
from console.services.candidate.index_lock import ApplyError
from console.services.git.patching import Author

FILES = {
    "docs/a.md": b"one\ntwo\nthree\n",
    "docs/old.md": b"to be renamed\nwith enough lines\nfor git\n",
    "gone.md": b"to be deleted\n",
    "tool.sh": b"#!/bin/sh\n",
    "other.md": b"not touched\n",
}
BRANCH = "gateway-console/run"
AUTHOR = Author("Ann", "ann@example.com")


def edited(repository: Repository) -> bytes:
    """Return a patch with each kind of change, made by git."""
    root = repository.root
    (root / "docs" / "a.md").write_bytes(b"one\n2\nthree\n")
    (root / "docs" / "old.md").rename(root / "docs" / "new.md")
    (root / "gone.md").unlink()
    (root / "tool.sh").chmod(0o755)
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "b.bin").write_bytes(bytes(range(256)))
    return repository.diff()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", FILES)


@pytest.fixture
def order(repository: Repository) -> PatchOrder:
    patch = edited(repository)
    repository.git("clean", "--quiet", "-dff")
    return PatchOrder(repository.root, repository.head, patch, BRANCH)


def environment(repository: Repository) -> dict[str, str]:
    return ENVIRONMENT | {"HOME": str(repository.root.parent)}


def status(repository: Repository) -> list[str]:
    return repository.git("status", "--porcelain", "--untracked-files=all").splitlines()


STAGED = ["A  deep/er/b.bin", "M  docs/a.md", "R  docs/old.md -> docs/new.md", "D  gone.md", "M  tool.sh"]


async def test_a_patch_is_staged_on_a_new_branch_and_nothing_is_committed(
    repository: Repository, order: PatchOrder
) -> None:
    (repository.root / "other.md").write_bytes(b"the operator's own change\n")
    applied = await apply_patch(order, environment(repository))
    assert (applied.branch, applied.before, applied.commit) == (BRANCH, "main", None)
    assert sorted(status(repository)) == sorted([*STAGED, " M other.md"])
    assert repository.git("branch", "--show-current").strip() == BRANCH
    assert repository.head == order.commit
    assert repository.git("rev-parse", "--abbrev-ref", "@{-1}").strip() == "main", "git switch - goes back"
    assert repository.git("fsck", "--strict") == ""


async def test_a_commit_has_the_patch_alone_and_what_else_was_staged_stays_staged(
    repository: Repository, order: PatchOrder
) -> None:
    (repository.root / "other.md").write_bytes(b"staged before\n")
    repository.git("add", "other.md")
    applied = await apply_patch(replace(order, message="Why\n\nRun: X\n", author=AUTHOR), environment(repository))
    assert applied.commit == repository.head
    assert status(repository) == ["M  other.md"]
    shown = repository.git("show", "--no-patch", "--format=%an %ae %cn|%P|%B", "HEAD")
    assert shown.strip() == f"Ann ann@example.com Ann|{order.commit}|Why\n\nRun: X"
    assert sorted(repository.git("diff", "--name-status", "-M", order.commit, "HEAD").split()) == sorted(
        ["A", "deep/er/b.bin", "M", "docs/a.md", "R100", "docs/old.md", "docs/new.md", "D", "gone.md", "M", "tool.sh"]
    )
    assert repository.git("rev-parse", "main").strip() == order.commit
    assert repository.git("fsck", "--strict") == ""


def _moved_on(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "more")


def _edited_file(repository: Repository) -> None:
    (repository.root / "docs" / "a.md").write_bytes(b"mine\n")


def _edited_and_staged(repository: Repository) -> None:
    (repository.root / "docs" / "a.md").write_bytes(b"one\ntwo\nthree\nfour\n")
    repository.git("add", "docs/a.md")


def _untracked_in_the_way(repository: Repository) -> None:
    (repository.root / "docs" / "new.md").write_bytes(b"mine\n")


def _link_in_the_way(repository: Repository) -> None:
    (repository.root.parent / "outside").mkdir()
    (repository.root / "deep").symlink_to(repository.root.parent / "outside")


def _filtered(repository: Repository) -> None:
    (repository.root / ".git" / "info").mkdir(exist_ok=True)
    (repository.root / ".git" / "info" / "attributes").write_text("*.bin filter=lfs\n")


def _merging(repository: Repository) -> None:
    (repository.root / ".git" / "MERGE_HEAD").write_text(repository.head)


def _locked_index(repository: Repository) -> None:
    (repository.root / ".git" / "index.lock").write_bytes(b"")


def _locked_head(repository: Repository) -> None:
    (repository.root / ".git" / "HEAD.lock").write_bytes(b"")


def _branch_there(repository: Repository) -> None:
    repository.git("branch", BRANCH)


def _branch_in_the_way(repository: Repository) -> None:
    repository.git("branch", BRANCH.partition("/")[0])


def _branches_below(repository: Repository) -> None:
    repository.git("branch", f"{BRANCH}/more")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_moved_on, "and the run pinned"),
        (_edited_file, "docs/a.md: does not match index"),
        (_edited_and_staged, "docs/a.md: staged changes"),
        (_untracked_in_the_way, "docs/new.md: already exists in working directory"),
        (_link_in_the_way, "deep/er/b.bin: below a symbolic link"),
        (_filtered, "deep/er/b.bin: a filter of the repository's attributes"),
        (_merging, "not finished in the repository"),
        (_locked_index, "another git command is running"),
        (_locked_head, "is another git command running"),
        (_branch_there, "the branch gateway-console/run exists"),
        (_branch_in_the_way, "the branch gateway-console exists"),
        (_branches_below, "branches below gateway-console/run/ exist"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
@pytest.mark.parametrize("message", ["", "Why"], ids=["staged", "committed"])
async def test_what_cannot_be_applied_says_why_and_leaves_everything_as_it_was(
    repository: Repository, order: PatchOrder, spoil: Callable[[Repository], None], words: str, message: str
) -> None:
    spoil(repository)
    before = state_of(repository)
    with pytest.raises(ApplyError) as refused:
        await apply_patch(replace(order, message=message, author=AUTHOR), environment(repository))
    assert words in str(refused.value)
    assert state_of(repository) == before


async def test_what_was_written_is_undone_when_a_file_cannot_be_written(
    repository: Repository, order: PatchOrder
) -> None:
    """Git finds an untracked file in a directory's place only when it has removed what it writes again."""
    (repository.root / "deep").write_bytes(b"mine\n")
    before = state_of(repository)
    with pytest.raises(ApplyError, match="deep/er"):
        await apply_patch(order, environment(repository))
    assert state_of(repository) == before


@pytest.mark.parametrize("branch", ["", "-x", "HEAD", "@", "a..b", "a b", "x.lock", "@{-1}", "a\nb"])
async def test_a_name_that_git_does_not_take_is_refused(repository: Repository, order: PatchOrder, branch: str) -> None:
    with pytest.raises(ApplyError, match="cannot be the name of a branch") as refused:
        await apply_patch(replace(order, branch=branch), environment(repository))
    assert refused.value.kind is ProblemKind.USAGE


async def test_a_killed_apply_is_named_and_the_named_commands_lead_back(
    repository: Repository, order: PatchOrder
) -> None:
    repository.git("switch", "--quiet", "--create", BRANCH)
    _locked_index(repository)
    (repository.root / "docs" / "a.md").write_bytes(b"half writ")
    (repository.root / "docs" / "new.md").write_bytes(b"new")
    with pytest.raises(ApplyError, match="was killed") as refused:
        await apply_patch(order, environment(repository))
    commands = str(refused.value).partition("go back with: ")[2]
    subprocess.run(commands, shell=True, check=True, cwd=repository.root, env=environment(repository))
    assert (await apply_patch(order, environment(repository))).before == "main"
    with pytest.raises(ApplyError, match="the candidate was applied"):
        await apply_patch(order, environment(repository))


async def test_a_detached_head_is_left_for_the_branch(repository: Repository, order: PatchOrder) -> None:
    repository.git("checkout", "--quiet", "--detach")
    applied = await apply_patch(order, environment(repository))
    assert applied.before == ""
    assert repository.git("branch", "--show-current").strip() == BRANCH


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_program_of_a_hostile_repository_runs(name: str, tmp_path: Path) -> None:
    directory, trap = build(name, tmp_path)
    twin = Repository(tmp_path / "twin", {})
    commit = twin.git("-C", str(directory), "rev-parse", "HEAD").strip()
    head = b"--- a/docs/index.md\n+++ b/docs/index.md\n@@ -1,3 +1,3 @@\n"
    patch = head + b"-# Documents\n+# Papers\n \n All that is written down.\n"
    order = PatchOrder(directory, commit, patch, BRANCH, "Why", AUTHOR)
    try:
        await apply_patch(order, ENVIRONMENT | {"HOME": str(tmp_path)})
    except ApplyError:
        is_applied = False
    else:
        is_applied = True
    assert not trap.has_run
    assert is_applied is (name in APPLIED)


APPLIED = {
    *("fsmonitor", "hooks", "hooks-path", "diff-external", "diff-textconv", "diff-command", "pager", "alias"),
    *("editor", "signature", "submodule", "above-embedded-bare", "alternates"),
}
"""The kinds that only a filter or a missing object would keep from being patched."""


def state_of(repository: Repository) -> tuple[object, ...]:
    """Return what an operator would miss: files, staged changes, branches, what is checked out; no log or object."""
    files = {name: content for name, (_, content) in repository.state().items() if not name.startswith(".git/objects/")}
    for name in (".git/index", ".git/logs/HEAD"):
        files.pop(name, None)
    return files, repository.git("ls-files", "--stage")
