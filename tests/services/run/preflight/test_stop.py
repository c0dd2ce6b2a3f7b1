"""The words of a stop: they always fit into a record, and are never empty."""

import pytest

from console.domain.finding import Finding, Severity
from console.domain.run.reason import REASON_LIMIT, check_reason
from console.services.run.preflight.stop import PreflightStop, fitting, in_words


def finding(number: int, words: str = "something is wrong here, and this is what to do about it") -> Finding:
    return Finding(f"BND-{number}", Severity.FAIL, words)


def test_what_does_not_fit_is_counted_and_no_id_is_cut() -> None:
    words = in_words([finding(number) for number in range(20, 32)])
    assert len(words) <= REASON_LIMIT
    shown = words.count("BND-")
    assert words.endswith(f"(and {12 - shown} more)")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "x" * 2000,
        "a " * 500,
        "key " + "-".join(["sk", "Mq7vB2xKw9", "Zr4tY8nLc3", "Hd6pJ1sGf5"]),
        "in\u202evisible",
    ],
)
def test_a_stop_always_has_a_reason_that_a_record_holds(words: str) -> None:
    reason = PreflightStop(words, findings=(finding(20),)).recorded(None, None).reason
    assert reason
    assert check_reason(reason) is None
    assert "Mq7vB2xKw9" not in reason


def test_nothing_to_say_is_said_so() -> None:
    assert in_words([]) == "no finding says why"
    assert fitting([]) == ""
