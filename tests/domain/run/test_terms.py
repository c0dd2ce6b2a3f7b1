"""What a verdict means at the gate that waits: what the faces are told is what the rules then hold to."""

from dataclasses import replace
from itertools import product

import pytest
from support.run.story import ANN, BEN, CAT, POLICY, READY, REVISE, Story, waiting_at

from console.domain.run.decide import decide
from console.domain.run.event import GateDecided
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.terms import open_verdicts, terms_of

_FOUR = replace(POLICY, four_eyes=True)


@pytest.mark.parametrize("gate", list(Gate))
def test_the_terms_are_what_the_rules_hold_to(gate: Gate) -> None:
    for computed, said, needs_human, is_final in product(GateVerdict, GateVerdict, (False, True), (False, True)):
        story = waiting_at(gate, verdict=computed, needs_human=needs_human, is_final=is_final)
        terms = terms_of(story.state, said)
        assert terms is not None
        silent, typed = (decide(story.state, story.decision(said, reason), ANN) for reason in ("", "typed by me"))
        assert terms.is_open is not isinstance(typed, Refusal)
        assert terms.is_open is (said in open_verdicts(story.state))
        if isinstance(typed, Refusal):
            assert typed.code is RefusalCode.NOT_ALLOWED
            continue
        assert terms.needs_reason is isinstance(silent, Refusal)
        decided = typed[0]
        assert isinstance(decided, GateDecided)
        assert decided.is_override is terms.is_override


def test_where_no_gate_waits_there_are_no_terms() -> None:
    state = Story().state
    assert terms_of(state, READY) is None
    assert open_verdicts(state) == ()


def test_the_candidate_needs_another_operator_than_those_who_stand_behind_it() -> None:
    story = Story(_FOUR)
    while story.state.gate is not Gate.CANDIDATE:
        if story.state.gate is Gate.WRITER:
            story.opens()
            revised = terms_of(story.state, REVISE)
            assert revised is not None
            assert (revised.needs_signature, revised.is_second) == (True, False)
            story.says(actor=BEN)
        else:
            story.passes()
    story.opens()
    ready, block = terms_of(story.state, READY), terms_of(story.state, GateVerdict.BLOCK)
    assert ready is not None
    assert block is not None
    assert ready.is_second
    assert [each and each.key_fingerprint for each in ready.behind] == [ANN.key_fingerprint, BEN.key_fingerprint]
    assert (block.needs_signature, block.is_second) == (False, False)
    # No signature is asked for that could not help: the first two are told at once, the third only has to sign.
    codes = [
        found.code
        for actor in (ANN, BEN, CAT)
        if isinstance(found := decide(story.state, story.decision(), actor), Refusal)
    ]
    assert codes == [RefusalCode.FOUR_EYES, RefusalCode.FOUR_EYES, RefusalCode.UNSIGNED]
