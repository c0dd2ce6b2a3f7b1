"""The embedded gateway's words and pace: deterministic, and within the bounds that are said of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.simulator.script import write_script


@given(model=st.text(), prompt=st.text(), limit=st.integers(1, 10_000))
def test_a_script_is_deterministic_and_within_its_bounds(model: str, prompt: str, limit: int) -> None:
    script = write_script(model, prompt, limit)
    assert script == write_script(model, prompt, limit)
    assert 1 <= script.output_tokens <= limit
    assert 0.08 <= script.first_token_s <= 0.24
    assert 1 / 90 <= script.token_interval_s <= 1 / 40
    assert script.input_tokens >= 1


@pytest.mark.parametrize(("limit", "is_cut"), [(1, True), (16, True), (4_096, False)])
def test_a_script_is_cut_by_a_low_limit_only(limit: int, is_cut: bool) -> None:
    script = write_script("m", "p", limit)
    assert script.is_cut_by_limit is is_cut
    assert (script.output_tokens == limit) is is_cut


def test_two_models_differ_in_pace_and_not_in_words() -> None:
    one, other = write_script("one", "p", 4_096), write_script("other", "p", 4_096)
    assert one.text == other.text
    assert one.first_token_s != other.first_token_s
