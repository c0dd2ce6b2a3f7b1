"""An app with one pane, which draws the lines that a test gives it."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Size

from console.app.themes import TONE_DEFAULTS
from console.app.widgets.line import Line
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState


class LinesPane(LinePane):
    """Draws the lines that it was given."""

    given: Sequence[Line] = ()

    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        return self.given


class OnePane(App[None]):
    """Shows the pane alone, with the themes' tones."""

    def __init__(self, *given: Line) -> None:
        super().__init__()
        self._given = given

    @property
    def pane(self) -> LinesPane:
        return self.query_one(LinesPane)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return TONE_DEFAULTS

    def compose(self) -> ComposeResult:
        pane = LinesPane(ConsoleState("p"), id="lines")
        pane.given = self._given
        yield pane
