"""Regressions: whether the newest calls are worse than those before, by tests that one slow call cannot fool.

Latency has a long tail and no normal distribution, so times are compared by rank: a one-sided Mann-Whitney U test of
the newest 15 calls against the up to 100 before them, at least 30, at the level 0.001. Neighbouring calls resemble one
another, as a busy hour is busy for all of its calls: the variance is inflated by (1 + r) / (1 - r), r being the rank
autocorrelation of the calls before. A certain change that is small is not worth a look either: the medians must differ
by a quarter, and by 30 ms. Failures are compared by Fisher's exact test at the same level: of the newest 15, at least 3
must be red, and their share must be 25 points higher.

Simulated with log-normal times (sigma 0.35, one call in 20 five times as slow) and 100 calls before, of 4,000 series
without a change 0.1 % are marked, whether calls are independent or have an autocorrelation of 0.5 or 0.8; with only 30
calls before, 0.1 %, 0.5 % and 0.8 %. Of series whose newest times are doubled 99 % are marked if calls are independent,
65 % at an autocorrelation of 0.5; with times half as long again, 57 %. Where a tenth of all calls is red, or three
tenths, none of 4,000 is marked; where half of the newest are red after none, 98 % are.
`tests/domain/history/test_regression.py`
repeats this with a fixed seed.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from console.domain.routes.shape import Shape

RECENT = 15
"""How many of the newest calls are compared."""
BASELINE = 100
"""With how many before them, at most."""
LEAST_BASELINE = 30
LEVEL = 0.001
_LEAST_RATIO = 1.25
_LEAST_MS = 30.0
_LEAST_FAILURES = 3
_LEAST_SHARE = 0.25
_MOST_ALIKE = 0.9
"""The highest autocorrelation that is taken from an estimate: at 1 nothing could be told."""


class Measure(StrEnum):
    """What is measured of calls."""

    TTFT = "ttft"
    """Milliseconds to the first token."""
    TOTAL = "total"
    """Milliseconds to the end."""
    SPEED = "speed"
    """Output tokens per second after the first one."""
    FAILURES = "failures"
    """The share of those that ended red, from 0 to 1."""

    @property
    def is_better_high(self) -> bool:
        """Whether more is better."""
        return self is Measure.SPEED


TIMES = (Measure.TTFT, Measure.TOTAL, Measure.SPEED)
"""What is measured of a call that holds."""


@dataclass(frozen=True, slots=True)
class Regression:
    """The newest calls of a route are worse than those before."""

    measure: Measure
    shape: Shape | None
    """What the compared calls sent; None for failures, which are compared whatever was sent."""
    before: float
    """The median before, in the measure's unit; the share of failures."""
    now: float
    recent: int
    """How many of the newest were compared; the next, with how many before them."""
    baseline: int


def regression_of_times(measure: Measure, shape: Shape, values: Sequence[float]) -> Regression | None:
    """Return whether the newest values are worse than those before; None if not, or if there are too few to say.

    Args:
        measure: What was measured.
        shape: What the calls sent.
        values: Oldest first. Of calls that sent the same; times of calls of different size say nothing together.

    """
    before, now = values[-RECENT - BASELINE : -RECENT], values[-RECENT:]
    if len(before) < LEAST_BASELINE:
        return None
    was, is_now = median(before), median(now)
    worse, better = (was, is_now) if measure.is_better_high else (is_now, was)
    if worse < better * _LEAST_RATIO or (not measure.is_better_high and worse - better < _LEAST_MS):
        return None
    if _rank_p(before, now, is_better_high=measure.is_better_high) >= LEVEL:
        return None
    return Regression(measure, shape, was, is_now, len(now), len(before))


def regression_of_ends(reds: Sequence[bool]) -> Regression | None:
    """Return whether more of the newest ended red than of those before; None if not, or if there are too few to say.

    Args:
        reds: Whether each ended red, oldest first.

    """
    before, now = reds[-RECENT - BASELINE : -RECENT], reds[-RECENT:]
    if len(before) < LEAST_BASELINE or sum(now) < _LEAST_FAILURES:
        return None
    was, is_now = sum(before) / len(before), sum(now) / len(now)
    if is_now - was < _LEAST_SHARE or _fisher_p(sum(now), len(now), sum(before), len(before)) >= LEVEL:
        return None
    return Regression(Measure.FAILURES, None, was, is_now, len(now), len(before))


def _rank_p(before: Sequence[float], now: Sequence[float], *, is_better_high: bool) -> float:
    """Return the chance that the newest values rank this badly if all were drawn alike (Mann-Whitney U)."""
    ranks = _ranks([*before, *now])
    m, n = len(now), len(before)
    u = sum(ranks[n:]) - m * (m + 1) / 2
    if is_better_high:
        u = m * n - u
    ties = sum(count**3 - count for count in Counter(ranks).values())
    variance = m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)))
    alike = min(_MOST_ALIKE, max(0.0, _autocorrelation(_ranks(before))))
    inflated = variance * (1 + alike) / (1 - alike)
    return math.erfc((u - m * n / 2 - 0.5) / math.sqrt(2 * inflated)) / 2 if inflated > 0 else 1.0


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value from 1; equal ones share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for place in order[at:end]:
            ranks[place] = (at + 1 + end) / 2
        at = end
    return ranks


def _autocorrelation(values: Sequence[float]) -> float:
    """Return how much neighbours resemble one another: 0 not at all, 1 fully."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values)
    return sum((one - mean) * (other - mean) for one, other in pairwise(values)) / variance if variance else 0.0


def _fisher_p(red: int, count: int, red_before: int, count_before: int) -> float:
    """Return the chance of at least so many reds among the newest if all ended alike (Fisher's exact test)."""
    reds, total = red + red_before, count + count_before
    ways = sum(
        math.comb(reds, each) * math.comb(total - reds, count - each) for each in range(red, min(reds, count) + 1)
    )
    return ways / math.comb(total, count)
