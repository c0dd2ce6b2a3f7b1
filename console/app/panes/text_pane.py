"""The text pane: a long text that is laid out once for each width."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.app.widgets.line import Line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState


class TextPane(LinePane):
    """A long text, laid out once for each width; no event changes it."""

    SHOWS_STREAMS = False

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state, id="text")
        self._laid_out: tuple[int, tuple[Line, ...]] = (0, ())

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        """Return the text's lines."""
        if self._laid_out[0] != size.width:
            self._laid_out = size.width, tuple(self.laid_out(size.width))
        return self._laid_out[1]

    @abstractmethod
    def laid_out(self, width: int) -> Iterator[Line]:
        """Yield the lines for a width."""
