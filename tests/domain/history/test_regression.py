"""A regression is marked where calls really got worse, and not where they only vary as calls do."""

import math
import random

from console.domain.history.regression import Measure, regression_of_ends, regression_of_times
from console.domain.routes.shape import Shape

SEED = 19


def series(chance: random.Random, count: int, alike: float) -> list[float]:
    """Return times with a long tail and spikes, whose neighbours resemble one another."""
    state, times = chance.gauss(0, 1), []
    for _ in range(count):
        state = alike * state + math.sqrt(1 - alike * alike) * chance.gauss(0, 1)
        times.append(400 * math.exp(0.35 * state) * (5 if chance.random() < 0.05 else 1))
    return times


def marked(chance: random.Random, trials: int, *, alike: float = 0.0, factor: float = 1.0, before: int = 100) -> float:
    """Return the share of series that are marked when the newest times are multiplied."""
    hits = 0
    for _ in range(trials):
        times = series(chance, before + 15, alike)
        times[-15:] = [each * factor for each in times[-15:]]
        hits += regression_of_times(Measure.TTFT, Shape.TEXT, times) is not None
    return hits / trials


def test_noise_is_not_marked_even_where_busy_hours_make_neighbours_alike() -> None:
    chance = random.Random(SEED)
    assert marked(chance, 500) <= 0.004
    assert marked(chance, 500, alike=0.5) <= 0.006
    assert marked(chance, 500, alike=0.5, before=30) <= 0.012


def test_what_really_got_worse_is_marked() -> None:
    chance = random.Random(SEED)
    assert marked(chance, 150, factor=2.0) >= 0.95
    assert marked(chance, 150, factor=1.5) >= 0.4
    assert marked(chance, 150, factor=3.0, alike=0.5) >= 0.8


def test_a_change_too_small_to_look_at_is_not_marked() -> None:
    certain = [100.0 + number % 3 for number in range(100)]
    assert regression_of_times(Measure.TTFT, Shape.TEXT, [*certain, *[120.0] * 15]) is None  # a fifth
    assert regression_of_times(Measure.TTFT, Shape.TEXT, [value / 10 for value in [*certain, *[200.0] * 15]]) is None
    found = regression_of_times(Measure.TTFT, Shape.TEXT, [*certain, *[200.0] * 15])
    assert found is not None
    assert (found.before, found.now, found.recent, found.baseline) == (101.0, 200.0, 15, 100)


def test_of_speed_less_is_worse() -> None:
    fast, slow = [60.0 + number % 7 for number in range(60)], [30.0] * 15
    assert regression_of_times(Measure.SPEED, Shape.TEXT, [*fast, *slow]) is not None
    assert regression_of_times(Measure.SPEED, Shape.TEXT, [*slow * 4, *fast[:15]]) is None


def test_too_few_calls_say_nothing() -> None:
    assert regression_of_times(Measure.TTFT, Shape.TEXT, [*[100.0] * 29, *[900.0] * 15]) is None
    assert regression_of_ends([*[False] * 29, *[True] * 15]) is None


def test_more_failures_are_marked_and_a_share_that_stays_is_not() -> None:
    chance = random.Random(SEED)
    steady = [[chance.random() < 0.2 for _ in range(115)] for _ in range(500)]
    assert sum(regression_of_ends(each) is not None for each in steady) <= 2
    found = regression_of_ends([*[False] * 90, *[True] * 8, *[False, True] * 7, True])
    assert found is not None
    assert (round(found.before, 2), round(found.now, 2)) == (0.08, 0.53)
    assert regression_of_ends([*[False] * 100, *[False] * 13, True, True]) is None
