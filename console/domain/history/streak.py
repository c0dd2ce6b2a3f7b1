"""A streak: since when something is red, and when it was green last."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Streak:
    """How long a route is red. Both are Unix time in ms."""

    red_since_ms: int | None
    """The first red fact after the last green one; None if none is red."""
    last_green_ms: int | None
    """None if the history has no green one."""
