"""The purse: what calls in flight may take is set aside, so that together they cannot overdraw."""

from hypothesis import given
from hypothesis import strategies as st

from console.domain.money import Budget, Estimate
from console.services.gateway.reservations import Purse


def test_what_is_set_aside_counts_before_it_is_spent() -> None:
    purse = Purse(Budget(limit_tokens=100))
    assert purse.set_aside(Estimate(60, None)) is None
    assert "budget_tokens" in str(purse.set_aside(Estimate(60, None)))
    assert purse.budget.spent_tokens == 0


def test_dollars_are_set_aside_too() -> None:
    purse = Purse(Budget(limit_usd=1.0))
    assert purse.set_aside(Estimate(1, 0.6)) is None
    assert "budget_usd" in str(purse.set_aside(Estimate(1, 0.6)))


def test_what_a_call_left_over_is_free_again() -> None:
    purse = Purse(Budget(limit_tokens=100))
    first = Estimate(90, None)
    assert purse.set_aside(first) is None
    purse.settle(first, 5, None)
    assert purse.budget.spent_tokens == 5
    assert purse.set_aside(Estimate(95, None)) is None


def test_a_refused_call_books_nothing() -> None:
    purse = Purse(Budget(limit_tokens=10))
    assert purse.set_aside(Estimate(11, 1.0)) is not None
    assert purse.budget == Budget(limit_tokens=10)
    assert purse.set_aside(Estimate(10, None)) is None


def test_setting_aside_a_call_without_a_price_leaves_the_booked_dollars_exact() -> None:
    purse = Purse(Budget())
    cost = Estimate(10, None)
    assert purse.set_aside(cost) is None
    purse.settle(cost, 0, 0.0)
    assert purse.budget.is_usd_exact


_COST = st.tuples(st.integers(0, 60), st.floats(0, 0.5), st.floats(0, 1))


@given(calls=st.lists(_COST, max_size=30), ends=st.data())
def test_calls_side_by_side_never_spend_more_than_the_budget(
    calls: list[tuple[int, float, float]], ends: st.DataObject
) -> None:
    purse = Purse(Budget(limit_tokens=100, limit_usd=1.0))
    in_flight: list[tuple[Estimate, float]] = []
    for tokens, usd, share in calls:
        cost = Estimate(tokens, usd)
        if purse.set_aside(cost) is None:
            in_flight.append((cost, share))
        if in_flight and ends.draw(st.booleans()):
            done, part = in_flight.pop(0)
            purse.settle(done, int(done.tokens * part), (done.usd or 0) * part)
    for done, _ in in_flight:
        purse.settle(done, done.tokens, done.usd)
    assert purse.budget.spent_tokens <= 100
    assert purse.budget.spent_usd <= 1.0 + 1e-9
