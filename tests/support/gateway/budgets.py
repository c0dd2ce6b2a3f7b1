"""Budgets of a session, for tests."""

from console.domain.money import Budget, BudgetScope, Limits
from console.services.gateway.reservations import Reservations


def session_budget(tokens: int | None = None, microusd: int | None = None) -> Budget:
    return Budget(BudgetScope.SESSION, Limits(tokens, microusd))


def reservations_of(tokens: int | None = None, microusd: int | None = None) -> Reservations:
    return Reservations(session_budget(tokens, microusd))
