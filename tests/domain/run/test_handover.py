"""Leaving a run to another operator: said at its gate until that is decided, and binding for nobody."""

from dataclasses import replace

import pytest
from support.run.story import ANN, BEN, MACHINE, Story, lost_at, waiting_at

from console.domain.record.projection import record_of
from console.domain.run.command import HandOver
from console.domain.run.gate import Gate
from console.domain.run.refusal import Refusal, RefusalCode
from console.view.record.document import record_document

_LEFT = HandOver("mia", "the critic is right about the cache")


@pytest.mark.parametrize("story", [waiting_at(Gate.REVIEWER), lost_at(Gate.WRITER), Story().reaches(Gate.WRITER)])
def test_a_run_that_waits_or_is_due_is_left_with_a_note_and_goes_on_as_before(story: Story) -> None:
    before = story.state
    story.does(_LEFT, ANN)
    after = story.state
    assert (after.phase, after.gate, after.opened) == (before.phase, before.gate, before.opened)
    left = after.handover
    assert left is not None
    assert (left.handed.to, left.handed.note, left.actor) == ("mia", _LEFT.note, ANN)


def test_whoever_it_was_left_to_anyone_decides_and_the_note_is_over_with_the_gate() -> None:
    story = waiting_at(Gate.REVIEWER)
    story.does(_LEFT, ANN)
    story.says(actor=BEN)
    assert story.state.handover is None
    assert [each.note for each in record_of(story.state).handovers] == [_LEFT.note]


def test_a_decision_on_what_was_seen_before_the_note_is_stale() -> None:
    story = waiting_at(Gate.REVIEWER)
    seen = story.decision()
    story.does(_LEFT, ANN)
    refused = story.tries(seen, BEN)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.STALE


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (replace(_LEFT, to="mia\n"), RefusalCode.NOT_ALLOWED),
        (replace(_LEFT, to=""), RefusalCode.NOT_ALLOWED),
        (replace(_LEFT, note="look"), RefusalCode.REASON),
        (replace(_LEFT, note="use " + "-".join(["sk", "proj", "Zq7" * 16])), RefusalCode.SECRET),
    ],
)
def test_what_the_ledger_may_not_hold_is_refused(command: HandOver, code: RefusalCode) -> None:
    refused = waiting_at(Gate.REVIEWER).tries(command, ANN)
    assert isinstance(refused, Refusal)
    assert refused.code is code


def test_the_console_leaves_nothing_to_anyone_and_a_run_that_is_over_is_left_to_nobody() -> None:
    story = waiting_at(Gate.REVIEWER)
    assert isinstance(story.tries(_LEFT, MACHINE), Refusal)
    assert "handovers" not in record_document(record_of(story.state))
