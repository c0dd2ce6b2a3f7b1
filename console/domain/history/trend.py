"""Trends: what many facts of a route say together, in columns of equal time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.history.fact import FactKind, FactRoute, FactStatus
from console.domain.history.regression import Measure, Regression
from console.domain.history.streak import Streak
from console.domain.routes.shape import Shape


@dataclass(frozen=True, slots=True)
class Course:
    """One measure of the calls of one shape, over all and in each column; exact quantiles of what the history has."""

    p50: float | None
    """Of the slow side: for speed, half of all calls are slower. None without a value; so are the others."""
    p95: float | None
    """What 95 of 100 calls keep: the time that they stay within, or the speed that they reach."""
    p50s: tuple[float | None, ...]
    """In each column, oldest first."""
    p95s: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """The calls of one shape that hold."""

    shape: Shape
    count: int
    ttft: Course
    total: Course
    speed: Course

    def course(self, measure: Measure) -> Course:
        """Return the course of a measure; of failures there is none."""
        return {Measure.TTFT: self.ttft, Measure.TOTAL: self.total, Measure.SPEED: self.speed}[measure]


@dataclass(frozen=True, slots=True)
class RouteTrend:
    """What the facts of one route, or of a profile's runs, say."""

    route: FactRoute
    counts: tuple[tuple[FactKind, int], ...]
    """How many facts of each kind."""
    ends: tuple[tuple[FactStatus, int], ...]
    """How many ended in each way."""
    failures: tuple[tuple[str, int], ...]
    """Red facts by category, the most frequent first; `none` where no call was refused."""
    microusd: int
    """What the calls with a known cost took."""
    unpriced: int
    """How many facts have no known cost."""
    output_tokens: int
    first_ms: int
    """Unix time of the first fact; the next, of the last one."""
    last_ms: int
    status: FactStatus | None
    """How the route stands: red if nothing has disproved that since, or else as the newest fact ended."""
    streak: Streak
    """Since when it is red, if it is."""
    timings: tuple[Timing, ...]
    regressions: tuple[Regression, ...]

    @property
    def count(self) -> int:
        """How many facts there are."""
        return sum(count for _, count in self.counts)

    @property
    def reds(self) -> int:
        """How many of them are red."""
        return sum(count for status, count in self.ends if status.is_red)

    @property
    def is_red(self) -> bool:
        """Whether the route is red, and nothing has disproved that since."""
        return self.status is not None and self.status.is_red

    @property
    def timing(self) -> Timing | None:
        """The timing of the most calls; None if no call was timed."""
        return max(self.timings, key=lambda each: each.count, default=None)


@dataclass(frozen=True, slots=True)
class Trends:
    """The history of some routes between two moments."""

    since_ms: int
    """Unix time, included; the next is not."""
    until_ms: int
    columns: int
    """Into how many columns of equal time each course is cut."""
    routes: tuple[RouteTrend, ...]

    @property
    def regressed(self) -> tuple[RouteTrend, ...]:
        """The routes whose newest calls are worse than those before."""
        return tuple(each for each in self.routes if each.regressions)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which a share of an ordered sample lies, interpolated; None without values."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def column_ends(since_ms: int, until_ms: int, columns: int) -> list[int]:
    """Return the moment at which each column ends; the last one is `until_ms`."""
    return [since_ms + (until_ms - since_ms) * (at + 1) // columns for at in range(columns)]
