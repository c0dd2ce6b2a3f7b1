"""The breaker: a route that the gateway refused for a lasting reason takes no call for a while.

An agent that is refused for its account or for the route asks again at once, and each call is another refusal on the
operator's account. The next call is answered here, with the cause.
"""

from dataclasses import dataclass

from console.domain.errors.category import Category, Classification
from console.domain.routes.route_key import RouteKey


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """A route that takes no call."""

    category: Category
    until: float
    """On the relay's clock, in seconds; then one call may try."""


class Breaker:
    """The breakers of a relay's routes. Its methods do not await, so calls in flight see them at once."""

    def __init__(self, cool_down_s: float) -> None:
        """Start with every route closed.

        Args:
            cool_down_s: How long a route takes no call, in seconds; 0 lets every call pass.

        """
        self._cool_down_s = cool_down_s
        self._open: dict[RouteKey, OpenBreaker] = {}

    def cause(self, key: RouteKey, now: float) -> OpenBreaker | None:
        """Return why a route takes no call; None if it takes one."""
        found = self._open.get(key)
        return found if found is not None and now < found.until else None

    def begin(self, key: RouteKey, now: float) -> None:
        """Note that a call is sent: if it is the first once the time is over, the next ones wait for its result."""
        if (found := self._open.get(key)) is not None:
            self._open[key] = OpenBreaker(found.category, now + self._cool_down_s)

    def note(self, key: RouteKey, found: Classification | None, now: float, *, is_whole: bool) -> None:
        """Note how a call ended.

        Args:
            key: The route.
            found: Why its answer is a refusal or cannot be used; None if it can.
            now: The relay's clock, in seconds.
            is_whole: Whether the answer was read to its end; one that the client cut off proves nothing.

        """
        if found is not None and found.category.stops_before_generation:
            if self._cool_down_s > 0:
                self._open[key] = OpenBreaker(found.category, now + self._cool_down_s)
        elif is_whole:
            self._open.pop(key, None)

    def reset(self) -> None:
        """Let every route take calls again, as after the operator has corrected the account."""
        self._open.clear()
