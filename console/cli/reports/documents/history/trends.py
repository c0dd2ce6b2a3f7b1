"""The document of `history`."""

from dataclasses import dataclass
from typing import Literal, Self

from console.cli.reports.documents.history.streak import StreakDocument
from console.domain.history.fact import FactStatus
from console.domain.history.regression import Measure, Regression
from console.domain.history.trend import Course, RouteTrend, Timing, Trends
from console.domain.ledger.checkpoint import moment
from console.domain.money import usd
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.shape import Shape


@dataclass(frozen=True, kw_only=True)
class CourseDocument:
    """One measure over time; null where no call was timed."""

    p50: float | None
    """The median of all calls."""
    tail: float | None
    """What 95 of 100 calls keep: the 95th percentile of a time, the 5th of a speed."""
    p50s: tuple[float | None, ...]
    """The median in each column of time, oldest first."""
    tails: tuple[float | None, ...]

    @classmethod
    def of(cls, course: Course) -> Self:
        """Return a course as the document names it."""
        return cls(
            p50=_rounded(course.p50),
            tail=_rounded(course.p95),
            p50s=tuple(map(_rounded, course.p50s)),
            tails=tuple(map(_rounded, course.p95s)),
        )


@dataclass(frozen=True, kw_only=True)
class TimingDocument:
    """The calls of one shape that hold; calls of another shape are not compared with them."""

    shape: Shape
    calls: int
    ttft_ms: CourseDocument
    total_ms: CourseDocument
    output_tokens_per_s: CourseDocument

    @classmethod
    def of(cls, timing: Timing) -> Self:
        """Return a timing as the document names it."""
        return cls(
            shape=timing.shape,
            calls=timing.count,
            ttft_ms=CourseDocument.of(timing.ttft),
            total_ms=CourseDocument.of(timing.total),
            output_tokens_per_s=CourseDocument.of(timing.speed),
        )


@dataclass(frozen=True, kw_only=True)
class RegressionDocument:
    """The newest calls are worse than those before."""

    measure: Measure
    shape: Shape | None
    """What the compared calls sent; null for failures, which are counted whatever was sent."""
    before: float
    """The median before: milliseconds, tokens per second, or the share of failures from 0 to 1; so is the next."""
    now: float
    newest: int
    """How many of the newest were compared; the next, with how many before them."""
    earlier: int

    @classmethod
    def of(cls, regression: Regression) -> Self:
        """Return a regression as the document names it."""
        return cls(
            measure=regression.measure,
            shape=regression.shape,
            before=round(regression.before, 3),
            now=round(regression.now, 3),
            newest=regression.recent,
            earlier=regression.baseline,
        )


@dataclass(frozen=True, kw_only=True)
class TrendDocument(StreakDocument):
    """What the history has of a route, or of a profile's runs."""

    profile: str
    origin: str
    """Scheme, host and port of the gateway; `sim:` is the embedded one."""
    route: str | None
    """The route's key, as in `writer.fast`; null for runs, and so are the next three."""
    role: Role | None
    model: str | None
    endpoint_family: EndpointFamily | None
    status: FactStatus | None
    """How the route stands: red if nothing has disproved that since, or else as the newest fact ended."""
    first: str
    """The first fact's UTC time; the next, the last one's."""
    last: str
    kinds: dict[str, int]
    """How many facts of each kind: check, smoke, relay, run."""
    ends: dict[str, int]
    """How many ended in each way: passed, unproven, failed, blocked, stopped, unknown."""
    failures: dict[str, int]
    """Those that ended red, by error category; `none` where no call was refused."""
    cost_usd: float | None
    """What those with a known cost took."""
    without_cost: int
    """How many have no known cost."""
    output_tokens: int
    timings: tuple[TimingDocument, ...]
    regressions: tuple[RegressionDocument, ...]

    @classmethod
    def of(cls, trend: RouteTrend) -> Self:
        """Return a trend as the document names it."""
        route = trend.route
        return cls(
            **vars(StreakDocument.of_streak(trend.streak)),
            profile=route.profile,
            origin=route.origin,
            route=None if route.key is None else str(route.key),
            role=route.role,
            model=route.model or None,
            endpoint_family=route.family,
            status=trend.status,
            first=moment(trend.first_ms),
            last=moment(trend.last_ms),
            kinds={kind.value: count for kind, count in trend.counts},
            ends={status.value: count for status, count in trend.ends},
            failures=dict(trend.failures),
            cost_usd=usd(trend.microusd),
            without_cost=trend.unpriced,
            output_tokens=trend.output_tokens,
            timings=tuple(map(TimingDocument.of, trend.timings)),
            regressions=tuple(map(RegressionDocument.of, trend.regressions)),
        )


@dataclass(frozen=True, kw_only=True)
class HistoryDocument:
    """How fast and how reliable each route was, what it cost, and what is worse than before."""

    schema: Literal["gateway-console/history/v1"] = "gateway-console/history/v1"
    since: str
    """The first moment that counts, as a UTC time; the next is the first that does not."""
    until: str
    columns: int
    """Into how many columns of equal time each course is cut."""
    routes: tuple[TrendDocument, ...]

    @classmethod
    def of(cls, trends: Trends) -> Self:
        """Return trends as the document names them."""
        return cls(
            since=moment(trends.since_ms),
            until=moment(trends.until_ms),
            columns=trends.columns,
            routes=tuple(map(TrendDocument.of, trends.routes)),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
