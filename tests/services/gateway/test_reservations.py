"""Reservations: what calls in flight may take is set aside, so that together they cannot overdraw any budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gateway.budgets import reservations_of, session_budget

from console.domain.money import Budget, BudgetScope, Estimate, Limits, OverBudget, Spent


def test_what_is_reserved_counts_before_it_is_spent() -> None:
    reservations = reservations_of(tokens=100)
    assert reservations.reserve(Estimate(60, None)) is None
    over = reservations.reserve(Estimate(60, None))
    assert over is not None
    assert "60 spent or set aside" in over.message
    assert reservations.budget.spent == Spent()


def test_what_a_call_left_over_is_free_again() -> None:
    reservations = reservations_of(tokens=100)
    first = Estimate(90, None)
    assert reservations.reserve(first) is None
    reservations.settle(first, first.taken(5))
    assert reservations.budget.spent.tokens == 5
    assert reservations.reserve(Estimate(95, None)) is None


@pytest.mark.parametrize("scope", [BudgetScope.RUN, BudgetScope.ATTEMPT])
def test_a_call_that_a_narrower_budget_does_not_hold_reserves_nothing(scope: BudgetScope) -> None:
    reservations = reservations_of(tokens=10)
    over = reservations.reserve(Estimate(10, None), Budget(scope, Limits(tokens=9)))
    assert isinstance(over, OverBudget)
    assert over.scope is scope
    assert reservations.reserve(Estimate(10, None)) is None


def test_another_profile_in_the_same_session_goes_on_from_what_is_spent() -> None:
    reservations = reservations_of(tokens=10)
    other = reservations.under(session_budget(tokens=20))
    assert other.reserve(Estimate(15, None)) is None
    assert reservations.reserve(Estimate(1, None)) is not None
    other.settle(Estimate(15, None), Spent(12, 3))
    assert reservations.budget == Budget(BudgetScope.SESSION, Limits(tokens=10), Spent(12, 3))


_CALLS = st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 500_000) | st.none(), st.floats(0, 1))


@given(calls=st.lists(_CALLS, max_size=30), run=st.integers(0, 120), ends=st.data())
def test_calls_side_by_side_never_reserve_more_than_the_budgets_hold(
    calls: list[tuple[bool, int, int | None, float]], run: int, ends: st.DataObject
) -> None:
    """Whatever the order in which calls begin and end: what is spent and reserved together is within the limits."""
    limits = Limits(tokens=100, microusd=1_000_000)
    session = reservations_of(limits.tokens, limits.microusd)
    both = (session, session.under(session_budget(limits.tokens, limits.microusd)))
    in_flight: list[tuple[Estimate, float]] = []
    spent = Spent()
    for is_other, tokens, microusd, part in calls:
        cost = Estimate(tokens, microusd)
        if both[is_other].reserve(cost, Budget(BudgetScope.RUN, Limits(tokens=run), spent)) is None:
            assert microusd is not None
            assert spent.tokens + tokens <= run
            in_flight.append((cost, part))
        reserved = [each for each, _ in in_flight]
        assert spent.tokens + sum(each.tokens for each in reserved) <= 100
        assert spent.microusd + sum(each.microusd or 0 for each in reserved) <= 1_000_000
        while in_flight and ends.draw(st.booleans()):
            done, share = in_flight.pop(ends.draw(st.integers(0, len(in_flight) - 1)))
            taken = done.taken(int(done.tokens * share), int((done.microusd or 0) * share))
            both[ends.draw(st.booleans())].settle(done, taken)
            spent = spent.plus(taken)
        assert session.budget.spent == spent
