"""The check of all ledgers sees what it is for."""

from typing import Any

import pytest
from support.run.billing import billed_twice

CALL = ("CallIntended", {"content_sha256": "a" * 64})


@pytest.mark.parametrize(
    ("between", "is_seen"),
    [
        ((), True),
        (("GateDecided", {"is_machine": True, "reason": ""}), True),
        (("GateDecided", {"is_machine": False, "reason": ""}), True),
        (("GateDecided", {"is_machine": False, "reason": "name the steps"}), False),
        (("CallRepeatAllowed", {"reason": "the gateway is back"}), False),
    ],
)
def test_a_brief_that_is_sent_again_needs_a_persons_reason(between: tuple[str, dict[str, Any]], is_seen: bool) -> None:
    assert list(billed_twice([CALL, *([between] if between else []), CALL])) == ["a" * 64] * is_seen
