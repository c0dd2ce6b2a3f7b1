"""What a gate is about is in the gate pane, as it would be read, and no text from outside changes how it is drawn."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.app.states import HOSTILE

from console.app.panes.gate.result import result_lines
from console.app.panes.gate.subject import subject_lines
from console.app.panes.gate.whole import whole_of
from console.app.widgets.line import Line
from console.domain.answers.role_answer import (
    CriterionScore,
    Critique,
    CritiqueArea,
    FindingSeverity,
    JudgeFinding,
    Plan,
    Review,
)
from console.domain.artifacts.file_change import FileChange, FileChangeKind
from console.domain.finding import Finding, Severity
from console.domain.run.event import GateOpened, InstructionPinned
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import PinnedSource
from console.domain.run.reach import Reach, ReachedToken
from console.domain.run.subject import (
    ClaimShown,
    DraftFile,
    DraftShown,
    PreflightNotes,
    ReviewShown,
    RungNote,
    SourceShown,
    SourcesShown,
    Subject,
)
from console.domain.sources.cited_page import SourceChecked, SourceVerdict
from console.domain.workflows.token_kind import TokenKind
from console.view.run.event import GateNotes
from console.view.run_view import RunView
from console.view.sign import Tone

SHA256 = "95ac342232534ce7" * 4
PATCH = "diff --git a/a.md b/a.md\n--- a/a.md\n+++ b/a.md\n@@ -1 +1,2 @@\n-old\n+new\n+\x1b[31mred\n same\n"
DRAFT = DraftShown(
    SHA256,
    "patch",
    PATCH,
    len(PATCH),
    (
        DraftFile(FileChange(FileChangeKind.EDITED, "docs/a.md", 1, added=2, removed=1), is_in_scope=True),
        DraftFile(FileChange(FileChangeKind.ADDED, "ci/deploy.yml", 9, added=1), is_in_scope=False),
    ),
    ("docs/*.md",),
)
SUBJECTS: dict[str, Subject] = {
    "instruction": InstructionPinned(
        "codex",
        "AGENTS.md",
        "repository",
        (PinnedSource(f"AGENTS.md{HOSTILE}", "**", "always", SHA256, 30, 23, is_dirty=True),),
        SHA256,
        ("I05",),
    ),
    "preflight": PreflightNotes(
        (
            RungNote("planner", 0, "passed", "the family fits"),
            RungNote("planner", 1, "passed", ""),
            RungNote("writer", 0, "passed", ""),
            RungNote("writer", 1, "blocked", f"account_quota: {HOSTILE}"),
            RungNote("reviewer", 0, "a word of a later version", ""),
        ),
        tuple(Finding("VERIFY-01", Severity.WARN, f"row {n} was never verified") for n in range(5)),
        Reach((ReachedToken("NPM_TOKEN", TokenKind.PUBLISHER),), "read-only"),
    ),
    "plan": Plan("AGENTS.md", ("docs/*.md",), (f"look {HOSTILE}",), ("a secret would have to be read",)),
    "draft": DRAFT,
    "article": DraftShown(SHA256, "article", "漢字かな" * 400 + HOSTILE, 9),
    "sources": SourcesShown(
        (
            SourceShown(
                SourceChecked("https://example.com/a", SourceVerdict.UNSUPPORTED, 1, ("c1", "c2"), status=200, size=9),
                (ClaimShown("c1", f"words {HOSTILE}", True), ClaimShown("c2", "other words", False)),
            ),
            SourceShown(
                SourceChecked("", SourceVerdict.UNREACHABLE, 1, ("c3",), reason="no answer"),
                (ClaimShown("c3", "more words", None),),
            ),
        )
    ),
    "review": ReviewShown(
        Review("n", (CriterionScore("safety", 9, HOSTILE),), (JudgeFinding(FindingSeverity.MINOR, "", HOSTILE),)), ()
    ),
    "critique": Critique(
        "n", (JudgeFinding(FindingSeverity.BLOCKER, "a quote", "it asks for a token", CritiqueArea.SECRET_EXPOSURE),)
    ),
}


def text(lines: Iterable[Line]) -> str:
    return "\n".join(str(each).rstrip() for each in lines)


def drawn(name: str, width: int = 76, *, is_whole: bool = False) -> str:
    return text(subject_lines(SUBJECTS[name], width, is_whole=is_whole))


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_subject_runs_over_the_width_and_nothing_is_raw(name: str) -> None:
    for width in (60, 76, 196):
        lines = [str(each) for each in subject_lines(SUBJECTS[name], width, is_whole=True)]
        assert [each for each in lines if cell_len(each) > width or "\x1b" in each] == []


def test_an_instruction_source_is_shown_with_its_files_and_conflicts() -> None:
    shown = drawn("instruction")
    assert "source        AGENTS.md, for codex, in repository" in shown
    assert "not committed" in shown
    assert "conflicts     I05" in shown
    assert f"sha256 {SHA256[:12]}…" in shown
    assert SHA256 in drawn("instruction", 116, is_whole=True)


def test_a_preflight_shows_each_route_what_does_not_hold_and_what_is_in_reach() -> None:
    shown = drawn("preflight")
    assert "planner       ✓0 ✓1 up to connection" in shown
    assert "writer        ✓0 !1" in shown
    assert "! blocked rung 1, connection: account_quota" in shown
    assert "the family fits" not in shown
    assert "✓ ok rung 0, offline: the family fits" in drawn("preflight", is_whole=True)
    assert "~ NPM_TOKEN is in reach of roles: publisher" in shown


def test_many_findings_with_one_id_are_counted_and_all_are_a_key_away() -> None:
    notes = GateNotes(Gate.PREFLIGHT, 1, None, subject=SUBJECTS["preflight"])
    shown = text(result_lines(RunView(), notes, 76))
    assert shown.count("VERIFY-01  row") == 1
    assert "VERIFY-01  and 4 more: d shows all" in shown
    assert "no findings" not in shown
    assert text(result_lines(RunView(), notes, 76, is_whole=True)).count("VERIFY-01  row") == 5


def test_a_plan_says_what_it_may_touch_and_when_it_stops() -> None:
    shown = drawn("plan")
    assert "may touch     docs/*.md" in shown
    assert "steps         1. look" in shown
    assert "stops if      a secret would have to be read" in shown


def test_a_patch_is_coloured_by_line_and_says_what_is_out_of_scope() -> None:
    shown = drawn("draft")
    assert "2 file(s), +3 -1" in shown
    assert "docs/a.md  +2 -1\n" in shown
    assert "ci/deploy.yml  added  +1 -0  × outside the scope of the plan" in shown
    tones = {str(each): each.spans[0].tone for each in subject_lines(DRAFT, 76, is_whole=False) if each.spans}
    assert (tones["-old"], tones["+new"], tones["@@ -1 +1,2 @@"]) == (Tone.FAIL, Tone.OK, Tone.ACCENT)
    assert [tone for each, tone in tones.items() if "red" in each] == [Tone.OK]


def test_a_huge_draft_is_clipped_in_the_pane_and_whole_at_a_key() -> None:
    for long in ("+word " * 90_000, "+漢" * 100_000, "+line\n" * 90_000):
        huge = replace(DRAFT, text=PATCH + long, files=())
        lines = list(subject_lines(huge, 76, is_whole=False))
        assert len(lines) < 300
        assert "d shows the whole" in text(lines)
    notes = GateNotes(Gate.WRITER, 1, None, subject=huge)
    whole = whole_of(RunView(notes=(notes, GateNotes(Gate.CRITIC, 1, None))))
    assert whole is notes
    assert text(subject_lines(huge, 76, is_whole=True)).count("+line") == 90_000


def test_a_source_shows_the_quoted_words_and_whether_they_were_found() -> None:
    shown = drawn("sources", 116)
    assert "× https://example.com/a\n  unsupported, HTTP 200, 9 bytes" in shown
    assert '✓ c1: found on the page\n    "words' in shown
    assert '× c2: NOT on the page\n    "other words"' in shown
    assert "! an address that cannot be shown\n  unreachable: no answer" in shown
    assert "! c3: not looked for: the page was not read" in shown


def test_a_critics_point_is_shown_and_is_never_called_no_finding() -> None:
    opened = GateOpened(Gate.CRITIC, 1, GateVerdict.REVISE, own=GateVerdict.READY)
    notes = GateNotes(Gate.CRITIC, 1, opened, subject=SUBJECTS["critique"])
    shown = text(result_lines(RunView(), notes, 116))
    assert "blocker       secret exposure: it asks for a token" in shown
    assert 'at "a quote"' in shown
    assert "no findings" not in shown
    assert "computed here from the critic's own points: ready, lowered by what our code found" in shown
