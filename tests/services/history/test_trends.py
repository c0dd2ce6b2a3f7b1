"""Trends are what the facts themselves say: counted and ordered by hand, they come out the same."""

import random
from dataclasses import replace
from pathlib import Path
from statistics import quantiles

import pytest
from support.history.facts import CRITIC, DAY_MS, NOW_MS, WRITER, environment, keep, passed, red

from console.domain.errors.category import Category
from console.domain.history.fact import Fact, FactKind, FactStatus, runs_of
from console.domain.history.regression import Measure
from console.domain.history.streak import Streak
from console.domain.history.trend import Trends
from console.domain.probes.ladder import Rung
from console.domain.routes.shape import Shape
from console.services.history.file import HistoryFile
from console.services.history.reader import Wanted
from console.services.history.trends import read_trends

WEEK = Wanted(since_ms=NOW_MS - 7 * DAY_MS, until_ms=NOW_MS + 1)


def trends(home: Path, wanted: Wanted = WEEK, columns: int = 7) -> Trends:
    file = HistoryFile(environment(home), is_looking=True)
    try:
        return file.use(lambda store: read_trends(store.reader, wanted, columns=columns))
    finally:
        file.close()


def test_quantiles_are_exact_in_each_column_and_over_all_however_many_facts_there_are(tmp_path: Path) -> None:
    chance = random.Random(3)
    begin, end = WEEK.since_ms, WEEK.until_ms
    moments = sorted(chance.randrange(begin - DAY_MS, end) for _ in range(6000))
    moments += [begin, begin + (end - begin) // 7]  # at the edges of columns
    facts = [passed(at, float(chance.randrange(100, 2000))) for at in moments]
    keep(tmp_path, *facts, *(passed(at, 1.0, rung=Rung.SHAPE) for at in moments[:50]))
    (trend,) = trends(tmp_path).routes
    timing = next(each for each in trend.timings if each.shape is Shape.TEXT)
    edges = [begin + (end - begin) * number // 7 for number in range(8)]
    for number, column in enumerate(zip(timing.ttft.p50s, timing.ttft.p95s, strict=True)):
        values = [each.ttft_ms or 0 for each in facts if edges[number] <= each.at_ms < edges[number + 1]]
        cut = quantiles(values, n=20, method="inclusive")
        assert column == pytest.approx((cut[9], cut[18]))
    values = [each.ttft_ms or 0 for each in facts if each.at_ms >= begin]
    cut = quantiles(values, n=20, method="inclusive")
    assert (timing.ttft.p50, timing.ttft.p95, timing.count) == (
        pytest.approx(cut[9]),
        pytest.approx(cut[18]),
        len(values),
    )


def test_of_speed_the_tail_is_the_slow_one(tmp_path: Path) -> None:
    keep(tmp_path, *(replace(passed(NOW_MS - each), tokens_per_s=float(each)) for each in range(1, 102)))
    (trend,) = trends(tmp_path).routes
    assert trend.timing is not None
    assert (trend.timing.speed.p50, trend.timing.speed.p95) == (51.0, 6.0)


def test_a_column_without_a_call_has_no_value_and_a_failed_call_no_time(tmp_path: Path) -> None:
    keep(tmp_path, passed(NOW_MS - 6 * DAY_MS - DAY_MS // 2, 100.0), replace(red(NOW_MS), ttft_ms=5.0, total_ms=9.0))
    (trend,) = trends(tmp_path).routes
    assert trend.timing is not None
    assert trend.timing.ttft.p50s == (100.0, *[None] * 6)


def test_counts_failures_costs_and_the_streak(tmp_path: Path) -> None:
    keep(
        tmp_path,
        passed(NOW_MS - 5),
        red(NOW_MS - 4, Category.RATE_LIMIT),
        passed(NOW_MS - 3),
        red(NOW_MS - 2),
        red(NOW_MS - 1),
        passed(NOW_MS, route=CRITIC),
        Fact(NOW_MS, runs_of("p", WRITER.origin), FactKind.RUN, FactStatus.STOPPED, microusd=7),
        passed(NOW_MS - 9 * DAY_MS),
    )
    writer, critic, runs = trends(tmp_path).routes
    assert (writer.route, critic.route, runs.route.key) == (WRITER, CRITIC, None)
    assert (writer.counts, writer.reds) == (((FactKind.SMOKE, 5),), 3)
    assert writer.failures == (("timeout", 2), ("rate_limit", 1))
    assert (writer.microusd, writer.unpriced) == (840, 3)
    assert (writer.status, writer.streak) == (FactStatus.FAILED, Streak(NOW_MS - 2, NOW_MS - 3))
    assert (critic.status, critic.streak) == (FactStatus.PASSED, Streak(None, None))
    assert (runs.status, runs.failures, runs.microusd) == (FactStatus.STOPPED, (("none", 1),), 7)


def test_calls_of_agents_are_not_compared_for_they_differ_in_size(tmp_path: Path) -> None:
    small = (replace(passed(NOW_MS - 9000 + each), shape=Shape.AGENT, kind=FactKind.RELAY) for each in range(60))
    large = (replace(passed(NOW_MS - 100 + each, 9000.0), shape=Shape.AGENT, kind=FactKind.RELAY) for each in range(15))
    keep(tmp_path, *small, *large)
    assert trends(tmp_path).regressed == ()


def test_what_was_worse_before_the_time_that_is_asked_for_is_not_marked(tmp_path: Path) -> None:
    old = NOW_MS - 20 * DAY_MS
    keep(
        tmp_path, *(passed(old + each) for each in range(60)), *(passed(old + 100 + each, 900.0) for each in range(15))
    )
    assert trends(tmp_path).routes == ()
    (trend,) = trends(tmp_path, replace(WEEK, since_ms=old)).routes
    assert [each.measure for each in trend.regressions] == [Measure.TTFT]
