"""The chart of the route under the cursor, with all that the history says of it."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import Line, Span, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.history.history_view import HistoryView
from console.view.history.words import name_of, plot_words, quantile_words, trend_words
from console.view.sign import Tone

_LEAST_PLOT = 8


class HistoryChartPane(LinePane):
    """The picked route."""

    SHOWS_STREAMS = False

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the chart, and what is said beside it."""
        return tuple(history_chart_lines(state.history or HistoryView(), size.width, size.height))


def history_chart_lines(view: HistoryView, width: int, height: int) -> Iterator[Line]:
    """Yield the chart of the picked route, and below it what the history says, which can be scrolled to."""
    trend, trends = view.picked, view.trends
    if trend is None or trends is None:
        return
    route = trend.route
    about = "  ".join(filter(None, (name_of(trend), route.model, route.family, route.origin)))
    said = [(about, Tone.STRONG), *trend_words(trend, trends.until_ms)]
    words = [line(Span(piece, tone)) for text, tone in said for piece in wrap(text, width)]
    timing = trend.timing
    if timing is None or timing.course(view.measure).p50 is None:
        yield from words
        yield line(dim("no call that holds was timed"))
        return
    yield line(f"{view.measure}  {quantile_words(timing.course(view.measure), view.measure)}")
    room = max(_LEAST_PLOT, height - len(words) - 2)
    drawn = plot_words(trends, timing, view.measure, width=width, height=room)
    yield line(dim(drawn[0]))
    yield from (line(Span(each, Tone.ACCENT)) for each in drawn[1:])
    yield from words
