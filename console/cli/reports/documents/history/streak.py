"""Since when a route is red, in the documents of verbs that found it so."""

from dataclasses import dataclass
from typing import Self

from console.domain.history.streak import Streak
from console.domain.ledger.checkpoint import moment


@dataclass(frozen=True, kw_only=True)
class StreakDocument:
    """Since when a route is red, by the history of this machine; both null where it does not say."""

    red_since: str | None
    """The first red result after the last green one, as a UTC time; null if this one is the first."""
    last_green: str | None
    """When the rung that is red now held last, as a UTC time."""

    @classmethod
    def of_streak(cls, streak: Streak | None) -> Self:
        """Return what the history says, as the documents name it."""
        known = streak or Streak(None, None)
        return cls(red_since=_moment(known.red_since_ms), last_green=_moment(known.last_green_ms))


def _moment(unix_ms: int | None) -> str | None:
    return None if unix_ms is None else moment(unix_ms)
