"""Whether an answer ended at its token limit, and what is said of it."""

import pytest

from console.domain.probes.assertion import finding_of
from console.domain.probes.token_limit import CONTEXT_FULL, TokenLimit

LIMIT = TokenLimit(900, "policy.run_max_output_tokens")


@pytest.mark.parametrize(
    ("finish", "output_tokens", "ended"),
    [
        ("length", None, True),
        ("max_tokens", 12, True),
        ("max_output_tokens", 900, True),
        (CONTEXT_FULL, 3, True),
        ("stop", 900, True),
        ("stop", 899, False),
        ("end_turn", None, False),
        (None, None, False),
    ],
)
def test_an_answer_ended_at_its_limit_if_it_says_so_or_used_all(
    finish: str | None, output_tokens: int | None, ended: bool
) -> None:
    assert LIMIT.ended(finish, output_tokens) is ended


def test_a_request_without_a_limit_has_none_to_reach() -> None:
    assert not TokenLimit(0, "").ended("stop", 5)


def test_the_words_name_the_limit_and_the_setting_that_raises_it() -> None:
    why, action = LIMIT.words("length")
    assert (why, action) == (
        "the answer ended at its token limit of 900",
        "Raise policy.run_max_output_tokens, which is 900.",
    )
    assert "context window" in " ".join(LIMIT.words(CONTEXT_FULL))


def test_a_finding_on_the_limit_names_the_setting_and_another_does_not() -> None:
    at_limit, other = LIMIT.told((finding_of("COM-U-02", "at_limit", "event 9"), finding_of("COM-T-06", "repeated")))
    assert at_limit.evidence == "event 9, policy.run_max_output_tokens is 900"
    assert other.evidence == ""
