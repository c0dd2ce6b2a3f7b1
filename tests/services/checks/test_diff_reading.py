"""Our reading of diffs against git's: whatever both take for a patch changes the same files for both."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples
from support.git.repositories import ENVIRONMENT

from console.domain.artifacts.unified_diff import parse_patch

_SETTINGS = examples(250, HealthCheck.function_scoped_fixture)
_EXTENDED = st.sampled_from(
    [
        *("new file mode 100644", "new file mode 120000", "deleted file mode 100644", "similarity index 90%"),
        *("old mode 100644\nnew mode 100755", "rename from x\nrename to y", "copy from x\ncopy to d/z", "rename old x"),
        *("index 1111111..2222222 100644", f"index {'1' * 40}..{'2' * 40} 120000", "prose"),
    ]
)
_HUNK = st.sampled_from(
    [
        "@@ -1 +1 @@\n-a\n+b",
        "@@ -0,0 +1 @@\n+b",
        "@@ -1 +0,0 @@\n-a",
        "@@ -1,2 +1,2 @@ f\n a\n-b\n+c",
        "@@ -1 +1 @@\n-a\n+b\n+c",
    ]
)
_BETWEEN = st.sampled_from(["", "", "", "", "\n", "prose\n", "-- \n2.39\n", "+x\n", "\r\n", "@@ -1 +1 @@\n-a\n+b\n"])


@st.composite
def _names(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(["x", "y", "d/z"]))
    usual = (f"a/{name}", f"b/{name}")
    odd = [
        "/dev/null",
        f'"b/{name}"',
        name,
        f"b/{name}\t",
        f"b//{name}",
        f"b/{name}.orig",
        f"b/{name}\t1970-01-01 00:00:00 +0000",
    ]
    match draw(st.integers(0, 5)):
        case 0:
            return usual[0], draw(st.sampled_from(odd))
        case 1:
            return draw(st.sampled_from(["/dev/null", "a/y", name])), usual[1]
        case _:
            return usual


@st.composite
def _file(draw: st.DrawFn) -> str:
    old, new = draw(_names())
    lines = [f"diff --git {old} {new}", *draw(st.lists(_EXTENDED, max_size=2))] if draw(st.booleans()) else []
    old, new = (old, new) if draw(st.integers(0, 3)) else draw(_names())
    hunks = draw(st.lists(_HUNK, max_size=2))
    if hunks:
        lines += [f"--- {old}", f"+++ {new}", *hunks]
    return "".join(f"{line}\n" for line in lines) + draw(_BETWEEN)


@_SETTINGS
@given(st.lists(_file(), min_size=1, max_size=3).map("".join))
def test_what_both_read_changes_the_same_files(tmp_path: Path, text: str) -> None:
    ours = parse_patch(text)
    if ours.faults or not ours.changes:
        return
    theirs = _read_by_git(tmp_path, text)
    if theirs is not None:
        assert sorted(theirs) == sorted(change.path for change in ours.changes)


@pytest.mark.parametrize(
    "text",
    [
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n",
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
        'diff --git "a/caf\\303\\251" "b/caf\\303\\251"\nnew file mode 100644\nindex 0000000..e69de29\n',
    ],
)
def test_what_git_writes_is_read_by_both(tmp_path: Path, text: str) -> None:
    assert _read_by_git(tmp_path, text) == [change.path for change in parse_patch(text).changes]


def _read_by_git(directory: Path, text: str) -> list[str] | None:
    environment = ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(directory.parent), "HOME": str(directory)}
    command = ["git", "apply", "--numstat", "-z", "-p1", "-"]
    done = subprocess.run(
        command, input=text.encode(), capture_output=True, cwd=directory, env=environment, check=False
    )
    if done.returncode != 0:
        return None
    return [entry.split(b"\t", 2)[2].decode() for entry in done.stdout.split(b"\0")[:-1]]
