"""The list of runs: the newest first; its cursor puts a run in view."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from textual.geometry import Size
from textual.message import Message

from console.app.panes.stepper_bar import short_id
from console.app.widgets.line import Line, Span, cell, dim, fit, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.run_sign import status_sign
from console.view.run_view import RunView
from console.view.sign import Tone

_HEADER_LINES = 1


class RunListPane(LinePane):
    """Pane 1 of the run screen."""

    class RunPicked(Message):
        """A run was clicked."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line per run."""
        return tuple(run_lines(state, size.width))

    def show(self, state: ConsoleState, cursor: int) -> None:
        """Draw another state, with the cursor's line visible."""
        super().show(state, cursor)
        place = 0 if state.run is None else self._lines_above(state.run) + state.run.cursor * _height(state.run)
        height = self.scrollable_content_region.height
        if height and not self.scroll_offset.y <= place < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, place - height // 2), animate=False)

    def _lines_above(self, view: RunView) -> int:
        return _HEADER_LINES + len(tuple(above_runs(view, self.scrollable_content_region.width)))

    def on_click(self, event: object) -> None:
        """Put the run under the mouse in view."""
        view = self._state.run
        above = _HEADER_LINES if view is None else self._lines_above(view)
        row = getattr(event, "y", 0) - self.gutter.top + self.scroll_offset.y - above
        if view is not None and 0 <= row < len(view.runs) * _height(view):
            self.post_message(self.RunPicked(row // _height(view)))


def _height(view: RunView) -> int:
    """Return how many lines a run has: in the inbox, a second one says why it waits."""
    return 2 if view.is_inbox else 1


def above_runs(view: RunView, width: int) -> Iterator[Line]:
    """Yield why the runs cannot be read, and the store that they are in, if this machine shares one."""
    if view.failure:
        yield from (line(Span(piece, Tone.WARN)) for piece in wrap(view.failure, width))
    elif view.store:
        yield line(dim(fit(f"in {view.store}", width)))


def run_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield the list, or why there is none."""
    view = state.run
    if view is None or not view.is_read:
        yield line(dim("reading …"))
        return
    yield from above_runs(view, width)
    if view.failure and not view.store:
        return
    if view.is_inbox:
        yield from _inbox_lines(view, width)
        return
    if not view.runs:
        words = f"no run yet {'there' if view.store else 'on this machine'}"
        words += "" if state.is_read_only else ": n begins one"
        yield from (line(dim(piece)) for piece in wrap(words, width))
        return
    room = width - 2 - 7 - 11 - 14
    has_time = room >= 20
    name_width = room - 13 if has_time else room
    yield line(
        dim(f"  {'run':<7}{'status':<11}{'gate':<14}"),
        cell("repository", max(0, name_width), Tone.DIM),
        dim("      started" if has_time else ""),
    )
    for place, each in enumerate(view.runs):
        is_cursor = place == view.cursor
        sign = status_sign("live" if each.run_id == view.stepping else each.status)
        started = _moment(each.started_at_ms)
        yield line(
            Span("▌ " if is_cursor else "  ", Tone.STRONG),
            cell(short_id(each.run_id), 7, Tone.STRONG if is_cursor else Tone.TEXT),
            cell(str(sign), 11, sign.tone),
            cell(each.gate.replace("_", " "), 14, Tone.TEXT),
            cell(each.repository, max(0, name_width), Tone.TEXT),
            cell(started if has_time else "", 13 if has_time else 0, Tone.DIM, right=True),
            is_cursor=is_cursor,
        )


def _inbox_lines(view: RunView, width: int) -> Iterator[Line]:
    """Yield what waits for the operator: since when, where, and why for them."""
    if not view.runs:
        yield from (line(dim(piece)) for piece in wrap("nothing waits for you; i lists all runs", width))
        return
    room = max(0, width - 2 - 7 - 14 - 13)
    yield line(dim(f"  {'run':<7}{'gate':<14}{'since':<13}"), cell("repository", room, Tone.DIM))
    for place, each in enumerate(view.runs):
        waiting = view.waits_since(each.run_id)
        if waiting is None:
            continue
        is_cursor = place == view.cursor
        tone = Tone.ACCENT if waiting.is_left_to_me else Tone.TEXT
        yield line(
            Span("▌ " if is_cursor else "  ", Tone.STRONG),
            cell(short_id(each.run_id), 7, Tone.STRONG if is_cursor else Tone.TEXT),
            cell(each.gate.replace("_", " "), 14, Tone.TEXT),
            cell(_moment(waiting.since_ms), 13, Tone.DIM),
            cell(each.repository, room, Tone.TEXT),
            is_cursor=is_cursor,
        )
        yield line(dim("    "), cell(waiting.why, max(0, width - 4), tone), is_cursor=is_cursor)


def _moment(unix_ms: int) -> str:
    """Return a Unix time in ms as a local day and time."""
    return datetime.fromtimestamp(unix_ms / 1000).astimezone().strftime("%m-%d %H:%M")
