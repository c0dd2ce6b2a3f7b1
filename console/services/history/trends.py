"""Trends from the history's file, one route after the other: memory holds the times of one route's calls at most."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from console.domain.history.fact import FactRoute
from console.domain.history.regression import (
    BASELINE,
    RECENT,
    TIMES,
    Regression,
    regression_of_ends,
    regression_of_times,
)
from console.domain.history.streak import Streak
from console.domain.history.trend import Course, RouteTrend, Timing, Trends, column_ends, quantile
from console.domain.routes.shape import Shape
from console.services.history.reader import Reader, Wanted

_COMPARED = (Shape.TEXT, Shape.ROLE)
"""The shapes whose calls all send the same, so that their times can be compared. An agent's calls do not."""


def read_trends(reader: Reader, wanted: Wanted, *, columns: int) -> Trends:
    """Return the trends of all wanted routes that have a fact, in the order of profile and route.

    Args:
        reader: The open history.
        wanted: Which facts; both of its moments must be given.
        columns: Into how many columns of equal time to cut.

    """
    found = (_route_trend(reader, number, route, wanted, columns) for number, route in reader.routes(wanted))
    routes = sorted((each for each in found if each is not None), key=lambda each: _order(each.route))
    return Trends(wanted.since_ms, wanted.until_ms, columns, tuple(routes))


def _order(route: FactRoute) -> tuple[str, bool, int, str, str, str]:
    from console.domain.routes.role import Role

    rank = -1 if route.role is None else list(Role).index(route.role)
    return route.profile, route.key is None, rank, str(route.key), route.model, route.origin


def _route_trend(reader: Reader, number: int, route: FactRoute, wanted: Wanted, columns: int) -> RouteTrend | None:
    counted = reader.counts(number, wanted)
    if not counted:
        return None
    kinds, ends, failures = Counter[object](), Counter[object](), Counter[str]()
    for each in counted:
        kinds[each.kind] += each.count
        ends[each.status] += each.count
        if each.status.is_red:
            failures[each.category or "none"] += each.count
    now = reader.current_end(number, wanted)
    shapes = reader.shapes(number, wanted)
    return RouteTrend(
        route,
        tuple((kind, kinds[kind]) for kind in sorted({each.kind for each in counted})),
        tuple((status, ends[status]) for status in sorted({each.status for each in counted})),
        tuple(failures.most_common()),
        sum(each.microusd for each in counted),
        sum(each.count - each.priced for each in counted),
        sum(each.output_tokens for each in counted),
        min(each.first_ms for each in counted),
        max(each.last_ms for each in counted),
        None if now is None else now.status,
        Streak(None, None)
        if now is None or not now.status.is_red
        else reader.streak(number, now.red_at, wanted.until_ms),
        tuple(_timing(reader, number, wanted, shape, columns) for shape in shapes),
        tuple(_regressions(reader, number, wanted, shapes)),
    )


def _timing(reader: Reader, number: int, wanted: Wanted, shape: Shape, columns: int) -> Timing:
    ends = column_ends(wanted.since_ms, wanted.until_ms, columns)
    times: list[array[int]] = [array("q"), array("q"), array("q")]
    bounds: list[list[int]] = [[], [], []]
    """Of each measure, how many values each column that is over ends with."""
    count = 0
    for chunk in reader.timed(number, wanted, shape):
        count += len(chunk)
        moments, *measured = zip(*chunk, strict=True)
        while ends and len(bounds[0]) < len(ends) and moments[-1] >= ends[len(bounds[0])]:
            cut = bisect_left(moments, ends[len(bounds[0])])
            for values, bound, more in zip(times, bounds, measured, strict=True):
                bound.append(len(values) + sum(value is not None for value in more[:cut]))
        for values, more in zip(times, measured, strict=True):
            values.extend(value for value in more if value is not None)
    for values, bound in zip(times, bounds, strict=True):
        bound.extend([len(values)] * (len(ends) - len(bound)))
    ttft, total, speed = (
        _course(values, bound, is_better_high=measure.is_better_high)
        for values, bound, measure in zip(times, bounds, TIMES, strict=True)
    )
    return Timing(shape, count, ttft, total, speed)


def _course(values: "array[int]", bounds: Sequence[int], *, is_better_high: bool) -> Course:
    """Return the quantiles of values in thousandths of a unit, over all and by column."""
    tail = 0.05 if is_better_high else 0.95
    middles: list[float | None] = []
    tails: list[float | None] = []
    begin = 0
    for end in bounds:
        ordered = sorted(values[begin:end])
        middles.append(_unit(quantile(ordered, 0.5)))
        tails.append(_unit(quantile(ordered, tail)))
        begin = end
    ordered = sorted(values)
    return Course(_unit(quantile(ordered, 0.5)), _unit(quantile(ordered, tail)), tuple(middles), tuple(tails))


def _unit(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _regressions(reader: Reader, number: int, wanted: Wanted, shapes: Sequence[Shape]) -> list[Regression]:
    """Return what is worse in the newest calls; only of calls that are newer than the first wanted moment."""
    ends = reader.newest_ends(number, wanted, RECENT + BASELINE)
    failed = regression_of_ends([is_red for _, is_red in ends])
    found = [failed] if failed is not None and ends[-1][0] >= wanted.since_ms else []
    for shape in (each for each in shapes if each in _COMPARED):
        calls = reader.newest(number, wanted, shape, RECENT + BASELINE)
        for at, measure in enumerate(TIMES, 1):
            values = [value / 1000 for each in calls if (value := each[at]) is not None]
            worse = regression_of_times(measure, shape, values)
            if worse is not None:
                found.append(worse)
    return found
