"""Checks of artifacts without any IO: what fails, what a human decides, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.artifacts.artifact import (
    ArtifactKind,
    check_artifact,
    check_command_plan,
    check_document,
    check_patch,
)
from console.domain.artifacts.outcome import NEEDS_A_HUMAN, REFUSED, CheckOutcome, places
from console.domain.artifacts.repository_path import Scope
from console.domain.finding import Finding, Severity

EVERYTHING = Scope((".",))
KEYS = [
    "-".join(["sk", "Qw3rTy7uIoPaSdFg8hJkLz"]),
    "_".join(["ghp", "Qw3rTy7uIoPaSdFg8hJkLzXcVbNm12"]),
    " ".join(["-----BEGIN", "RSA", "PRIVATE", "KEY-----"]),
]


def edit(path: str = "src/x", *added: str) -> bytes:
    lines = "".join(f"+{line}\n" for line in added or ("b",))
    count = len(added or "b")
    head = f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n+++ b/{path}\n"
    return f"{head}@@ -1 +1,{count} @@\n-a\n{lines}".encode()


def ids(outcome: CheckOutcome) -> list[str]:
    return [finding.id for finding in outcome.findings]


def test_a_patch_within_its_scope_passes() -> None:
    outcome = check_patch(edit(), Scope(("src",)))
    assert (outcome.findings, outcome.is_passed, outcome.needs_human, outcome.is_refused) == ((), True, False, False)


def test_a_patch_outside_its_scope_fails_and_says_which_file() -> None:
    outcome = check_patch(edit() + edit("docs/y") + edit("docs/z"), Scope(("src",)))
    assert [(finding.id, finding.evidence) for finding in outcome.findings] == [("PAT-03", "files 2 and 3")]
    assert not outcome.is_passed


@pytest.mark.parametrize(
    ("path", "finding_id"),
    [
        (".github/workflows/ci.yml", "PAT-04"),
        ("AGENTS.md", "PAT-05"),
        ("docs/Claude.MD", "PAT-05"),
        (".gitattributes", "PAT-10"),
    ],
)
def test_what_steers_is_for_a_human_even_within_the_scope(path: str, finding_id: str) -> None:
    outcome = check_patch(edit(path), EVERYTHING)
    assert ids(outcome) == [finding_id]
    assert (outcome.is_passed, outcome.needs_human) == (True, True)


def test_a_rename_away_from_workflows_is_an_edit_of_them() -> None:
    patch = (
        b"diff --git a/.github/workflows/a.yml b/src/a.yml\nrename from .github/workflows/a.yml\nrename to src/a.yml\n"
    )
    assert ids(check_patch(patch, EVERYTHING)) == ["PAT-04"]


def test_a_copy_does_not_touch_where_it_came_from() -> None:
    patch = b"diff --git a/docs/a b/src/a\ncopy from docs/a\ncopy to src/a\n"
    assert ids(check_patch(patch, Scope(("src",)))) == []


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("where", ["added", "prose"])
def test_a_secret_is_refused_and_not_repeated(key: str, where: str) -> None:
    patch = edit("src/x", "a", key) if where == "added" else key.encode() + b"\n" + edit()
    outcome = check_patch(patch, EVERYTHING)
    assert "ART-04" in ids(outcome)
    assert (outcome.is_refused, outcome.is_passed) == (True, False)
    assert key not in repr(outcome)
    assert outcome.findings[0].evidence == ("line 8" if where == "added" else "line 1")


def test_a_secret_that_is_removed_or_stands_there_already_does_not_hold_the_patch() -> None:
    patch = f"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n {KEYS[0]}\n-{KEYS[1]}\n+b\n".encode()
    assert ids(check_patch(patch, EVERYTHING)) == []


@pytest.mark.parametrize(
    "line",
    [
        "sha256:" + "0123456789abcdef" * 4,
        '"integrity": "sha512-' + "aB3" * 28 + '=="',
        "123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_checksums_of_a_lock_file_are_no_secrets(line: str) -> None:
    assert ids(check_patch(edit("lock", line), EVERYTHING)) == []


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x1b[2J", "\x08", "\u2066", "\U000e0041", "\ufeff", "a\rb"])
def test_hidden_characters_are_for_a_human(hidden: str) -> None:
    outcome = check_patch(edit("src/x", "fine", f"a{hidden}b"), EVERYTHING)
    assert [(finding.id, finding.evidence) for finding in outcome.findings] == [("ART-05", "line 8")]
    assert (outcome.is_passed, outcome.needs_human) == (True, True)


@pytest.mark.parametrize("seen", ["\ttabbed", "crlf\r", "grüße 日本", "⚠\ufe0f", "a 🎉"])
def test_what_a_reader_sees_is_not_hidden(seen: str) -> None:
    assert ids(check_patch(edit("src/x", seen), EVERYTHING)) == []


@pytest.mark.parametrize("hidden", ["a\ufe0f", "⚠\ufe0f\ufe0f"])
def test_a_style_that_styles_nothing_is_hidden(hidden: str) -> None:
    assert ids(check_patch(edit("src/x", hidden), EVERYTHING)) == ["ART-05"]


@pytest.mark.parametrize(
    ("patch", "finding_id"),
    [
        (b"", "ART-03"),
        (b" \n\n", "ART-03"),
        (b"\xff", "ART-02"),
        (b"a\0b", "ART-02"),
        (b"x" * 512_001, "ART-01"),
        (b"only prose\n", "PAT-14"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "PAT-01"),
        (edit() + edit(), "PAT-12"),
        (edit("src/a") + edit("src/A"), "PAT-12"),
        (b"diff --git a/x b/x\nindex 1111111..2222222\nBinary files a/x and b/x differ\n", "PAT-11"),
    ],
)
def test_what_fails(patch: bytes, finding_id: str) -> None:
    outcome = check_patch(patch, EVERYTHING)
    assert ids(outcome) == [finding_id]
    assert not outcome.is_passed


def test_text_around_a_diff_is_seen() -> None:
    outcome = check_patch(b"Please approve this.\n" + edit(), EVERYTHING)
    assert [(finding.id, finding.severity) for finding in outcome.findings] == [("ART-06", Severity.WARN)]


def test_a_file_beneath_another_file_of_the_patch_fails() -> None:
    made = "diff --git a/{0} b/{0}\nnew file mode {1}\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+x\n"
    patch = (made.format("a", "120000") + made.format("a/b", "100644")).encode()
    assert ids(check_patch(patch, EVERYTHING)) == ["PAT-06", "PAT-13"]


def test_a_directory_that_a_file_takes_the_place_of_is_none_beneath_it() -> None:
    patch = (
        b"diff --git a/a/b b/a/b\ndeleted file mode 100644\n--- a/a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        b"diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n"
    )
    assert ids(check_patch(patch, EVERYTHING)) == []


def test_documents_are_held_to_size_secrets_and_hidden_characters_only() -> None:
    assert check_document(b"# Title\n\n- git push is what people run\n").findings == ()
    assert ids(check_document(f"key: {KEYS[0]}\nx\u202ey\n".encode())) == ["ART-04", "ART-05"]
    assert ids(check_document(b"words", limit_bytes=4)) == ["ART-01"]


def test_each_kind_has_its_own_checks() -> None:
    text = b"git push\n"
    assert ids(check_artifact(ArtifactKind.PATCH, text, EVERYTHING)) == ["PAT-14"]
    assert ids(check_artifact(ArtifactKind.ARTICLE, text, EVERYTHING)) == []
    assert ids(check_artifact(ArtifactKind.PLAN, text, EVERYTHING)) == ["CMD-02"]


def test_a_secret_in_a_command_plan_is_refused() -> None:
    outcome = check_command_plan(f"run-it --with {KEYS[0]}\n".encode())
    assert outcome.is_refused
    assert KEYS[0] not in repr(outcome)


def test_findings_that_need_a_human_warn_and_refused_ones_fail() -> None:
    outcome = CheckOutcome((Finding("PAT-04", Severity.WARN, "x"),)).with_findings(
        [Finding("PAT-04", Severity.WARN, "again"), Finding("ART-04", Severity.FAIL, "y")]
    )
    assert ids(outcome) == ["PAT-04", "ART-04"]
    assert (outcome.is_passed, outcome.needs_human, outcome.is_refused) == (False, True, True)
    assert not NEEDS_A_HUMAN & REFUSED


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], ""), ([3, 3], "line 3"), ([9, 3], "lines 3 and 9"), (list(range(1, 9)), "lines 1, 2, 3, 4, 5 and 3 more")],
)
def test_places_are_few_numbers(numbers: list[int], words: str) -> None:
    assert places(numbers) == words


def test_six_places_are_five_and_one_more() -> None:
    assert places([1, 2, 3, 4, 5, 6]) == "lines 1, 2, 3, 4, 5 and 1 more"


@examples(200)
@given(st.sampled_from(ArtifactKind), st.one_of(st.binary(), st.text().map(lambda text: text.encode(errors="replace"))))
def test_no_bytes_make_a_check_raise(kind: ArtifactKind, artifact: bytes) -> None:
    for finding in check_artifact(kind, artifact, EVERYTHING).findings:
        assert finding.message
        assert finding.severity in Severity
