"""The list of the history: each route with its newest state, its times and a row of blocks."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size
from textual.message import Message

from console.app.widgets.line import Line, Span, cell, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.history.fact import FactStatus
from console.domain.history.trend import RouteTrend
from console.view.console_state import ConsoleState
from console.view.history.chart import figure, sparkline
from console.view.history.history_view import HistoryView
from console.view.history.words import UNITS, name_of
from console.view.sign import Sign, Tone

_HEADER_LINES = 1
_STATE, _COUNT, _FIGURE = 11, 6, 8
_NARROW = 90
"""Below this width the model is left out."""
_SIGNS = {
    FactStatus.PASSED: Sign("✓", "passed", Tone.OK),
    FactStatus.UNPROVEN: Sign("~", "unproven", Tone.WARN),
    FactStatus.FAILED: Sign("×", "failed", Tone.FAIL),
    FactStatus.BLOCKED: Sign("!", "blocked", Tone.WARN),
    FactStatus.STOPPED: Sign("!", "stopped", Tone.WARN),
    FactStatus.UNKNOWN: Sign("~", "unknown", Tone.WARN),
    None: Sign("·", "unknown", Tone.DIM),
}


class HistoryListPane(LinePane):
    """The list on the history screen."""

    SHOWS_STREAMS = False

    class RoutePicked(Message):
        """A route was clicked."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line per route."""
        return tuple(history_list_lines(state.history or HistoryView(), size.width))

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state, with the cursor's line visible."""
        super().show(state, cursor)
        place = _HEADER_LINES + (0 if state.history is None else state.history.cursor)
        height = self.scrollable_content_region.height
        if height and not self.scroll_offset.y <= place < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, place - height // 2), animate=False)

    def on_click(self, event: object) -> None:
        """Pick the route under the mouse."""
        place = getattr(event, "y", 0) - self.gutter.top + self.scroll_offset.y - _HEADER_LINES
        if self._state.history is not None and 0 <= place < len(self._state.history.routes):
            self.post_message(self.RoutePicked(place))


def history_list_lines(view: HistoryView, width: int) -> Iterator[Line]:
    """Yield the list, or why there is none."""
    if view.failure:
        yield from (line(Span(piece, Tone.WARN)) for piece in wrap(view.failure, width))
    if view.trends is None:
        if not view.failure:
            yield line(dim("reading …"))
        return
    if not view.routes:
        kind = "" if view.kind is None else f" of kind {view.kind}"
        yield from (
            line(dim(piece))
            for piece in wrap(f"nothing{kind} in the last {view.range}; smoke, check, agents and runs add to it", width)
        )
        return
    blocks = view.trends.columns
    rest = max(8, width - 2 - _STATE - 2 * _COUNT - 2 * _FIGURE - blocks - 2)
    names = (rest, 0) if width < _NARROW else (max(map(len, map(name_of, view.routes))) + 2, 0)
    names = (min(names[0], rest), max(0, rest - names[0]))
    unit = UNITS[view.measure]
    yield line(
        dim("  "),
        cell("now", _STATE, Tone.DIM),
        cell("route", names[0], Tone.DIM),
        cell("model", names[1], Tone.DIM),
        cell("facts", _COUNT, Tone.DIM, right=True),
        cell("red", _COUNT, Tone.DIM, right=True),
        cell("p50", _FIGURE, Tone.DIM, right=True),
        cell("p5" if view.measure.is_better_high else "p95", _FIGURE, Tone.DIM, right=True),
        dim("  "),
        cell(f"{view.measure} {unit}, {view.range}", blocks, Tone.DIM),
    )
    for place, trend in enumerate(view.routes):
        yield _row_line(view, trend, names, is_cursor=place == view.cursor)


def _row_line(view: HistoryView, trend: RouteTrend, names: tuple[int, int], *, is_cursor: bool) -> Line:
    sign = _SIGNS[trend.status]
    timing = trend.timing
    course = None if timing is None else timing.course(view.measure)
    figures = (
        ["-", "-"] if course is None else ["-" if each is None else figure(each) for each in (course.p50, course.p95)]
    )
    worse = any(each.measure is view.measure for each in trend.regressions)
    reds = Tone.FAIL if trend.reds else Tone.DIM
    return line(
        Span("▌ " if is_cursor else "  ", Tone.STRONG),
        cell(str(sign), _STATE, sign.tone),
        cell(name_of(trend), names[0], Tone.STRONG if is_cursor else Tone.TEXT),
        cell(trend.route.model, names[1], Tone.DIM),
        cell(str(trend.count), _COUNT, right=True),
        cell(str(trend.reds), _COUNT, reds, right=True),
        *(cell(each, _FIGURE, Tone.WARN if worse else Tone.TEXT, right=True) for each in figures),
        Span(" !" if trend.regressions else "  ", Tone.WARN),
        Span("" if course is None else sparkline(course.p50s), Tone.WARN if worse else Tone.ACCENT),
        is_cursor=is_cursor,
    )
