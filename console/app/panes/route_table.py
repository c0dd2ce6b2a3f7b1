"""The route table: one row per role; its cursor moves all panes."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size
from textual.message import Message

from console.app.widgets.line import Line, Span, cell, line
from console.app.widgets.line_pane import LinePane
from console.domain.probes.standing import Standing
from console.domain.routes.role import Role
from console.view.call_sign import ttft_figure
from console.view.console_state import ConsoleState, RouteView
from console.view.route_call_sign import route_call_sign
from console.view.route_sign import route_sign, verdict_sums
from console.view.sign import Tone

HEADER_LINES = 1


class RouteTablePane(LinePane):
    """Pane 1."""

    SHOWS_STREAMS = False

    class RowPicked(Message):
        """A row was clicked, or a page's key chose it."""

        def __init__(self, row: int) -> None:
            self.row = row
            super().__init__()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the header and as many rows as fit, with the cursor's among them."""
        header, *rows = route_lines(state, cursor, size.width)
        first = first_row(len(rows), cursor, size.height - HEADER_LINES)
        return (header, *rows[first : first + max(size.height - HEADER_LINES, 1)])

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state, and show the cursor's position in the frame."""
        super().show(state, cursor)
        self.name_frame("1 routes", f"{cursor + 1} of {len(state.routes)}{_sums(state)}" if state.routes else "")

    def action_page_up(self) -> None:
        """Move the cursor up by the rows that fit."""
        self.post_message(self.RowPicked(self._cursor - self._rows))

    def action_page_down(self) -> None:
        """Move the cursor down by the rows that fit."""
        self.post_message(self.RowPicked(self._cursor + self._rows))

    @property
    def _rows(self) -> int:
        return max(1, self.scrollable_content_region.height - HEADER_LINES)

    def on_click(self, event: object) -> None:
        """Move the cursor to the row under the mouse."""
        row = getattr(event, "y", 0) - self.gutter.top - HEADER_LINES
        rows = self.scrollable_content_region.height - HEADER_LINES
        if row < 0 or row >= rows:
            return
        row += first_row(len(self._state.routes), self._cursor, rows)
        if 0 <= row < len(self._state.routes):
            self.post_message(self.RowPicked(row))


def first_row(count: int, cursor: int, rows: int) -> int:
    """Return the first row to show of a table: the cursor is in the middle, or as near to it as the ends allow."""
    return max(0, min(cursor - rows // 2, count - rows))


def _sums(state: ConsoleState) -> str:
    """Return how many routes have each verdict, the gravest first; empty where the rows say it at a glance."""
    if len(state.routes) <= len(Role):
        return ""
    return f" · {verdict_sums(state.proven)}"


def route_lines(state: ConsoleState, cursor: int, width: int) -> Iterator[Line]:
    """Yield the table's lines, with the columns that fit into a width."""
    has_path, has_figures = width >= 104, width >= 84
    key_width = min(max([9, *(len(route.proven.key) + 1 for route in state.routes)]), 18)
    fixed = 2 + key_width + 19 + 12 + 10 + (21 if has_path else 0) + (14 if has_figures else 0)
    model_width = max(8, min(width - fixed, 42))

    def row(texts: Sequence[tuple[str, Tone]], mark: str, *, is_cursor: bool = False) -> Line:
        key, model, family, path, contract, smoke, ttft, pace = texts
        spans: list[Span] = [Span(mark, Tone.STRONG), cell(key[0], key_width, key[1])]
        spans += [cell(model[0], model_width - 1, model[1]), Span(" "), cell(family[0], 19, family[1])]
        if has_path:
            spans.append(cell(path[0], 21, path[1]))
        spans += [cell(contract[0], 12, contract[1]), cell(smoke[0], 10, smoke[1])]
        if has_figures:
            spans += [cell(ttft[0], 8, ttft[1], right=True), cell(pace[0], 6, pace[1], right=True)]
        return line(*spans, is_cursor=is_cursor)

    labels = ("route", "model", "family", "path", "verdict", "smoke", "ttft ms", "tok/s")
    yield row([(label, Tone.DIM) for label in labels], "  ")
    for position, route in enumerate(state.routes):
        is_cursor = position == cursor
        yield row(_cells(route, is_cursor=is_cursor), "▌ " if is_cursor else "  ", is_cursor=is_cursor)


def _cells(state: RouteView, *, is_cursor: bool) -> list[tuple[str, Tone]]:
    check, smoke = state.check, state.smoke
    is_drift = state.proven.standing is Standing.DRIFT
    verdict, sign = route_sign(state.proven), route_call_sign(state)
    result = smoke.result if not smoke.is_live else None
    ttft_ms = smoke.ttft_ms if smoke.is_live or result is None else result.ttft_ms
    pace = result.output_tokens_per_s if result is not None else None
    return [
        (check.route.key, Tone.STRONG if is_cursor else Tone.TEXT),
        (check.route.model, Tone.TEXT),
        (check.route.endpoint_family, Tone.FAIL if is_drift else Tone.ACCENT),
        (check.route.endpoint_path, Tone.FAIL if is_drift else Tone.DIM),
        (str(verdict), verdict.tone),
        (str(sign), sign.tone),
        ("" if ttft_ms is None else ttft_figure(result, ttft_ms), Tone.TEXT),
        ("" if pace is None else f"{pace:.0f}", Tone.TEXT),
    ]
