"""The config pane: what is wrong in the config's file now, or what its change waits for; hidden if it is neither."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import Line, Span, labelled, line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.sign import Tone

_LIMIT = 6
"""The most lines that it takes of the screen."""


class ConfigPane(LinePane):
    """Above the routes, only as long as there is something to say."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="config", can_focus=False)

    def fit(self, state: ConsoleState) -> None:
        """Take as many lines of the screen as there is to say; none if there is nothing."""
        width = max(20, self.app.size.width - 2)
        count = len(list(config_lines(state, width)))
        if self.styles.height is None or self.styles.height.value != count or self.display != bool(count):
            self.display = bool(count)
            self.styles.height = max(1, count)

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the lines."""
        return tuple(config_lines(state, size.width))


def config_lines(state: ConsoleState, width: int) -> Iterator[Line]:
    """Yield what there is to say, at most six lines; what they leave out is counted."""
    view = state.config
    if view.waits_for:
        yield from labelled("~ config", f"the file changed; it is not applied yet: {view.waits_for}", width)
        return
    if not view.faults:
        return
    yield line(Span("× config   ", Tone.FAIL), "the file cannot be used; what was read before stays in use")
    lines: list[Line] = []
    for number, fault in enumerate(view.faults):
        more = list(labelled("", fault, width))
        left = len(view.faults) - number
        if len(lines) + len(more) > _LIMIT - 1 - (left > 1) and lines:
            words = f"and {left} more; to see all: gateway-console config validate"
            lines += list(labelled("", words, width, tone=Tone.DIM))[:1]
            break
        lines += more[: _LIMIT - 1]
    yield from lines
