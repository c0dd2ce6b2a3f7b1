"""What is red now, since when, and when it was green last."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.history.fact import FactStatus
from console.domain.probes.ladder import Rung


@dataclass(frozen=True, slots=True)
class Streak:
    """How long a route is red. Both are Unix time in ms."""

    red_since_ms: int | None
    """The first red fact after the last green one; None if none is red."""
    last_green_ms: int | None
    """None if the history has no green one."""


@dataclass(frozen=True, slots=True)
class RedAt:
    """What must hold again before a route is green."""

    rung: Rung | None
    """The rung that showed the trouble; None for runs, which have none."""
    needs_check: bool = False
    """Whether only a check can show that it holds: a finding, such as a gateway that takes any key, is disproved only
    where it was found, and a call does not look for it."""


@dataclass(frozen=True, slots=True)
class End:
    """How one fact ended."""

    status: FactStatus
    rung: Rung | None
    is_check: bool
    is_refusal: bool
    """Whether a category says why it is red; else only findings speak against the route."""

    @property
    def red_at(self) -> RedAt:
        """What must hold again, if it is red."""
        return RedAt(self.rung, needs_check=self.is_check and not self.is_refusal)


def current_end(newest_first: Iterable[End]) -> End | None:
    """Return the red end that nothing has disproved since, or else the newest one; None if there is none.

    What held on a lower rung says nothing of a red one above it: a free check does not disprove a failed call.

    Args:
        newest_first: How facts ended that say something of the route.

    """
    newest: End | None = None
    held, checked = -1, -1
    for end in newest_first:
        newest = newest or end
        rung = -1 if end.rung is None else int(end.rung)
        if end.status.is_held:
            held = max(held, rung)
            checked = max(checked, rung) if end.is_check else checked
        elif end.rung is None:
            return newest  # a run says nothing of other runs
        elif rung > (checked if end.red_at.needs_check else held):
            return end
    return newest
