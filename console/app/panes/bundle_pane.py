"""The bundle pane: what would be written for support, whole, before it is."""

from collections.abc import Iterator

from console.app.panes.text_pane import TextPane
from console.app.widgets.line import BLANK, Line, Span, line, wrap
from console.view.console_state import ConsoleState
from console.view.sign import Tone


class BundlePane(TextPane):
    """A bundle's Markdown, line by line."""

    def __init__(self, state: ConsoleState, text: tuple[str, ...]) -> None:
        super().__init__(state)
        self._text = text

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield all lines."""
        for each in self._text:
            tone = Tone.STRONG if each.startswith("#") else Tone.TEXT
            if not each:
                yield BLANK
            yield from (line(Span(piece, tone)) for piece in wrap(each, width) if each)
