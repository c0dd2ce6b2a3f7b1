"""Whether a working tree is dirty, as `git status` says it, and without asking git there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.git.repositories import ENVIRONMENT, Repository

from console.services.git.checkout import find_checkout
from console.services.git.working_tree import is_dirty

FILES = {"a.md": b"one\n", "docs/b.md": b"two\n", ".gitignore": b"*.log\n"}


def _write(repository: Repository, name: str, data: bytes) -> None:
    path = repository.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def _stage(repository: Repository) -> None:
    _write(repository, "a.md", b"staged\n")
    repository.git("add", "a.md")
    _write(repository, "a.md", b"one\n")


def _split(repository: Repository) -> None:
    repository.git("update-index", "--split-index")
    _write(repository, "c.md", b"three\n")
    repository.git("add", "c.md")
    repository.git("commit", "--quiet", "-m", "c")


def _sparse(repository: Repository) -> None:
    repository.git("reset", "--quiet", "--hard")
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "nothing")
    assert not (repository.root / "docs").exists()


def _filtered(repository: Repository) -> None:
    """Keep other bytes in the repository than in the working tree, as Git LFS does."""
    repository.git("config", "filter.upper.clean", "tr a-z A-Z")
    repository.git("config", "filter.upper.smudge", "tr A-Z a-z")
    _write(repository, ".gitattributes", b"*.big filter=upper\n")
    _write(repository, "data.big", b"large\n")
    os.utime(repository.root / "data.big", ns=(1, 1))  # older than the index, as files are that nobody works on
    repository.commit()
    assert repository.git("show", "HEAD:data.big") == "LARGE\n"


STATES: dict[str, tuple[Callable[[Repository], object], bool]] = {
    "nothing": (lambda _: None, False),
    "touched": (lambda each: os.utime(each.root / "a.md", ns=(1, 1)), False),
    "edited": (lambda each: _write(each, "a.md", b"another\n"), True),
    "edited, of the same size": (lambda each: _write(each, "a.md", b"two\n"), True),
    "removed": (lambda each: (each.root / "a.md").unlink(), True),
    "made executable": (lambda each: (each.root / "a.md").chmod(0o755), True),
    "staged alone": (_stage, True),
    "untracked": (lambda each: _write(each, "new.md", b"new\n"), True),
    "ignored": (lambda each: _write(each, "a.log", b"log\n"), False),
    "ignored by info/exclude": (
        lambda each: (_write(each, ".git/info/exclude", b"*.tmp\n"), _write(each, "a.tmp", b"")),
        False,
    ),
    "a split index": (_split, False),
    "a sparse index": (_sparse, False),
    "kept by a filter": (_filtered, False),
}


@pytest.mark.parametrize("state", STATES)
async def test_a_working_tree_is_dirty_as_git_status_says(state: str, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    change, expected = STATES[state]
    change(repository)
    before = repository.state()
    checkout = await find_checkout(repository.root / "docs" if state == "touched" else repository.root, ENVIRONMENT)
    assert await is_dirty(checkout, repository.head, ENVIRONMENT) is expected
    assert repository.state() == before
    assert bool(repository.git("status", "--porcelain")) is expected


async def test_a_linked_working_tree_has_an_index_of_its_own(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", FILES)
    repository.git("worktree", "add", "--quiet", "../linked")
    (repository.root / "a.md").write_text("edited\n")
    for place, expected in ((repository.root, True), (tmp_path / "linked", False)):
        checkout = await find_checkout(place, ENVIRONMENT)
        assert (checkout.root, await is_dirty(checkout, repository.head, ENVIRONMENT)) == (place, expected)


async def test_a_file_that_a_filter_changes_counts_as_different_once_it_is_touched(tmp_path: Path) -> None:
    """The filter would have to run to know better."""
    repository = Repository(tmp_path / "repository", FILES)
    _filtered(repository)
    os.utime(repository.root / "data.big", ns=(5 * 10**9, 5 * 10**9))
    assert await is_dirty(await find_checkout(repository.root, ENVIRONMENT), repository.head, ENVIRONMENT)
