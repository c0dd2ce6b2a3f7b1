"""What is said of the history: how long, since when, how fast, what is worse."""

from collections.abc import Iterator
from datetime import datetime

from console.domain.history.fact import FactKind
from console.domain.history.regression import TIMES, Measure, Regression
from console.domain.history.streak import Streak
from console.domain.history.trend import Course, RouteTrend, Timing, Trends
from console.domain.money import usd_text
from console.view.history.chart import figure, plot, plot_columns, sparkline
from console.view.sign import Tone

Words = tuple[str, Tone]
"""A line of text and what it means."""
UNITS = {Measure.TTFT: "ms", Measure.TOTAL: "ms", Measure.SPEED: "tok/s", Measure.FAILURES: ""}
_TITLES = {
    Measure.TTFT: "time to first token",
    Measure.TOTAL: "total time",
    Measure.SPEED: "speed",
    Measure.FAILURES: "failures",
}


def moment(unix_ms: int) -> str:
    """Return a Unix time in ms as a local date and time."""
    return datetime.fromtimestamp(unix_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def age(ms: int) -> str:
    """Return how long ago something was, in its largest unit."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= size:
            return f"{ms // size} {unit}"
    return f"{max(0, ms) // 1000} s"


def streak_words(streak: Streak, now_ms: int | None = None) -> str:
    """Return since when something is red, in one line.

    Args:
        streak: What the history says.
        now_ms: The Unix time, for the ages; None says none.

    """

    def at(unix_ms: int) -> str:
        return moment(unix_ms) + ("" if now_ms is None else f" ({age(now_ms - unix_ms)})")

    red, green = streak.red_since_ms, streak.last_green_ms
    since = "red since now" if red is None else f"red since {at(red)}"
    last = "never green in the history" if green is None else f"last green {at(green)}"
    return f"{since}, {last}"


def regression_words(regression: Regression) -> str:
    """Return what is worse than before, in one line."""
    measure, shape = regression.measure, regression.shape
    of = "" if shape is None else f" of {shape} calls"
    if measure is Measure.FAILURES:
        change = f"{regression.before:.0%} to {regression.now:.0%}"
        return (
            f"more failures than before: {change}; the newest {regression.recent} against {regression.baseline} before"
        )
    change = f"{figure(regression.before)} to {figure(regression.now)} {UNITS[measure]}"
    return (
        f"{_TITLES[measure]}{of} is worse: {change}; medians of the newest {regression.recent} against"
        f" {regression.baseline} before"
    )


def name_of(trend: RouteTrend) -> str:
    """Return what a trend is about: the route's key, or the runs."""
    return "runs" if trend.route.key is None else str(trend.route.key)


def counts_words(trend: RouteTrend) -> str:
    """Return how many facts there are, how they ended, and what they cost."""
    kinds = ", ".join(f"{count} {kind}{_plural(kind, count)}" for kind, count in trend.counts)
    return f"{kinds}; {_red_words(trend)}; {cost_words(trend)}"


def _plural(kind: FactKind, count: int) -> str:
    return {FactKind.SMOKE: "", FactKind.RELAY: "ed"}.get(kind, "s") if count != 1 or kind is FactKind.RELAY else ""


def _red_words(trend: RouteTrend) -> str:
    if not trend.reds:
        return "none red"
    named = ", ".join(f"{count} {'without a category' if name == 'none' else name}" for name, count in trend.failures)
    return f"{trend.reds} red: {named}"


def cost_words(trend: RouteTrend) -> str:
    """Return what the facts cost, and how many have no known cost."""
    if trend.unpriced == trend.count:
        return "cost unknown"
    unknown = f", {trend.unpriced} without a known price" if trend.unpriced else ""
    return f"cost {usd_text(trend.microusd)}{unknown}"


def trend_words(trend: RouteTrend, until_ms: int, *, is_ascii: bool = False) -> Iterator[Words]:
    """Yield what is said of a route under its name, but for its times."""
    yield counts_words(trend), Tone.TEXT
    yield f"first {moment(trend.first_ms)}, last {moment(trend.last_ms)}", Tone.DIM
    if trend.is_red:
        yield f"{'x' if is_ascii else '×'} {streak_words(trend.streak, until_ms)}", Tone.FAIL
    for regression in trend.regressions:
        yield f"! {regression_words(regression)}", Tone.WARN


def timing_words(trend: RouteTrend, *, is_ascii: bool = False) -> Iterator[str]:
    """Yield each measure of a route's timed calls as a row of blocks with its quantiles."""
    for timing in trend.timings:
        for measure in TIMES:
            if timing.course(measure).p50 is not None:
                yield course_words(timing, measure, is_ascii=is_ascii)


def course_words(timing: Timing, measure: Measure, *, is_ascii: bool = False) -> str:
    """Return one measure as a row of blocks with its quantiles."""
    course = timing.course(measure)
    blocks = sparkline(course.p50s, is_ascii=is_ascii)
    return f"{measure:<6} {blocks} {quantile_words(course, measure)}  ({timing.count} {timing.shape})"


def quantile_words(course: Course, measure: Measure) -> str:
    """Return a course's median and its slow tail."""
    if course.p50 is None or course.p95 is None:
        return "-"
    tail = "p5" if measure is Measure.SPEED else "p95"
    return f"p50 {figure(course.p50)}  {tail} {figure(course.p95)} {UNITS[measure]}"


def plot_words(
    trends: Trends, timing: Timing, measure: Measure, *, width: int, height: int, is_ascii: bool = False
) -> list[str]:
    """Return a plot of one measure, with its axes in text.

    Args:
        trends: The moments of the first and the last column.
        timing: The calls.
        measure: What to draw.
        width: The width in cells.
        height: The height in cells.
        is_ascii: Whether the terminal can show ASCII alone.

    """
    course = timing.course(measure)
    fits = plot_columns(width, is_ascii=is_ascii)
    lines = plot(
        stretched(course.p50s, fits),
        stretched(course.p95s, fits),
        width=width,
        height=height,
        unit=UNITS[measure],
        ends=(moment(trends.since_ms), moment(trends.until_ms)),
        is_ascii=is_ascii,
    )
    tail = "p5" if measure is Measure.SPEED else "p95"
    legend = f"* p50, . {tail}" if is_ascii else f"line p50, dots {tail}"
    return [f"{_TITLES[measure]}, {timing.count} {timing.shape} calls: {legend}", *lines]


def stretched(values: tuple[float | None, ...], width: int) -> list[float | None]:
    """Return values in as many columns as there is room for; each is as wide as its time."""
    return [values[at * len(values) // width] for at in range(width)] if values else []
