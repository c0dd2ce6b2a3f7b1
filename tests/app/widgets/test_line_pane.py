"""The one door to the terminal makes every text safe, whoever made it."""

from collections.abc import Sequence

from support.app.hands import settled
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


async def test_a_pane_lets_no_control_through_and_knows_no_markup() -> None:
    async with OnePane().run_test(size=(80, 5)) as pilot:
        await settled(pilot.app)
        shown = pilot.app.query_one(RawPane).render_line(0).text
    assert "[@click=app.quit]x[/]" in shown
    assert not [each for each in shown if ord(each) < 32 or each in "\x7f\x9b\u202e"]
