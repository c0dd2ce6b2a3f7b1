"""What our code computes from an answer: the instruction source that it names, by our own list only."""

import pytest
from support.run.story import Story, hashed

from console.domain.answers.role_answer import Plan
from console.domain.run.event import InstructionPinned
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.pinned import PinnedSource
from console.services.run.judging import check_source, judge_plan

CANARY = "INSTRUCTIONS 00d9 canary"


def pinned(*paths: str) -> InstructionPinned:
    """Return pinned sources, of which the first is the primary one."""
    sources = tuple(PinnedSource(path, "repository", "always", "0" * 64, 5, 5, is_dirty=False) for path in paths)
    return InstructionPinned("codex", paths[0] if paths else "", "repository", sources, "0" * 64, ())


def told(answer: str, *paths: str) -> str:
    """Return the words of the finding; empty if there is none."""
    return " ".join(each.message for each in check_source(answer, pinned(*paths)))


@pytest.mark.parametrize("answer", ["AGENTS.md", "./AGENTS.md", " agents.md ", "docs/../AGENTS.md"])
def test_the_primary_source_is_named_in_any_spelling(answer: str) -> None:
    assert told(answer, "AGENTS.md", "CLAUDE.md") == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "names none"),
        ("   ", "names none"),
        ("CLAUDE.md", "names CLAUDE.md, another pinned source"),
        ("./docs/claude.md", "names docs/CLAUDE.md, another pinned source"),
        (f"{CANARY} AGENTS.md", "names a pinned source among other words, and not alone"),
        (CANARY, "names something that is not among the pinned sources"),
        ("\x1b[31m", "names something that is not among the pinned sources"),
    ],
)
def test_another_source_is_told_by_our_own_list(answer: str, said: str) -> None:
    words = told(answer, "AGENTS.md", "CLAUDE.md", "docs/CLAUDE.md")
    assert said in words
    assert "the instruction source is AGENTS.md" in words
    assert "canary" not in words
    assert "\x1b" not in words


def test_without_a_source_any_answer_will_do() -> None:
    assert list(check_source("CLAUDE.md", None)) == []
    assert told("CLAUDE.md") == ""


def test_a_plan_with_a_key_waits_for_a_person_and_no_reason_passes_it() -> None:
    key = "-".join(["sk", "Mq7vB2xKw9", "Zr4tY8nLc3", "Hd6pJ1sGf5"])
    plan = Plan("AGENTS.md", ("docs/a.md",), (f"log in with {key}",), ("a secret would have to be read",))
    opened = judge_plan(
        Story().reaches(Gate.PLANNER).state, plan, hashed("plan"), f'{{"steps": ["log in with {key}"]}}'
    )
    assert (opened.opened.verdict, opened.opened.needs_human, opened.opened.is_final) == (
        GateVerdict.REVISE,
        True,
        True,
    )
    assert [each.id for each in opened.findings] == ["PLAN-06"]
    assert key not in repr(opened)
