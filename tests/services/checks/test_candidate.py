"""Checks of a candidate with real git repositories: what applies, what is refused, and what is left behind: nothing."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.git.repositories import ENVIRONMENT, Repository

from console.domain.artifacts.artifact import ArtifactKind
from console.domain.artifacts.repository_path import Scope
from console.services.checks.candidate import CandidateCheck, CheckLimits, check_candidate
from console.services.checks.policy_command import CommandEnding

USUAL = CheckLimits()
EVERYTHING = Scope((".",))
FILES = {"src/a.txt": b"one\ntwo\nthree\n", "src/crlf.txt": b"one\r\ntwo\r\n", "docs/bare.txt": b"no line feed"}
PATCH = b"--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
KEY = "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"])


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", FILES)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


async def check(
    repository: Repository,
    patch: bytes,
    place: Path,
    *commands: str,
    scope: Scope = EVERYTHING,
    commit: str | None = None,
    environment: dict[str, str] | None = None,
    is_confirmed: bool = True,
    limits: CheckLimits = USUAL,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> CandidateCheck:
    """Check a patch, and see that the repository is as it was and that nothing is left in the temporary place."""
    commit = repository.head if commit is None else commit
    before = repository.state()
    checked = await check_candidate(
        ArtifactKind.PATCH,
        patch,
        scope,
        repository=repository.root,
        commit=commit,
        environment=ENVIRONMENT if environment is None else environment,
        commands=commands,
        is_confirmed=is_confirmed,
        limits=limits,
        place=place,
        sleep=sleep,
    )
    assert repository.state() == before
    assert list(place.iterdir()) == []
    return checked


def ids(checked: CandidateCheck) -> set[str]:
    return {finding.id for finding in checked.outcome.findings}


def edited(repository: Repository, **contents: bytes | None) -> bytes:
    """Return the patch that gives files these contents; None removes one. `__` stands for a slash."""
    for name, content in contents.items():
        path = repository.root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    return repository.diff()


SHOW = f"{sys.executable} -c \"import pathlib; print(pathlib.Path('src/a.txt').read_text())\""


async def test_a_good_patch_passes_and_the_commands_see_it(repository: Repository, place: Path) -> None:
    patch = edited(repository, src__a_dot_txt=b"one\nTWO\nthree\n")
    checked = await check(repository, patch, place, SHOW, scope=Scope(("src",)))
    assert checked.outcome.findings == ()
    assert [result.exit_code for result in checked.commands] == [0]
    assert "TWO" in checked.output_tail[0]


async def test_a_patch_that_does_not_fit_says_where(repository: Repository, place: Path) -> None:
    patch = edited(repository, src__a_dot_txt=b"one\nTWO\nthree\n").replace(b"-two", b"-deux")
    checked = await check(repository, patch, place, SHOW)
    assert [(finding.id, finding.evidence) for finding in checked.outcome.findings] == [("PAT-15", "line 1")]
    assert "src/a.txt" in checked.output_tail[0]  # git's own words
    assert not checked.outcome.is_passed
    assert checked.commands == ()


@pytest.mark.parametrize(
    "contents",
    [
        {"src__crlf_dot_txt": b"one\r\nTWO\r\n"},
        {"docs__bare_dot_txt": b"still no line feed"},
        {"docs__bare_dot_txt": b"one now\n"},
        {"src__new_dot_txt": b"new\n"},
        {"src__empty_dot_txt": b""},
        {"src__a_dot_txt": None},
        {"src__a_dot_txt": None, "src__b_dot_txt": FILES["src/a.txt"]},
        {"src__a_dot_txt": None, "src__b_dot_txt": FILES["src/a.txt"] + b"four\n"},
        {"src__grüße und_mehr_dot_txt": "schön\n".encode()},
    ],
    ids=["crlf", "no line feed", "line feed added", "new", "empty", "deleted", "renamed", "renamed and edited", "name"],
)
async def test_what_git_writes_is_read_and_applies(
    repository: Repository, place: Path, contents: dict[str, bytes | None]
) -> None:
    checked = await check(repository, edited(repository, **contents), place)
    assert checked.outcome.findings == ()


async def test_a_last_line_without_a_line_feed_does_not_spoil_a_patch(repository: Repository, place: Path) -> None:
    patch = edited(repository, src__a_dot_txt=b"one\nTWO\nthree\n").removesuffix(b"\n")
    assert (await check(repository, patch, place)).outcome.findings == ()


async def test_a_dirty_tree_stays_as_it_is_and_takes_no_part(repository: Repository, place: Path) -> None:
    (repository.root / "src/a.txt").write_bytes(b"work in progress\n")
    (repository.root / "untracked").write_bytes(b"mine\n")
    (repository.root / "staged").write_bytes(b"staged\n")
    repository.git("add", "staged")
    checked = await check(repository, PATCH, place, f'{sys.executable} -c "import os; print(sorted(os.listdir()))"')
    assert checked.outcome.is_passed
    assert checked.output_tail == ("['docs', 'src']\n",)


# --- The tests of the base -------------------------------------------------------------------------------------------

SUM = b"def total(a, b):\n    return a + b\n"
TEST = b"from sums import total\n\nassert total(2, 2) == 4\n"
TESTED = {"sums.py": SUM, "tests/test_sums.py": TEST, "README": b"sums\n"}
RUN_TESTS = f"{sys.executable} -c \"exec(open('tests/test_sums.py').read())\""


async def test_a_draft_that_bends_its_test_is_run_with_the_test_of_the_base_and_needs_a_person(
    tmp_path: Path, place: Path
) -> None:
    repository = Repository(tmp_path / "tested", TESTED)
    patch = edited(repository, sums_dot_py=SUM.replace(b"+", b"-"), tests__test_sums_dot_py=TEST.replace(b"4", b"0"))
    checked = await check(repository, patch, place, RUN_TESTS, "true")
    assert [(each.number, each.with_base_tests, each.is_passed) for each in checked.commands] == [
        (1, False, True),
        (2, False, True),
        (1, True, False),
        (2, True, True),
    ]
    assert "AssertionError" in checked.output_tail[2]
    (finding,) = checked.outcome.findings
    assert (finding.id, finding.evidence) == ("CHK-11", "command 1")
    assert "`tests/test_sums.py`" in finding.message
    assert (checked.outcome.is_passed, checked.needs_human) == (True, True)


@pytest.mark.parametrize(
    ("contents", "with_base_tests"),
    [
        ({"sums_dot_py": SUM + b"\n"}, []),
        ({"sums_dot_py": SUM + b"\n", "tests__test_sums_dot_py": TEST + b"assert total(1, 1) == 2\n"}, [True]),
        ({"tests__conftest_dot_py": b"# an added helper\n"}, [True]),
    ],
)
async def test_a_draft_that_keeps_the_tests_of_the_base_needs_no_one(
    tmp_path: Path, place: Path, contents: dict[str, bytes | None], with_base_tests: list[bool]
) -> None:
    repository = Repository(tmp_path / "tested", TESTED)
    checked = await check(repository, edited(repository, **contents), place, RUN_TESTS)
    assert checked.outcome.findings == ()
    assert [each.with_base_tests for each in checked.commands] == [False, *with_base_tests]


async def test_an_added_helper_that_turns_the_tests_off_is_not_there_for_the_tests_of_the_base(
    tmp_path: Path, place: Path
) -> None:
    repository = Repository(tmp_path / "tested", TESTED)
    patch = edited(repository, sums_dot_py=b"broken\n", conftest_dot_py=b"raise SystemExit(0)\n")
    helper = "os.path.exists('conftest.py') and exec(open('conftest.py').read())"
    command = f'{sys.executable} -c "import os; {helper}; import sums"'
    checked = await check(repository, patch, place, command)
    assert ids(checked) == {"CHK-11"}


async def test_a_removed_test_is_there_again_for_the_tests_of_the_base(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "tested", TESTED)
    patch = edited(repository, sums_dot_py=SUM.replace(b"+", b"-"), tests__test_sums_dot_py=None)
    checked = await check(
        repository,
        patch,
        place,
        f"{sys.executable} -c \"import os; os.path.exists('tests') and exec(open('tests/test_sums.py').read())\"",
    )
    assert "CHK-11" in ids(checked)


async def test_where_the_tests_of_the_base_cannot_be_had_they_are_said_not_to_be_tried(
    tmp_path: Path, place: Path
) -> None:
    repository = Repository(tmp_path / "tested", TESTED)
    patch = edited(repository, tests__test_sums_dot_py=b"assert True\n")
    gone = f"mv {repository.root} {tmp_path / 'moved'}"
    checked = await check_candidate(
        ArtifactKind.PATCH,
        patch,
        EVERYTHING,
        repository=repository.root,
        commit=repository.head,
        environment=ENVIRONMENT,
        commands=(gone,),
        is_confirmed=True,
        place=place,
    )
    (finding,) = checked.outcome.findings
    assert finding.id == "CHK-12"
    assert finding.message.startswith("Not tried: ")
    assert (checked.needs_human, [each.with_base_tests for each in checked.commands]) == (True, [False])


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", ".git/hooks/x", "a/.GIT/config", "src/../../x"])
async def test_a_path_that_leaves_the_repository_never_reaches_git(
    repository: Repository, place: Path, path: str
) -> None:
    patch = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n".encode()
    checked = await check(repository, patch, place)
    assert ids(checked) == {"PAT-02"}


LINK = (
    b"diff --git a/src/link b/src/link\nnew file mode 120000\nindex 0000000..e69de29\n--- /dev/null\n"
    b"+++ b/src/link\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n"
)


async def test_a_symbolic_link_is_for_a_human(repository: Repository, place: Path) -> None:
    checked = await check(repository, LINK, place)
    assert ids(checked) == {"PAT-06"}
    assert (checked.outcome.is_passed, checked.outcome.needs_human) == (True, True)


async def test_writing_through_a_new_symbolic_link_fails(repository: Repository, place: Path) -> None:
    beneath = b"diff --git a/src/link/x b/src/link/x\nnew file mode 100644\n--- /dev/null\n+++ b/src/link/x\n"
    checked = await check(repository, LINK + beneath + b"@@ -0,0 +1 @@\n+x\n", place)
    assert "PAT-13" in ids(checked)
    assert not checked.outcome.is_passed


async def test_writing_through_a_symbolic_link_of_the_commit_does_not_apply(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "linked", FILES)
    (repository.root / "out").symlink_to(tmp_path)
    repository.commit()
    checked = await check(repository, b"--- /dev/null\n+++ b/out/x\n@@ -0,0 +1 @@\n+x\n", place)
    assert ids(checked) == {"PAT-15"}


async def test_a_link_edited_without_saying_so_is_seen_as_git_sees_it(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "linked", FILES)
    (repository.root / "out").symlink_to("src")
    repository.commit()
    end = b"\\ No newline at end of file\n"
    patch = b"--- a/out\n+++ b/out\n@@ -1 +1 @@\n-src\n" + end + b"+/etc\n" + end
    assert ids(await check(repository, patch, place)) == {"PAT-06"}


async def test_a_submodule_is_for_a_human_also_where_it_is_said_to_be_ignored(tmp_path: Path, place: Path) -> None:
    quiet = b'[submodule "lib"]\n\tpath = lib\n\turl = https://example.com/lib\n\tignore = all\n'
    repository = Repository(tmp_path / "super", FILES | {".gitmodules": quiet})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    repository.git("commit", "--quiet", "-m", "submodule")
    lines = f"@@ -1 +1 @@\n-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n"
    patch = f"diff --git a/lib b/lib\n--- a/lib\n+++ b/lib\n{lines}".encode()  # the mode is not said
    checked = await check(repository, patch, place, "true")
    assert ids(checked) == {"PAT-08"}
    assert checked.commands[0].exit_code == 0


async def test_a_mode_change_to_executable_is_for_a_human(repository: Repository, place: Path) -> None:
    patch = b"diff --git a/src/a.txt b/src/a.txt\nold mode 100644\nnew mode 100755\n"
    assert ids(await check(repository, patch, place)) == {"PAT-07"}


async def test_a_binary_is_for_a_human_and_applies(repository: Repository, place: Path) -> None:
    patch = edited(repository, src__picture=bytes(range(256)))
    checked = await check(repository, patch, place)
    assert ids(checked) == {"PAT-09"}
    assert checked.outcome.is_passed


async def test_a_huge_patch_is_not_read(repository: Repository, place: Path) -> None:
    lines = b"".join(b"+line %d\n" % number for number in range(60_000))
    patch = b"--- /dev/null\n+++ b/big\n@@ -0,0 +1,60000 @@\n" + lines
    assert ids(await check(repository, patch, place)) == {"ART-01"}
    roomy = await check(repository, patch, place, limits=CheckLimits(artifact_bytes=2_000_000))
    assert roomy.outcome.findings == ()


async def test_bytes_that_are_no_text_are_refused(repository: Repository, place: Path) -> None:
    assert ids(await check(repository, b"--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1 +1 @@\n-one\n+\xff\n", place)) == {
        "ART-02"
    }


async def test_a_secret_is_refused_and_not_repeated(repository: Repository, place: Path) -> None:
    checked = await check(repository, edited(repository, src__new=f"key = '{KEY}'\n".encode()), place, SHOW)
    assert checked.outcome.is_refused
    assert KEY not in repr(checked)
    assert checked.commands == ()


async def test_outside_of_the_scope_fails(repository: Repository, place: Path) -> None:
    patch = edited(repository, src__a_dot_txt=None, docs__a_dot_txt=FILES["src/a.txt"])
    checked = await check(repository, patch, place, scope=Scope(("docs/**",)))
    assert ids(checked) == {"PAT-03"}


async def test_a_repository_without_commits_is_said_to_lack_the_commit(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / "empty", {})
    checked = await check(repository, LINK, place, commit="1" * 40)
    assert "CHK-03" in ids(checked)


@pytest.mark.parametrize("commit", ["HEAD", "main", "--all", "1" * 39, "1" * 40])
async def test_a_commit_is_a_full_id_that_is_there(repository: Repository, place: Path, commit: str) -> None:
    assert "CHK-03" in ids(await check(repository, LINK, place, commit=commit))


async def test_a_directory_that_is_no_repository(tmp_path: Path) -> None:
    checked = await check_candidate(
        ArtifactKind.PATCH, LINK, EVERYTHING, repository=tmp_path, commit="1" * 40, environment=ENVIRONMENT
    )
    assert "CHK-02" in ids(checked)


async def test_a_machine_without_git(repository: Repository, place: Path) -> None:
    checked = await check(repository, LINK, place, environment={"PATH": str(place)})
    assert "CHK-01" in ids(checked)


async def test_no_place_for_the_throwaway_is_a_finding(repository: Repository, tmp_path: Path) -> None:
    checked = await check_candidate(
        ArtifactKind.PATCH,
        LINK,
        EVERYTHING,
        repository=repository.root,
        commit=repository.head,
        environment=ENVIRONMENT,
        place=tmp_path / "missing",
    )
    assert "CHK-04" in ids(checked)


async def test_a_repository_in_sha256_form_with_an_odd_name(tmp_path: Path, place: Path) -> None:
    repository = Repository(tmp_path / 'a "b" \\ c', FILES, "--object-format=sha256")
    patch = edited(repository, src__a_dot_txt=b"one\nTWO\nthree\n")
    assert (await check(repository, patch, place, SHOW)).outcome.findings == ()


async def test_a_linked_worktree_and_a_subdirectory_are_repositories_too(repository: Repository, place: Path) -> None:
    repository.git("worktree", "add", "--quiet", "--detach", str(place.parent / "linked"))
    for root in (place.parent / "linked", repository.root / "src"):
        checked = await check_candidate(
            *(ArtifactKind.PATCH, PATCH, EVERYTHING),
            repository=root,
            commit=repository.head,
            environment=ENVIRONMENT,
            place=place,
        )
        assert checked.outcome.findings == ()


async def test_hostile_hooks_filters_and_drivers_do_not_run(tmp_path: Path, place: Path) -> None:
    canary = tmp_path / "canary"
    attributes = b"* filter=evil diff=evil merge=evil text\n"
    repository = Repository(tmp_path / "hostile", {".gitattributes": attributes, "src/a.txt": FILES["src/a.txt"]})
    patch = edited(repository, src__a_dot_txt=b"one\nTWO\nthree\n")
    head = repository.head
    for name in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "applypatch-msg"):
        hook = repository.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
        hook.chmod(0o755)
    evil = f"touch {canary}; cat"
    settings = {
        "filter.evil.smudge": evil,
        "filter.evil.clean": evil,
        "filter.evil.process": evil,
        "filter.evil.required": "true",
        "diff.evil.textconv": evil,
        "diff.evil.command": evil,
        "diff.external": evil,
        "merge.evil.driver": evil,
        "core.fsmonitor": f"touch {canary}; false",
        "core.pager": evil,
        "core.hooksPath": str(repository.root / ".git/hooks"),
        "core.sshCommand": evil,
        "core.gitProxy": evil,
        "credential.helper": f"!{evil}",
        "apply.whitespace": "error-all",
        "alias.apply": f"!{evil}",
    }
    for name, value in settings.items():
        repository.git("config", name, value)
    before = repository.state()
    checked = await check_candidate(
        *(ArtifactKind.PATCH, patch, EVERYTHING),
        repository=repository.root,
        commit=head,
        environment=ENVIRONMENT | {"GIT_DIR": str(tmp_path / "elsewhere"), "GIT_EXTERNAL_DIFF": evil},
        commands=[SHOW],
        is_confirmed=True,
        place=place,
    )
    assert not canary.exists()
    assert repository.state() == before
    assert checked.outcome.findings == ()
    assert "TWO" in checked.output_tail[0]
    # The trap works: git in the repository itself falls into it.
    subprocess.run(["git", "-C", str(repository.root), "status"], env=ENVIRONMENT, capture_output=True, check=False)
    assert canary.exists()


async def test_commands_wait_for_the_operator(repository: Repository, place: Path) -> None:
    checked = await check(repository, PATCH, place, "touch canary", is_confirmed=False)
    assert ids(checked) == {"CHK-09"}
    assert (checked.outcome.is_passed, checked.commands) == (True, ())


async def test_each_way_in_which_a_command_fails_has_its_finding(repository: Repository, place: Path) -> None:
    allowed = []

    async def sleep(seconds: float) -> None:
        allowed.append(seconds)
        if len(allowed) != 3:  # only the third command is out of time
            await asyncio.Event().wait()

    commands = ("true", "false", "sleep 600", "yes", "no-such-program", "'")
    checked = await check(repository, PATCH, place, *commands, limits=CheckLimits(command_s=7), sleep=sleep)
    assert allowed == [7] * 4
    assert {finding.id: finding.evidence for finding in checked.outcome.findings} == {
        "CHK-05": "command 2",
        "CHK-06": "command 3",
        "CHK-07": "command 4",
        "CHK-08": "command 5",
        "CHK-10": "command 6",
    }
    assert [result.ending for result in checked.commands[:4]] == [
        CommandEnding.EXITED,
        CommandEnding.EXITED,
        CommandEnding.TIMED_OUT,
        CommandEnding.FLOODED,
    ]


async def test_documents_and_plans_need_no_repository(tmp_path: Path) -> None:
    for kind, text in ((ArtifactKind.ARTICLE, b"# Words\n"), (ArtifactKind.PLAN, b"ls -l\n")):
        checked = await check_candidate(
            kind, text, Scope(()), repository=tmp_path / "none", commit="", environment=ENVIRONMENT
        )
        assert checked.outcome.findings == ()


async def test_a_caller_who_leaves_leaves_nothing_behind(repository: Repository, place: Path) -> None:
    began = place.parent / "began"
    os.mkfifo(began)
    running = asyncio.create_task(check(repository, PATCH, place, f"sh -c 'echo > {began}; sleep 600'"))
    assert await asyncio.to_thread(began.read_text) == "\n"
    assert len(list(place.iterdir())) == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert list(place.iterdir()) == []


async def test_directories_that_a_command_closes_are_removed_and_links_out_of_them_are_not_followed(
    repository: Repository, place: Path
) -> None:
    kept = place.parent / "kept"
    kept.mkdir(mode=0o755)
    checked = await check(repository, PATCH, place, f"sh -c 'mkdir -p a/b; ln -s {kept} a/out; chmod 000 a/b a'")
    assert checked.outcome.is_passed
    assert kept.stat().st_mode & 0o777 == 0o755


async def test_nobody_else_can_look_into_the_throwaway(repository: Repository, place: Path) -> None:
    code = "import os; print(oct(os.stat('..').st_mode))"
    checked = await check(repository, PATCH, place, shlex.join([sys.executable, "-c", code]))
    assert checked.output_tail == ("0o40700\n",)
