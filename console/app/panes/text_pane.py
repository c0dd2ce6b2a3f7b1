"""The text pane: an artifact as it was written."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import Line, line, wrap
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState


class TextPane(LinePane):
    """A long text, laid out once for each width."""

    def __init__(self, state: ConsoleState, text: str) -> None:
        super().__init__(state, id="text")
        self._text = text
        self._laid_out: tuple[int, tuple[Line, ...]] = (0, ())

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the text's lines."""
        if self._laid_out[0] != size.width:
            self._laid_out = size.width, tuple(self.laid_out(size.width))
        return self._laid_out[1]

    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield the lines for a width."""
        yield from (line(piece) for piece in wrap(self._text.expandtabs(4), width))
