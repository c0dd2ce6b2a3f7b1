"""The help pane: all keys of a screen; for one that does not work now, the reason."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.actions import Place, actions_of, written
from console.app.widgets.line import BLANK, Line, Span, cell, dim, fit, labelled, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.sign import Tone


class HelpPane(LinePane):
    """All keys of a screen; for one that does not work now, the reason."""

    def __init__(self, state: ConsoleState, place: Place = Place.MAIN) -> None:
        super().__init__(state, id="help")
        self._place = place

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return a line per key."""
        return tuple(help_lines(state, cursor, size.width, self._place))


def help_lines(state: ConsoleState, cursor: int, width: int, place: Place = Place.MAIN) -> Iterator[Line]:
    """Yield each action with its keys; one that does not work now says why."""
    yield from _key_lines(state, cursor, width, place)
    if place is Place.MAIN:
        yield BLANK
        yield line(dim(fit("in pane 5, where agents call through the relay:", width)))
        yield from _key_lines(state, cursor, width, Place.AGENTS)
    yield BLANK
    signs = "✓ passed   × failed   ! account or route, not the model   · held or not run   ~ look   › live"
    yield from (line(dim(piece)) for piece in wrap(signs, width))


def _key_lines(state: ConsoleState, cursor: int, width: int, place: Place) -> Iterator[Line]:
    for action in actions_of(place):
        keys = " ".join(written(key) for key in action.keys)
        reason = action.why_not(state, cursor)
        for place_of, piece in enumerate(wrap(action.help, width - 14)):
            yield line(
                cell("" if place_of else keys, 14, Tone.DIM if reason else Tone.ACCENT),
                Span(piece, Tone.DIM if reason else Tone.TEXT),
            )
        if reason is not None:
            yield from labelled("", f"not now: {reason}", width, tone=Tone.WARN, label_width=14)
