"""How long tests wait: for a condition, within a bound that only a hang exceeds.

No test passes or fails by how long something took. pytest-timeout ends a test that hangs; the bound here serves where
waiting is done outside a test's own control flow, as in a child process or behind a terminal.
"""

import time

HANG_S = 120.0
"""Seconds after which what is waited for will not come. A machine that is merely busy is never as slow."""


class Patience:
    """A bound on one wait: ask `is_over` between two looks at the condition."""

    def __init__(self, bound_s: float = HANG_S) -> None:
        self._end = time.monotonic() + bound_s

    @property
    def is_over(self) -> bool:
        """Whether the bound has passed: a hang."""
        return time.monotonic() >= self._end
