"""A workplace: an agent's changes become a patch, nothing of them is run, and the operator's files stay as they are."""

import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.git.repositories import ENVIRONMENT, Repository

from console.services.checks.throwaway import Throwaway, ThrowawayError
from console.services.coding_agent.workplace import workplace

pytestmark = pytest.mark.long

FILES = {
    "AGENTS.md": b"# Rules\n",
    "docs/a.txt": b"one\ntwo\n",
    "docs/dos.txt": b"one\r\ntwo\r\n",
    "latin.txt": "caf\xe9\n".encode("latin-1"),
    "run.sh": b"#!/bin/sh\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", FILES)


@asynccontextmanager
async def working(repository: Repository, draft: str = "") -> AsyncIterator[Throwaway]:
    """Give an agent a workplace, and see that the operator's repository is as it was, to the time stamps."""
    before = repository.state()
    home = {"HOME": str(repository.root.parent)}
    async with workplace(repository.root, repository.head, draft, environment=ENVIRONMENT | home) as tree:
        yield tree
    assert repository.state() == before


async def patch_after(repository: Repository, change: Callable[[Path], object], draft: str = "") -> bytes:
    """Return the patch of what an agent changed."""
    async with working(repository, draft) as tree:
        change(tree.files)
        report = await tree.patch()
    assert report.is_success
    return report.tail


