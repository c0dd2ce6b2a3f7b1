"""Prices, estimates before a call, and a budget that is never exceeded: money in whole micro-dollars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.money import (
    FREE,
    Budget,
    BudgetScope,
    Estimate,
    Limits,
    Price,
    Spent,
    estimate,
    microusd,
    usd,
    usd_text,
)


def test_a_price_is_a_million_tokens() -> None:
    assert Price(3.0, 15.0).of(1_000_000, 0) == 3_000_000
    assert Price(3.0, 15.0).of(1000, 100) == 4500
    assert Price.per_token(0.000003, 0.000015).of(1000, 100) == 4500
    assert str(Price(3.0, 15.0)) == "3 in 15 out USD/M"


@pytest.mark.parametrize(("tokens", "cost"), [(0, 0), (1, 1), (3, 1), (10, 1), (11, 2), (30, 3)])
def test_a_part_of_a_micro_dollar_counts_as_a_whole_one(tokens: int, cost: int) -> None:
    """3 * 0.1 is more than 0.3 in binary fractions; that adds no micro-dollar."""
    assert Price(0.1, 0.0).of(tokens, 0) == cost


@given(st.integers(0, 10**12))
def test_dollars_and_micro_dollars_are_the_same_money(amount: int) -> None:
    dollars = usd(amount)
    assert dollars is not None
    assert microusd(dollars) == amount


def test_an_estimate_is_the_most_that_a_call_can_take() -> None:
    assert estimate(300, 64, None) == Estimate(165, None)
    assert estimate(0, 16, Price(1, 1)) == Estimate(17, 17)


@given(size=st.integers(0, 10**6), limit=st.integers(0, 10**6))
def test_an_estimate_grows_with_its_parts(size: int, limit: int) -> None:
    price = Price(1.0, 2.0)
    low, high = estimate(size, limit, price), estimate(size + 3, limit + 1, price)
    assert low.tokens < high.tokens
    assert (low.microusd or 0) < (high.microusd or 0)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Estimate(10, None), "at most 10 tokens, price unknown"),
        (Estimate(10, 500_000), "at most 10 tokens, at most $0.50"),
        (FREE, "at most 0 tokens, at most $0.00"),
    ],
)
def test_an_estimate_in_words(cost: Estimate, words: str) -> None:
    assert str(cost) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "$0.00"),
        (12_500_000, "$12.50"),
        (10_000, "$0.01"),
        (4500, "$0.0045"),
        (2, "$0.000002"),
        (10, "$0.00001"),
    ],
)
def test_dollars_have_the_places_that_they_need(amount: int, words: str) -> None:
    assert usd_text(amount) == words


@pytest.mark.parametrize(
    ("tokens", "cost", "taken"),
    [
        (5, 7, Spent(5, 7)),
        (0, 0, Spent()),
        (5, None, Spent(5, 20, is_exact=False)),
        (None, None, Spent(10, 20, is_exact=False)),
    ],
)
def test_what_an_answer_does_not_name_is_booked_as_the_most(tokens: int | None, cost: int | None, taken: Spent) -> None:
    assert Estimate(10, 20).taken(tokens, cost) == taken


_SESSION, _RUN, _ATTEMPT = BudgetScope.SESSION, BudgetScope.RUN, BudgetScope.ATTEMPT


@pytest.mark.parametrize(
    ("limits", "spent", "cost"),
    [
        (Limits(), Spent(), Estimate(10**9, None)),
        (Limits(tokens=100), Spent(), Estimate(100, None)),
        (Limits(tokens=100), Spent(50), Estimate(50, None)),
        (Limits(microusd=1_000_000), Spent(), Estimate(5, 1_000_000)),
        (Limits(microusd=0), Spent(), Estimate(5, 0)),
    ],
)
def test_a_call_that_fits_into_a_budget(limits: Limits, spent: Spent, cost: Estimate) -> None:
    assert Budget(_SESSION, limits, spent).why_not(cost) is None


@pytest.mark.parametrize(
    ("budget", "cost", "words"),
    [
        (
            Budget(_SESSION, Limits(tokens=100), Spent(50)),
            Estimate(51, None),
            "the session may take 100 tokens (budget_tokens), 50 spent or set aside, and this call may take 51:"
            " raise the limit in the policy or start another session",
        ),
        (
            Budget(_RUN, Limits(tokens=300)),
            Estimate(4913, 0),
            "the run may take 300 tokens (run_tokens or budget_tokens), 0 spent, and this call may take 4913:"
            " raise the limit in the policy and begin another run",
        ),
        (
            Budget(_ATTEMPT, Limits(microusd=1_000_000), Spent(0, 20_000)),
            Estimate(5, 980_001),
            "the attempt may take $1.00 (attempt_usd), $0.02 spent, and this call may cost $0.98:"
            " raise the limit in the policy and begin another run",
        ),
        (
            Budget(_RUN, Limits(microusd=1_000_000)),
            Estimate(5, None),
            "the run may take $1.00 (run_usd or budget_usd), and the gateway has no price for this model, so the"
            " limit cannot be enforced: use a model with a price, or limit tokens instead",
        ),
    ],
)
def test_a_budget_names_scope_limit_spending_cost_and_what_to_do(budget: Budget, cost: Estimate, words: str) -> None:
    over = budget.why_not(cost)
    assert over is not None
    assert (over.scope, over.message) == (budget.scope, words)


def test_the_tokens_are_asked_first() -> None:
    over = Budget(_SESSION, Limits(1, 9_000_000)).why_not(Estimate(5, 100_000))
    assert over is not None
    assert "budget_tokens" in over.message


def test_a_budget_books_what_was_spent() -> None:
    budget = Budget(_SESSION, Limits(100, 1_000_000)).spend(Spent(10, 250_000)).spend(Spent(5, 500_000))
    assert budget == Budget(_SESSION, Limits(100, 1_000_000), Spent(15, 750_000))


def test_a_call_without_a_price_makes_what_is_spent_inexact_for_good() -> None:
    assert Spent().plus(Estimate(10, None).taken(10)).plus(Spent(5, 5)) == Spent(15, 5, is_exact=False)


def test_the_narrower_of_two_limits_is_kept() -> None:
    assert Limits(5, None).within(Limits(7, 3)) == Limits(5, 3)
