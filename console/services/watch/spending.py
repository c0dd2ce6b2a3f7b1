"""What a watch may spend: each profile's budget, for the whole watch, whatever the config says meanwhile.

What a watch spent today counts after a restart too, so neither cron nor a unit that restarts spends it twice.
"""

from dataclasses import replace

from console.domain.money import Limits, Spent
from console.domain.probes.ladder import Rung
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations

NO_BUDGET = (
    "the policy has no budget_tokens and no budget_usd, and a watch pays for nothing without a limit. Set one of them,"
    " or watch up to --level 3"
)


class Spending:
    """The budgets of a watch's profiles."""

    def __init__(self, top: Rung) -> None:
        """Begin with nothing spent.

        Args:
            top: How far the watch is to climb.

        """
        self._top = top
        self._books: dict[str, Reservations] = {}
        self._used_up: dict[str, Limits] = {}

    def book(self, profile: Profile, before: Spent) -> Reservations:
        """Return a profile's reservations under its budget of now.

        Args:
            profile: The profile, as the config has it now.
            before: What an earlier watch spent today; it counts from the first call on.

        """
        budget = profile.budget()
        known = self._books.get(profile.name)
        if known is None:
            known = Reservations(replace(budget, spent=before))
        elif known.budget.limits != budget.limits:
            known = known.under(budget)
        self._books[profile.name] = known
        return known

    def spent(self, profile: str) -> Spent | None:
        """Return what was spent on a profile, today and in this watch; None before its first round."""
        book = self._books.get(profile)
        return None if book is None else book.budget.spent

    def top(self, profile: Profile) -> Rung:
        """Return how far to climb: only the free rungs once a budget is used up, or where there is none."""
        limits = profile.budget().limits
        is_free_only = limits == Limits() or self._used_up.get(profile.name) == limits
        return min(self._top, Rung.KEY) if is_free_only else self._top

    def why_free_only(self, profile: Profile, over_budget: str) -> str:
        """Return why paid rungs stop, after a round, and stop them from the next one on; empty if they do not.

        Args:
            profile: The profile.
            over_budget: Why a paid rung was refused in the round; empty if none was.

        """
        if not self._top.is_paid:
            return ""
        limits = profile.budget().limits
        if limits == Limits():
            return NO_BUDGET
        if over_budget:
            self._used_up[profile.name] = limits
        return over_budget