def git(directory: Path, *arguments: str) -> str:
    """Run git as an agent does, in a repository of its own."""
    who = ("-c", "user.name=agent", "-c", "user.email=agent@localhost")
    done = subprocess.run(
        ["git", "-C", str(directory), *who, *arguments],
        env=ENVIRONMENT | {"HOME": str(directory), "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


async def test_it_is_a_repository_with_one_commit_that_knows_no_other(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "https://git.example/acme/widgets.git")
    repository.git("tag", "v1")
    async with working(repository) as tree:
        assert git(tree.files, "status", "--porcelain") == ""
        assert git(tree.files, "rev-list", "--all", "--count") == "1"
        assert git(tree.files, "remote") + git(tree.files, "tag") == ""
        assert git(tree.files, "rev-parse", "--abbrev-ref", "HEAD") == "work"
        assert git(tree.files, "fsck", "--full") == ""
        (tree.files / "docs/a.txt").write_text("one\n2\n")
        assert git(tree.files, "diff", "--stat").endswith("deletion(-)")
        config = (tree.files / ".git/config").read_text()
        assert str(repository.root) not in config
        assert not (tree.files / ".git/objects/info/alternates").exists()


async def test_its_patch_applies_and_leads_to_what_the_agent_left(repository: Repository) -> None:
    def change(files: Path) -> None:
        (files / "docs/a.txt").write_bytes(b"one\n2\n")
        (files / "docs/dos.txt").write_bytes(b"one\r\n2\r\n")
        (files / "new/deep").mkdir(parents=True)
        (files / "new/deep/file with blanks.txt").write_text("x")
        (files / "latin.txt").unlink()
        (files / "run.sh").chmod(0o755)

    patch = await patch_after(repository, change)
    applied = subprocess.run(["git", "apply"], cwd=repository.root, input=patch, env=ENVIRONMENT, check=False)
    assert applied.returncode == 0
    assert (repository.root / "docs/dos.txt").read_bytes() == b"one\r\n2\r\n"
    assert (repository.root / "new/deep/file with blanks.txt").read_text() == "x"
    assert not (repository.root / "latin.txt").exists()
    assert os.access(repository.root / "run.sh", os.X_OK)


@pytest.mark.parametrize("how", ["commits", "resets", "deletes .git", "replaces .git", "breaks .git"])
async def test_what_it_does_to_its_own_repository_changes_nothing_in_the_patch(
    repository: Repository, how: str
) -> None:
    def change(files: Path) -> None:
        (files / "docs/a.txt").write_text("changed\n")
        match how:
            case "commits":
                git(files, "commit", "-qam", "mine")
            case "resets":
                git(files, "stash")
                git(files, "stash", "pop")
                git(files, "rm", "-q", "--cached", "AGENTS.md")
            case "deletes .git":
                subprocess.run(["rm", "-rf", str(files / ".git")], check=True)
            case "replaces .git":
                subprocess.run(["rm", "-rf", str(files / ".git")], check=True)
                (files / ".git").write_text(f"gitdir: {repository.root}/.git\n")
            case _:
                (files / ".git/HEAD").write_text("nonsense")
                (files / ".git/config").write_text("[broken")

    patch = await patch_after(repository, change)
    assert patch.count(b"diff --git") == 1
    assert b"+changed" in patch


def traps(place: Path, mark: Path) -> str:
    """Return a git configuration in which whatever git may run makes a mark."""
    program = place / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    hooks = place / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "post-index-change", "post-checkout", "reference-transaction"):
        (hooks / name).symlink_to(program)
    return (
        f"[core]\n\tfsmonitor = {program}\n\thooksPath = {hooks}\n\tpager = {program}\n\tsshCommand = {program}\n"
        f"\tattributesFile = {place}/attributes\n[diff]\n\texternal = {program}\n"
        f'[diff "x"]\n\tcommand = {program}\n\ttextconv = {program}\n[gpg]\n\tprogram = {program}\n'
        f'[filter "x"]\n\tclean = {program}\n\tsmudge = {program}\n\trequired = true\n'
    )


async def test_nothing_that_an_agent_configures_is_run(repository: Repository, tmp_path: Path) -> None:
    """Its own `.git`, its home, attributes, and a nested repository at a commit that the draft before had named."""
    mark, nested = tmp_path / "has-run", tmp_path / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    (nested / "f").write_text("x")
    git(nested, "add", "f")
    git(nested, "commit", "-qm", "one")
    commit = git(nested, "rev-parse", "HEAD")
    draft = (
        f"diff --git a/sub b/sub\nnew file mode 160000\nindex 0000000..{commit[:7]}\n--- /dev/null\n+++ b/sub\n"
        f"@@ -0,0 +1 @@\n+Subproject commit {commit}\n"
    )
    place = tmp_path / "place"
    place.mkdir()
    configured = traps(place, mark)
    async with working(repository, draft) as tree:
        assert (tree.files / "sub").is_dir()
        for each in (tree.files / "sub", tree.files / "other"):
            subprocess.run(["cp", "-aT", str(nested), str(each)], check=True)
            (each / "f").write_text("changed")
            (each / ".gitattributes").write_text("* filter=x diff=x\n")
            (each / ".git/config").write_text(f"[core]\n\trepositoryformatversion = 0\n{configured}")
        (tree.files / ".git/config").write_text(configured)
        (tree.home / ".gitconfig").write_text(configured)
        (tree.home / ".config/git").mkdir(parents=True)
        (tree.home / ".config/git/config").write_text(configured)
        (tree.files / ".gitattributes").write_text("* filter=x diff=x\n")
        (tree.files / "docs/a.txt").write_text("changed\n")
        report = await tree.patch()
    assert report.is_success
    assert not mark.exists()
    assert b"b/other/f" in report.tail  # what it put into a repository of its own is seen, and not only its commit
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q", "fired"], env=ENVIRONMENT, check=True)
    (tmp_path / "fired/.git/config").write_text(configured)
    subprocess.run(["git", "-C", str(tmp_path / "fired"), "status"], env=ENVIRONMENT, check=False, capture_output=True)
    assert mark.exists()


async def test_links_pipes_and_sockets_are_not_followed_or_waited_for(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key.txt").write_text("the operator's key")

    def change(files: Path) -> None:
        (files / "link").symlink_to(outside)
        (files / "up.txt").symlink_to("../../../outside/key.txt")
        os.mkfifo(files / "pipe")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(files / "socket"))

    patch = await patch_after(repository, change)
    assert b"the operator's key" not in patch
    assert patch.count(b"new file mode 120000") == 2
    assert b"b/pipe" not in patch
    with pytest.raises(ThrowawayError, match="cannot read the files that the agent left"):
        await patch_after(repository, lambda files: ((files / "run.sh").unlink(), os.mkfifo(files / "run.sh")))


async def test_a_directory_that_became_a_link_is_read_as_a_link(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("not the repository's")

    def change(files: Path) -> None:
        subprocess.run(["rm", "-rf", str(files / "docs")], check=True)
        (files / "docs").symlink_to(outside)

    patch = await patch_after(repository, change)
    assert b"not the repository's" not in patch
    assert b"new file mode 120000" in patch


async def test_names_and_contents_of_any_bytes_are_carried(repository: Repository) -> None:
    def change(files: Path) -> None:
        (files / os.fsdecode(b"caf\xe9.txt")).write_text("x\n")
        (files / "a\nb").write_text("x\n")
        (files / "latin.txt").write_bytes("th\xe9\n".encode("latin-1"))
        (files / "picture.png").write_bytes(b"\x89PNG\r\n\0\1\2")

    patch = await patch_after(repository, change)
    assert b'"b/caf\\351.txt"' in patch
    assert b'"b/a\\nb"' in patch
    assert b"GIT binary patch" in patch
    assert b"th\xe9" in patch


async def test_line_ends_that_the_commit_has_stay_where_attributes_would_change_them(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", {"dos.txt": b"one\r\ntwo\r\n"})
    (repository.root / ".gitattributes").write_text("* text=auto\n")
    repository.git("add", ".gitattributes")
    repository.git("commit", "--quiet", "-m", "attributes")
    patch = await patch_after(repository, lambda files: (files / "dos.txt").write_bytes(b"one\r\n2\r\n"))
    assert (patch.count(b"\n-"), patch.count(b"\n+")) == (2, 2)  # with its head, one line


async def test_what_is_ignored_is_not_in_the_patch(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", {".gitignore": b"build/\n", "a.txt": b"one\n"})

    def change(files: Path) -> None:
        (files / "build").mkdir()
        (files / "build/out.o").write_text("x")
        (files / "a.txt").write_text("two\n")

    assert (await patch_after(repository, change)).count(b"diff --git") == 1


async def test_a_revision_finds_the_draft_in_the_files_and_its_patch_is_against_the_commit(
    repository: Repository,
) -> None:
    draft = (await patch_after(repository, lambda files: (files / "docs/a.txt").write_text("one\n2\n"))).decode()

    def revise(files: Path) -> None:
        assert (files / "docs/a.txt").read_text() == "one\n2\n"
        assert git(files, "diff", "--name-only") == "docs/a.txt"  # the agent sees what was changed since the commit
        (files / "docs/a.txt").write_text("one\nzwei\n")

    patch = await patch_after(repository, revise, draft)
    assert patch.count(b"diff --git") == 1
    assert b"-two\n+zwei\n" in patch
    assert await patch_after(repository, lambda files: (files / "docs/a.txt").write_text("one\ntwo\n"), draft) == b""


async def test_a_draft_that_does_not_apply_is_left_out(repository: Repository) -> None:
    for draft in ("no patch at all", "--- a/docs/a.txt\n+++ b/docs/a.txt\n@@ -1 +1 @@\n-other\n+x\n"):
        assert await patch_after(repository, lambda files: (files / "docs/a.txt").read_text(), draft) == b""


async def test_a_patch_that_no_one_could_read_is_not_kept(repository: Repository) -> None:
    async with working(repository) as tree:
        (tree.files / "huge.txt").write_text("".join(f"{number:09}" * 1_000 + "\n" for number in range(8_000)))
        report = await tree.patch()
    assert not report.is_success


async def test_a_tree_of_any_depth_is_read_and_removed(repository: Repository) -> None:
    async with working(repository) as tree:
        here = os.open(tree.files, os.O_RDONLY)
        for _ in range(1_500):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.mkdir(".git", dir_fd=here)
        os.close(here)
        assert (await tree.patch()).tail == b""
        root = tree.files.parent
    assert not root.exists()


async def test_a_file_in_gits_own_place_under_another_case_is_refused(repository: Repository) -> None:
    def change(files: Path) -> None:
        (files / "x").mkdir()
        (files / "x/.GIT").mkdir()
        (files / "x/.GIT/config").write_text("[core]\n")

    with pytest.raises(ThrowawayError, match="cannot read the files that the agent left"):
        await patch_after(repository, change)


async def test_a_workplace_that_became_a_link_leads_nowhere(repository: Repository) -> None:
    """What is not held could do that, and its link could lead to the operator's own repository."""
    async with working(repository) as tree:
        tree.files.rename(tree.files.parent / "elsewhere")
        tree.files.symlink_to(repository.root)
        with pytest.raises(ThrowawayError, match="cannot be read"):
            await tree.patch()
