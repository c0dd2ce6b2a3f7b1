"""What the screen knows of the history: the trends that were read, what is looked at, and since when routes are red."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from console.domain.history.fact import FactKind
from console.domain.history.regression import TIMES, Measure
from console.domain.history.streak import Streak
from console.domain.history.trend import RouteTrend, Trends
from console.domain.routes.route_key import RouteKey


class Range(StrEnum):
    """How far back the screen looks."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def ms(self) -> int:
        """The range in ms."""
        return {"h": 3_600_000, "d": 86_400_000}[self.value[-1]] * int(self.value[:-1])


# --- Events of the view ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreaksRead:
    """The history said since when red routes are red; it says nothing of the others."""

    streaks: Mapping[RouteKey, Streak]


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """Trends were read."""

    trends: Trends


@dataclass(frozen=True, slots=True)
class HistoryUnread:
    """The history cannot be read."""

    words: str


@dataclass(frozen=True, slots=True)
class HistoryCursorMoved:
    """The cursor of the list was moved."""

    cursor: int


@dataclass(frozen=True, slots=True)
class HistoryKindAsked:
    """Facts of the next kind are asked for; after the last one, of all."""


@dataclass(frozen=True, slots=True)
class HistoryRangeAsked:
    """A longer range is asked for, or a shorter one."""

    is_longer: bool


@dataclass(frozen=True, slots=True)
class HistoryMeasureAsked:
    """The next measure is to be drawn."""


HistoryViewEvent = (
    StreaksRead
    | HistoryRead
    | HistoryUnread
    | HistoryCursorMoved
    | HistoryKindAsked
    | HistoryRangeAsked
    | HistoryMeasureAsked
)


# --- The view --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Everything that is drawn of the history."""

    streaks: Mapping[RouteKey, Streak] = field(default_factory=dict)
    """Of routes that were red when they were tried last."""
    trends: Trends | None = None
    """None until it was read."""
    failure: str = ""
    """Why it cannot be read."""
    cursor: int = 0
    kind: FactKind | None = None
    """The kind of facts that count; None for all."""
    range: Range = Range.WEEK
    measure: Measure = Measure.TTFT
    """What is drawn of the route under the cursor."""

    @property
    def routes(self) -> tuple[RouteTrend, ...]:
        """The routes of the list."""
        return () if self.trends is None else self.trends.routes

    @property
    def picked(self) -> RouteTrend | None:
        """The route under the cursor."""
        return self.routes[self.cursor] if self.cursor < len(self.routes) else None

    def apply(self, event: HistoryViewEvent) -> "HistoryView":
        """Return the view after an event. Pure."""
        match event:
            case StreaksRead(streaks):
                return replace(self, streaks=streaks)
            case HistoryRead(trends):
                return self._read(trends)
            case HistoryUnread(words):
                return replace(self, failure=words)
            case HistoryCursorMoved(cursor):
                return replace(self, cursor=max(0, min(cursor, len(self.routes) - 1)))
            case HistoryKindAsked():
                kinds = [None, *FactKind]
                return replace(self, kind=kinds[(kinds.index(self.kind) + 1) % len(kinds)])
            case HistoryRangeAsked(is_longer):
                ranges = list(Range)
                at = ranges.index(self.range) + (1 if is_longer else -1)
                return replace(self, range=ranges[max(0, min(at, len(ranges) - 1))])
            case HistoryMeasureAsked():
                return replace(self, measure=TIMES[(TIMES.index(self.measure) + 1) % len(TIMES)])
            case _:
                assert_never(event)

    def _read(self, trends: Trends) -> "HistoryView":
        """Keep the cursor on the same route."""
        picked = None if self.picked is None else self.picked.route
        places = [at for at, each in enumerate(trends.routes) if each.route == picked]
        cursor = places[0] if places else max(0, min(self.cursor, len(trends.routes) - 1))
        return replace(self, trends=trends, failure="", cursor=cursor)
