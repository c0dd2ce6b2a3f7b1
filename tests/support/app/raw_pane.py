"""A screen of one pane that draws what a terminal would obey."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Size

from console.app.themes import TONE_DEFAULTS
from console.app.widgets.line import Line, Span
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState

RAW = "\x1b[31mred\x1b]52;c;aGk=\x07\x9b2J\u202eevil[@click=app.quit]x[/]"


class RawPane(LinePane):
    def lines(self, state: ConsoleState, cursor: int, size: Size) -> Sequence[Line]:
        return (Line((Span(RAW),)),)


class OnePane(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return TONE_DEFAULTS

    def compose(self) -> ComposeResult:
        yield RawPane(ConsoleState("p"), id="raw")
