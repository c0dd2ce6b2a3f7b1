"""A draft from outside: the run begins with it, no model of the run writes, and only a person brings another."""

from dataclasses import replace

import pytest
from support.run.story import (
    ANN,
    MACHINE,
    OUTSIDE,
    READY,
    REVISE,
    Story,
    agent_begun,
    hashed,
    intended,
    next_draft,
    refold,
    waiting_at,
)

from console.domain.ledger.actor import Actor
from console.domain.run.command import BringDraft, ReportEvent
from console.domain.run.event import ArtifactRole, ArtifactStored, DraftBrought, SourcesChecked
from console.domain.run.gate import Gate
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import Phase


def sent_back() -> Story:
    """Return a run whose draft the reviewer sent back."""
    story = Story(outside=OUTSIDE).reaches(Gate.REVIEWER)
    story.opens(REVISE)
    story.says(REVISE)
    return story


def code_of(result: object) -> RefusalCode:
    assert isinstance(result, Refusal), result
    return result.code


def test_the_run_goes_from_the_preflight_to_the_checks_without_a_planner() -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.WRITER)
    assert (story.state.phase, story.state.attempt, story.state.role) == (Phase.DUE, 1, None)
    assert not any(each.event for each in story.entries if getattr(each.event, "gate", None) is Gate.PLANNER)
    story.reports(DraftBrought(1, OUTSIDE))
    assert story.state.subject_sha256 == OUTSIDE.sha256
    story.opens()
    story.says()
    story.reaches(Gate.CANDIDATE)
    story.passes()
    assert story.state.sealed is not None
    assert story.state.sealed.artifact_sha256 == OUTSIDE.sha256
    assert {each.role for each in story.state.calls} == {
        story.state.role_at(each) for each in (Gate.REVIEWER, Gate.CRITIC)
    }
    assert refold(story) == story.state


@pytest.mark.parametrize("draft", [replace(OUTSIDE, sha256=hashed("swapped")), replace(OUTSIDE, made_by="me")])
def test_the_first_draft_is_the_one_that_the_run_began_with(draft: object) -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.WRITER)
    for command, actor in ((ReportEvent(DraftBrought(1, draft)), MACHINE), (BringDraft(draft), ANN)):  # type: ignore[arg-type]
        assert code_of(story.tries(command, actor)) is RefusalCode.OUT_OF_ORDER
    assert code_of(story.tries(ReportEvent(DraftBrought(2, OUTSIDE)))) is RefusalCode.OUT_OF_ORDER


def test_no_model_and_no_agent_writes_in_its_place() -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.WRITER)
    for event in (intended(story.state), agent_begun(story.state)):
        assert isinstance(story.tries(ReportEvent(event)), Refusal)
    draft = ArtifactStored(ArtifactRole.DRAFT, 1, hashed("x"), 1)
    assert code_of(story.tries(ReportEvent(draft))) is RefusalCode.OUT_OF_ORDER


def test_another_draft_is_brought_by_a_person_alone() -> None:
    story = sent_back()
    assert (story.state.gate, story.state.attempt, story.state.phase) == (Gate.WRITER, 2, Phase.DUE)
    draft = next_draft(story.state)
    assert code_of(story.tries(ReportEvent(DraftBrought(2, draft)))) is RefusalCode.OUT_OF_ORDER
    assert code_of(story.tries(BringDraft(draft), MACHINE)) is RefusalCode.HUMAN
    story.does(BringDraft(draft), ANN)
    assert (story.state.phase, story.state.subject_sha256) == (Phase.WORKED, draft.sha256)
    assert code_of(story.tries(BringDraft(draft), ANN)) is RefusalCode.OUT_OF_ORDER
    assert refold(story) == story.state


def test_the_sources_of_the_draft_before_do_not_count_for_the_next() -> None:
    story = Story(outside=OUTSIDE).reaches(Gate.SOURCE_CHECK)
    story.reports(SourcesChecked(()))
    assert story.state.sources is not None
    story.opens(REVISE)
    story.says(REVISE)
    story.does(BringDraft(next_draft(story.state)), ANN)
    assert story.state.sources is None


def test_a_run_that_makes_its_drafts_takes_none_from_outside() -> None:
    story = Story().reaches(Gate.WRITER)
    for command, actor in ((ReportEvent(DraftBrought(1, OUTSIDE)), MACHINE), (BringDraft(OUTSIDE), ANN)):
        assert code_of(story.tries(command, actor)) is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize("gate", [Gate.INSTRUCTION, Gate.SOURCE_CHECK, Gate.REVIEWER, Gate.CANDIDATE])
def test_nothing_is_brought_at_another_gate_or_while_one_waits(gate: Gate) -> None:
    story = Story(outside=OUTSIDE).reaches(gate)
    assert code_of(story.tries(BringDraft(OUTSIDE), ANN)) is RefusalCode.OUT_OF_ORDER
    story.opens()
    assert code_of(story.tries(BringDraft(OUTSIDE), ANN)) is RefusalCode.OUT_OF_ORDER


@pytest.mark.parametrize(
    ("made_by", "code"),
    [("x" * 300, RefusalCode.REASON), ("-".join(["sk", "Wm3nB8vQ2xTy6rK1pLz9Fd4hJ7sGc5"]), RefusalCode.SECRET)],
    ids=["long", "secret"],
)
def test_who_made_it_is_kept_only_if_it_may_be(made_by: str, code: RefusalCode) -> None:
    story = sent_back()
    draft = replace(next_draft(story.state), made_by=made_by)
    assert code_of(story.tries(BringDraft(draft), ANN)) is code


def test_attempts_are_used_up_as_in_any_run() -> None:
    story = sent_back()
    for _ in range(story.policy.max_attempts - 1):
        story.opens(REVISE)
        story.says(REVISE)
    assert story.state.blocked is not None
    assert story.state.blocked.attempts_used_up


def test_a_person_decides_on_a_draft_from_outside_as_on_any_other() -> None:
    assert waiting_at(Gate.WRITER).state.outside is None
    story = Story(outside=OUTSIDE).reaches(Gate.WRITER)
    story.opens(needs_human=True)
    decision = story.decision(READY, is_machine=True, reason="")
    assert code_of(story.tries(decision, Actor(MACHINE.kind, MACHINE.id))) is RefusalCode.HUMAN
