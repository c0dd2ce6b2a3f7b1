"""Unified diffs as they are read: what git writes is understood, and what git would mend or skip is a fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.text.hostile_text import DIFFS, EDIT

from console.domain.artifacts.file_change import FileChange, FileChangeKind
from console.domain.artifacts.unified_diff import parse_patch

_MANY = examples(400)
PLAIN = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


def only(text: str) -> FileChange:
    patch = parse_patch(text)
    assert patch.faults == ()
    (change,) = patch.changes
    return change


def fault(text: str) -> tuple[int, str]:
    (found,) = parse_patch(text).faults
    return found.line, found.words


def test_an_edit_has_its_path_counts_and_modes() -> None:
    assert only(EDIT) == FileChange(
        FileChangeKind.EDITED, "src/x.py", 1, old_mode=0o100644, new_mode=0o100644, added=2, removed=1
    )


def test_what_a_patch_brings_is_its_added_lines_and_headers() -> None:
    brought = dict(parse_patch(EDIT).brought)
    assert (brought[8], brought[9]) == ("TWO", "2")
    assert not {"one", "two", "three"} & set(brought.values())


def test_a_diff_without_git_header_is_read() -> None:
    assert only(PLAIN).path == "x"


def test_several_files_keep_their_order() -> None:
    assert [change.line for change in parse_patch(EDIT + PLAIN + EDIT).changes] == [1, 11, 16]


@pytest.mark.parametrize(
    ("lines", "kind", "path", "old_path", "modes"),
    [
        ("new file mode 100755\nindex 0000000..e69de29", FileChangeKind.ADDED, "a", "", (None, 0o100755)),
        (
            "new file mode 120000\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file",
            FileChangeKind.ADDED,
            "a",
            "",
            (None, 0o120000),
        ),
        (
            "deleted file mode 100644\n--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x",
            FileChangeKind.DELETED,
            "a",
            "",
            (0o100644, None),
        ),
        ("old mode 100644\nnew mode 100755", FileChangeKind.EDITED, "a", "", (0o100644, 0o100755)),
        (
            "index 1111111..2222222 160000\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y",
            FileChangeKind.EDITED,
            "a",
            "",
            (0o160000,) * 2,
        ),
    ],
)
def test_kinds_and_modes(
    lines: str, kind: FileChangeKind, path: str, old_path: str, modes: tuple[int | None, int | None]
) -> None:
    change = only(f"diff --git a/a b/a\n{lines}\n")
    assert (change.kind, change.path, change.old_path, (change.old_mode, change.new_mode)) == (
        *(kind, path, old_path),
        modes,
    )


@pytest.mark.parametrize("verb", ["rename", "copy"])
def test_a_rename_touches_both_paths_and_a_copy_one(verb: str) -> None:
    header = f"diff --git a/old b/new\nsimilarity index 100%\n{verb} from old\n{verb} to new\n"
    change = only(header)
    assert (change.old_path, change.path) == ("old", "new")
    assert change.touched == (("old", "new") if verb == "rename" else ("new",))


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a/with space b/with space", "with space"),
        ("a/a b/a b/a b/a", "a b/a"),
        (r'"a/caf\303\251" "b/caf\303\251"', "café"),
        (r'"a/tab\there" "b/tab\there"', "tab\there"),
        (r'"a/q\"\\" "b/q\"\\"', 'q"\\'),
    ],
)
def test_names_as_git_writes_them(written: str, path: str) -> None:
    assert only(f"diff --git {written}\nold mode 100644\nnew mode 100755\n").path == path


def test_the_tab_after_a_name_with_spaces_is_no_part_of_it() -> None:
    assert only("--- a/my file\t\n+++ b/my file\t\n@@ -1 +1 @@\n-a\n+b\n").path == "my file"


def test_a_binary_patch_with_and_without_its_bytes() -> None:
    head = f"diff --git a/x b/x\nindex {'1' * 40}..{'2' * 40} 100644\n"
    bare = only(head + "Binary files a/x and b/x differ\n")
    whole = only(head + "GIT binary patch\nliteral 3\nKcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n\n")
    assert (bare.is_binary, bare.has_binary_content) == (True, False)
    assert (whole.is_binary, whole.has_binary_content) == (True, True)


def test_a_mail_around_a_patch_is_stray_but_its_signature_is_not() -> None:
    patch = parse_patch("From 1 Mon\nSubject: x\n\n" + EDIT + "-- \n2.39.5\n\n")
    assert (patch.stray, patch.faults, len(patch.changes)) == ((1, 2), (), 1)


def test_crlf_lines_keep_their_carriage_return_and_headers_lose_it() -> None:
    patch = parse_patch(PLAIN.replace("\n", "\r\n"))
    assert patch.changes[0].path == "x"
    assert "b\r" in [text for _, text in patch.brought]


HEAD = "diff --git a/x b/x\n"
BINARY = f"{HEAD}index {'1' * 40}..{'2' * 40} 100644\n"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"
FAULTS = {
    "hunk without a file": HUNK,
    "combined diff": "diff --cc x\n--- a/x\n+++ b/x\n@@@ -1 -1 +1 @@@\n--a\n++b\n",
    "more lines than said": PLAIN + "+c\n",
    "fewer lines than said": "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n",
    "context that does not add up": "--- a/x\n+++ b/x\n@@ -1,0 +1 @@\n a\n",
    "prose within a hunk": "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\nprose\n",
    "no prefixes": "--- x\n+++ x\n" + HUNK,
    "other prefixes": "--- old/x\n+++ new/x\n" + HUNK,
    "times after names": "--- a/x\t1970-01-01 00:00:00 +0000\n+++ b/x\t2026-01-01 00:00:00 +0000\n" + HUNK,
    "rename that nobody says": "--- a/x\n+++ b/y\n" + HUNK,
    "git rename that nobody says": "diff --git a/x b/y\n--- a/x\n+++ b/y\n" + HUNK,
    "header names another file": "diff --git a/x b/x\n--- a/y\n+++ b/y\n" + HUNK,
    "rename names another file": "diff --git a/x b/y\nrename from x\nrename to z\n--- a/x\n+++ b/y\n" + HUNK,
    "rename within one name": HEAD + "rename from y\nrename to z\n",
    "new file without its mode": HEAD + "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n",
    "deleted file without its mode": HEAD + "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
    "new and deleted": HEAD + "new file mode 100644\ndeleted file mode 100644\n",
    "from nothing to nothing": "--- /dev/null\n+++ /dev/null\n" + HUNK,
    "mode twice": HEAD + "new mode 100644\nnew mode 100755\n",
    "unknown mode": HEAD + "old mode 100644\nnew mode 104755\n",
    "mode with a digit more": HEAD + "new file mode 0120000\n",
    "nothing changes": HEAD,
    "only an index": HEAD + "index 1111111..2222222 100644\n",
    "unknown header": HEAD + "rename old x\nrename new y\n",
    "quotes that do not match": 'diff --git "a/x b/x\nnew mode 100755\n',
    "unknown escape": '--- "a/\\q"\n+++ "b/\\q"\n' + HUNK,
    "escape past a byte": '--- "a/\\777"\n+++ "b/\\777"\n' + HUNK,
    "name that is not UTF-8": '--- "a/\\377"\n+++ "b/\\377"\n' + HUNK,
    "hunk number too long": f"--- a/x\n+++ b/x\n@@ -{'9' * 5000} +1 @@\n-a\n+b\n",
    "new mode without the old one": HEAD + "new mode 100755\n",
    "header that git wrote long ago": HEAD
    + "old mode 100644\nnew mode 100755\nrename new y\n--- a/y\n+++ b/y\n"
    + HUNK,
    "binary without whole ids": HEAD + "index 1111111..2222222\nGIT binary patch\nliteral 0\nHcmV?d00001\n\n",
    "binary without a size": BINARY + "GIT binary patch\nwhatever\n",
    "binary that unpacks to gigabytes": BINARY + "GIT binary patch\nliteral 2000000000\nKcmZQzWMT#Y01f~L\n\n",
    "binary with prose": BINARY + "GIT binary patch\nliteral 3\nKcmZQzWMT#Y01f~L\nsome prose\n\n",
    "no hunk": "--- a/x\n+++ b/x\n",
    "no +++": HEAD + "--- a/x\n" + HUNK,
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS.keys())
def test_what_git_would_guess_or_skip_is_a_fault(text: str) -> None:
    line, words = fault(text)
    assert 1 <= line <= text.count("\n") + 1
    assert words


def test_a_fault_says_its_line() -> None:
    assert fault(EDIT + PLAIN + "+c\n")[0] == 16


_LINE = st.sampled_from(
    [
        *("diff --git a/x b/x", 'diff --git "a/\\303" "b/x"', "--- a/x", "+++ b/x", "--- /dev/null", "+++ /dev/null"),
        *(
            "@@ -1 +1 @@",
            "@@ -0,0 +1,2 @@",
            "@@ -1,99 +1 @@",
            "+a",
            "-a",
            " a",
            "",
            "\\ No newline",
            "GIT binary patch",
        ),
        *("literal 3", "KcmZQzWMT#Y01f~L", "new file mode 120000", "rename from x", "rename to y", "-- ", "2.39"),
        *("index 11111..22222 160000", "Binary files x differ", "diff --cc x", "similarity index 9%", "\r", "\x00"),
    ]
)


@_MANY
@given(st.one_of(st.text(), st.text(alphabet=st.characters()), st.lists(_LINE, max_size=30).map("\n".join)))
def test_no_text_makes_it_raise(text: str) -> None:
    patch = parse_patch(text)
    lines = text.count("\n") + 1
    assert all(1 <= found.line <= lines for found in patch.faults)
    assert all(1 <= number <= lines for number, _ in patch.brought)


@_MANY
@given(
    st.lists(st.tuples(st.sampled_from("+- "), st.text(alphabet="ab+-@\\ \t\r", max_size=8)), min_size=1, max_size=20)
)
def test_a_well_formed_hunk_is_read_whole_whatever_its_lines_are(lines: list[tuple[str, str]]) -> None:
    old, new = (sum(sign in signs for sign, _ in lines) for signs in ("- ", "+ "))
    body = "".join(f"{sign}{text}\n" for sign, text in lines)
    change = only(f"--- a/x\n+++ b/x\n@@ -1,{old} +1,{new} @@\n{body}")
    assert (change.added, change.removed) == (
        sum(sign == "+" for sign, _ in lines),
        sum(sign == "-" for sign, _ in lines),
    )


@pytest.mark.parametrize(
    ("name", "changes", "added", "stray", "words"),
    [
        ("edits", 100, 200, 0, []),
        ("modes", 100, 0, 0, []),
        ("hunks", 1, 100, 0, []),
        ("one hunk", 0, 0, 0, ["a hunk has fewer lines than its first line says"]),
        ("one name", 0, 0, 0, ["the lines of a file name different paths, but there is no rename line"]),
        ("one header", 0, 0, 0, ["the lines of a file name different paths, but there is no rename line"]),
        ("one line", 0, 0, 1, []),
        ("lines around", 0, 0, 100, []),
        ("empty lines", 0, 0, 0, []),
    ],
)
def test_a_hostile_diff_is_read_to_its_end_or_to_its_first_fault(
    name: str, changes: int, added: int, stray: int, words: list[str]
) -> None:
    text = DIFFS[name].of(100 * len(DIFFS[name].piece))
    patch = parse_patch(text)
    assert (len(patch.changes), sum(each.added for each in patch.changes)) == (changes, added)
    assert (len(patch.stray), [each.words for each in patch.faults]) == (stray, words)
