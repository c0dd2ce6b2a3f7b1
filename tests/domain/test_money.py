"""Prices, estimates before a call, and a budget that is never exceeded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.money import FREE, Budget, Estimate, Price, estimate, usd_text


def test_a_price_is_a_million_tokens() -> None:
    assert Price(3.0, 15.0).of(1_000_000, 0) == 3.0
    assert Price(3.0, 15.0).of(1000, 100) == pytest.approx(0.0045)
    assert str(Price(3.0, 15.0)) == "3 in 15 out USD/M"


def test_an_estimate_is_the_most_that_a_call_can_take() -> None:
    assert estimate(300, 64, None) == Estimate(165, None)
    assert estimate(0, 16, Price(1, 1)) == Estimate(17, 17 / 1_000_000)


@given(size=st.integers(0, 10**6), limit=st.integers(0, 10**6))
def test_an_estimate_grows_with_its_parts(size: int, limit: int) -> None:
    price = Price(1.0, 2.0)
    low, high = estimate(size, limit, price), estimate(size + 3, limit + 1, price)
    assert low.tokens < high.tokens
    assert (low.usd or 0) < (high.usd or 0)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Estimate(10, None), "at most 10 tokens, price unknown"),
        (Estimate(10, 0.5), "at most 10 tokens, at most $0.50"),
        (FREE, "at most 0 tokens, at most $0.00"),
    ],
)
def test_an_estimate_in_words(cost: Estimate, words: str) -> None:
    assert str(cost) == words


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (0, "$0.00"),
        (12.5, "$12.50"),
        (0.01, "$0.01"),
        (0.0045, "$0.0045"),
        (0.000002, "$0.000002"),
        (1e-05, "$0.00001"),
    ],
)
def test_dollars_have_the_places_that_they_need(usd: float, words: str) -> None:
    assert usd_text(usd) == words


@pytest.mark.parametrize("usd", [1e-7, 4e-9, 2e-7])
def test_an_amount_above_zero_never_reads_as_nothing(usd: float) -> None:
    assert any(digit in "123456789" for digit in usd_text(usd)), usd_text(usd)


@pytest.mark.parametrize(
    ("budget", "cost", "words"),
    [
        (Budget(), Estimate(10**9, None), None),
        (Budget(limit_tokens=100), Estimate(100, None), None),
        (Budget(limit_tokens=100), Estimate(101, None), "budget_tokens is 100"),
        (Budget(limit_tokens=100, spent_tokens=50), Estimate(51, None), "50 are spent"),
        (Budget(limit_tokens=0), Estimate(1, 0.0), "budget_tokens is 0"),
        (Budget(limit_usd=1.0), Estimate(5, 1.0), None),
        (Budget(limit_usd=1.0), Estimate(5, 1.01), "budget_usd is $1.00"),
        (Budget(limit_usd=1.0), Estimate(5, None), "names no price"),
        (Budget(limit_usd=0.0), Estimate(5, 0.000001), "budget_usd is $0.00"),
        (Budget(limit_usd=0.0), Estimate(5, 0.0), None),
        (Budget(limit_tokens=1, limit_usd=9.0), Estimate(5, 0.1), "budget_tokens"),
    ],
)
def test_a_budget_says_why_a_call_does_not_fit(budget: Budget, cost: Estimate, words: str | None) -> None:
    reason = budget.why_not(cost)
    assert reason is None if words is None else words in str(reason)


def test_a_budget_books_what_was_spent() -> None:
    budget = Budget(limit_tokens=100, limit_usd=1.0).spend(10, 0.25).spend(5, 0.5)
    assert (budget.spent_tokens, budget.spent_usd, budget.is_usd_exact) == (15, 0.75, True)
    assert (budget.limit_tokens, budget.limit_usd) == (100, 1.0)


def test_a_call_without_a_price_makes_the_dollars_a_lower_bound_for_good() -> None:
    budget = Budget().spend(10, None).spend(5, 0.5)
    assert (budget.spent_tokens, budget.spent_usd, budget.is_usd_exact) == (15, 0.5, False)
