"""Why a run waits for one operator and not for another: a key, a hand-over, a call that was cut off."""

from dataclasses import replace

from support.run.story import ANN, BEN, CAT, POLICY, lost_at, waiting_at

from console.domain.run.command import HandOver
from console.domain.run.gate import Gate
from console.domain.team.inbox import waiting_for

_FOUR = replace(POLICY, four_eyes=True)


def test_the_second_of_two_operators_is_told_why_and_the_first_has_nothing() -> None:
    story = waiting_at(Gate.CANDIDATE, _FOUR)
    assert waiting_for(story.state, story.entries, ANN) is None
    found = waiting_for(story.state, story.entries, BEN)
    assert found is not None
    assert "second operator" in found.why


def test_a_hand_over_names_a_key_or_an_id_and_comes_first_whatever_its_age() -> None:
    old, new = waiting_at(Gate.REVIEWER), waiting_at(Gate.CANDIDATE)
    for to_key, is_for in ((BEN.key_fingerprint, BEN), (None, CAT)):
        new.does(HandOver(CAT.id, "look at the cache first", to_key), ANN)
        first, other = (waiting_for(each.state, each.entries, is_for) for each in (new, old))
        assert first is not None
        assert other is not None
        assert first.since_ms > other.since_ms
        assert first.order < other.order
        assert "look at the cache first" in first.why
    # an id is not a key: whoever has only the name is not whom a key was named for
    new.does(HandOver(CAT.id, "look at the cache first", BEN.key_fingerprint), ANN)
    found = waiting_for(new.state, new.entries, CAT)
    assert found is not None
    assert found.left is None


def test_what_was_cut_off_waits_since_then_and_a_note_makes_nothing_younger() -> None:
    story = lost_at(Gate.WRITER)
    before = waiting_for(story.state, story.entries, BEN)
    story.does(HandOver("mia", "look at the cache first"), ANN)
    after = waiting_for(story.state, story.entries, BEN)
    assert before is not None
    assert after is not None
    assert after.since_ms == before.since_ms
    assert "only an operator may repeat it" in after.why
