"""The check of all ledgers sees what it is for."""

import pytest
from support.run.billing import Line, billed_twice

CALL: Line = ("CallIntended", {"content_sha256": "a" * 64})
OTHER: Line = ("CallIntended", {"content_sha256": "b" * 64})


def decided(*, reason: str = "", verdict: str = "revise", is_machine: bool = False) -> Line:
    return "GateDecided", {"is_machine": is_machine, "reason": reason, "verdict": verdict}


@pytest.mark.parametrize(
    ("between", "is_seen"),
    [
        ([], True),
        ([decided(is_machine=True)], True),
        ([decided()], True),
        ([decided(reason="name the steps")], False),
        ([decided(reason="it may pass", verdict="ready"), decided(is_machine=True)], True),
        ([decided(reason="look again", verdict="ready"), decided(is_machine=True, verdict="ready")], False),
        ([("CallRepeatAllowed", {"reason": "the gateway is back"})], False),
        ([("CallRepeatAllowed", {"reason": "the gateway is back"}), OTHER], True),
    ],
)
def test_a_brief_that_is_sent_again_needs_a_persons_reason(between: list[Line], is_seen: bool) -> None:
    assert list(billed_twice([CALL, *between, CALL])) == ["a" * 64] * is_seen
