"""The list of the fleet: a row for each profile. Only what fits is laid out, however many there are."""

from collections.abc import Iterator, Sequence

from textual import events
from textual.geometry import Size
from textual.message import Message

from console.app.widgets.line import Line, Span, cell, dim, line, wrap
from console.app.widgets.line_pane import LinePane
from console.domain.fleet.row import FleetRow
from console.view.console_state import ConsoleState
from console.view.fleet.fleet_view import FleetView
from console.view.fleet.words import (
    age_words,
    cost_words,
    retires_tone,
    retires_words,
    verdict_sign,
    why_words,
)
from console.view.sign import Tone

_HEADER_LINES = 1
_WHEEL = 3
_VERDICT, _AGE, _COST, _RETIRES, _ORIGIN = 12, 8, 9, 12, 28
_WIDE = 110
"""From this width on the gateway is shown too."""


class FleetListPane(LinePane):
    """The list on the fleet's screen."""

    SHOWS_STREAMS = False

    class Moved(Message):
        """The wheel was turned, or a profile was clicked."""

        def __init__(self, cursor: int) -> None:
            self.cursor = cursor
            super().__init__()

    def __init__(self, state: ConsoleState, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(state, id=id)
        self._top = 0

    @property
    def page(self) -> int:
        """How many profiles fit."""
        return max(1, self.scrollable_content_region.height - _HEADER_LINES)

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the lines that fit, with the cursor's among them."""
        view = state.fleet or FleetView()
        room = max(1, size.height - _HEADER_LINES)
        self._top = max(0, min(max(self._top, view.cursor - room + 1), view.cursor, max(0, len(view.rows) - room)))
        return tuple(fleet_list_lines(view, size.width, range(self._top, self._top + room)))

    def on_click(self, event: events.Click) -> None:
        """Pick the profile under the mouse."""
        place = event.y - self.gutter.top - _HEADER_LINES
        if place >= 0:
            self.post_message(self.Moved(self._top + place))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move on by some profiles."""
        event.stop()
        self._turn(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move back by some profiles."""
        event.stop()
        self._turn(-_WHEEL)

    def _turn(self, steps: int) -> None:
        if self._state.fleet is not None:
            self.post_message(self.Moved(self._state.fleet.cursor + steps))


def fleet_list_lines(view: FleetView, width: int, shown: range) -> Iterator[Line]:
    """Yield the rows of some places, or why there are none.

    Args:
        view: What is known.
        width: The width in cells.
        shown: Which rows.

    """
    if view.fleet is None:
        yield from (line(Span(piece, Tone.WARN)) for piece in wrap(view.failure, width))
        if not view.failure:
            yield line(dim("reading the config and the states …"))
        return
    if not view.rows:
        words = f"no profile fits {view.filter.text}; / shows others" if view.filter.text else "no profile"
        yield from (line(dim(piece)) for piece in wrap(words, width))
        return
    widths = _widths(width)
    yield line(
        dim("  "),
        *(
            cell(words, each, Tone.DIM, right=right)
            for words, each, right in zip(
                ("verdict", "profile", "gateway", "looked", "7 days", "  retires", "why"),
                widths,
                (False, False, False, True, True, False, False),
                strict=True,
            )
        ),
    )
    for place in shown:
        if place < len(view.rows):
            yield _row_line(view, view.rows[place], widths, is_cursor=place == view.cursor)


def _widths(width: int) -> tuple[int, ...]:
    origin = _ORIGIN if width >= _WIDE else 0
    rest = max(10, width - 2 - _VERDICT - origin - _AGE - _COST - _RETIRES)
    name = min(28, max(10, rest // 2))
    return _VERDICT, name, origin, _AGE, _COST, _RETIRES, rest - name


def _row_line(view: FleetView, row: FleetRow, widths: tuple[int, ...], *, is_cursor: bool) -> Line:
    sign = verdict_sign(row.verdict)
    verdict, name, origin, age, cost, retires, why = widths
    is_dim = not row.is_in_config
    return line(
        Span("▌ " if is_cursor else "  ", Tone.STRONG),
        cell(str(sign), verdict, sign.tone),
        cell(row.name, name, Tone.DIM if is_dim else Tone.STRONG if is_cursor else Tone.TEXT),
        cell(row.origin, origin, Tone.DIM),
        cell(age_words(row, view.now_ms), age, Tone.WARN if row.ahead_ms else Tone.TEXT, right=True),
        cell(cost_words(row.spending.week), cost, right=True),
        cell(f"  {retires_words(row, view.now_ms)}", retires, retires_tone(row, view.now_ms)),
        cell(f"  {why_words(row)}", why, Tone.DIM),
        is_cursor=is_cursor,
    )
