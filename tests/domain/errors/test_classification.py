"""A classification: what stops, what may be repeated, why it was not, and the guidance that every category has."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors.category import WAIT_LIMIT_S, Blame, Category, Classification, Confidence, guidance, judged
from console.view.explanation import category_rows, duration, reading_lines

_PASSING = {Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT}


@pytest.mark.parametrize("category", Category)
def test_only_what_passes_by_waiting_may_be_repeated(category: Category) -> None:
    found = judged(category, "e")
    assert found.retryable is (category in _PASSING)
    assert found.stops is category.stops_before_generation
    assert not (found.stops and found.retryable)


def test_a_reading_that_may_be_a_stopping_one_is_never_repeated() -> None:
    both = replace(
        judged(Category.RATE_LIMIT, "e"),
        confidence=Confidence.UNDECIDABLE,
        other_readings=(Category.TIMEOUT, Category.ACCOUNT_QUOTA),
    )
    assert (both.stops, both.retryable) == (True, False)
    words = "Not retried: this may also be timeout, account_quota, which a repetition does not fix."
    assert both.why_not_retried == words
    passing = replace(both, other_readings=(Category.TIMEOUT,))
    assert (passing.stops, passing.retryable) == (False, True)


@pytest.mark.parametrize(
    ("wait_s", "retryable"),
    [(None, True), (0.0, True), (60.0, True), (WAIT_LIMIT_S - 1, True), (WAIT_LIMIT_S, False), (86_400.0, False)],
)
def test_a_wait_of_hours_means_stop(wait_s: float | None, *, retryable: bool) -> None:
    found = replace(judged(Category.RATE_LIMIT, "e"), retry_after_s=wait_s)
    assert found.retryable is retryable
    assert ("hours" in found.why_not_retried) is not retryable


def test_a_limit_that_no_wait_helps_is_not_repeated() -> None:
    found = replace(judged(Category.RATE_LIMIT, "e"), can_pass_later=False)
    assert not found.retryable
    assert found.why_not_retried == "Not retried: the same call would end the same way."


@pytest.mark.parametrize("category", [each for each in Category if each.stops_before_generation])
def test_what_stops_says_that_no_other_family_answers(category: Category) -> None:
    words = judged(category, "e").why_not_retried
    assert category in words
    assert "never answered by another family" in words


_CLASSIFICATIONS = st.builds(
    replace,
    st.sampled_from([judged(category, "e") for category in Category]),
    confidence=st.sampled_from(Confidence),
    other_readings=st.lists(st.sampled_from(Category), max_size=3).map(tuple),
    retry_after_s=st.one_of(st.none(), st.floats(0, 1e6)),
    can_pass_later=st.booleans(),
)


@given(found=_CLASSIFICATIONS)
def test_why_it_was_not_retried_is_always_one_sentence(found: Classification) -> None:
    words = found.why_not_retried
    assert words.startswith("Not retried: ")
    assert words.endswith(".")
    assert words.count(".") == 1
    assert not (found.category.stops_before_generation and found.retryable)
    assert list(reading_lines(found))[-1] == words


@pytest.mark.parametrize("category", Category)
def test_every_category_has_whole_guidance(category: Category) -> None:
    about = guidance()[category]
    assert about.blame in Blame
    for words in (about.means, about.action):
        assert words.endswith(".")
        assert words[0].isupper()
        assert "!" not in words
    assert about.ask
    assert not about.ask.endswith(".")
    assert about.source.startswith("https://")
    rows = dict(category_rows(category))
    assert list(rows) == ["means", "blame", "do", "ask", "again", "source"]
    assert all(rows.values())
    assert rows["again"].startswith("never") is category.stops_before_generation


def test_the_guidance_is_of_the_categories_and_no_others() -> None:
    assert set(guidance()) == set(Category)
    assert guidance() is guidance()


def test_what_is_not_certain_names_what_else_it_may_be() -> None:
    found = replace(judged(Category.ROUTE_MISSING, "e"), other_readings=(Category.ENDPOINT_DRIFT,))
    likely = list(reading_lines(replace(found, confidence=Confidence.LIKELY)))
    undecidable = list(reading_lines(replace(found, confidence=Confidence.UNDECIDABLE)))
    assert likely[:2] == ["e", "may also be endpoint_drift"]
    assert undecidable[1] == "this cannot be decided; it may also be endpoint_drift"
    assert "The gateway asks to wait 26 s." in list(reading_lines(replace(found, retry_after_s=26.0)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.02, "0.0 s"),
        (6.78, "6.8 s"),
        (26.0, "26 s"),
        (99.4, "99 s"),
        (100.0, "2 min"),
        (300.0, "5 min"),
        (7_199.0, "2 h"),
        (7_260.0, "2 h 1 min"),
        (18_000.0, "5 h"),
        (200_000.0, "2 d 7 h"),
    ],
)
def test_a_wait_is_told_in_a_unit_that_a_person_would_use(seconds: float, words: str) -> None:
    assert duration(seconds) == words
