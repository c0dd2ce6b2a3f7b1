"""The one door to the terminal makes every text safe, whoever made it."""

from support.app.hands import settled
from support.app.one_pane import OnePane

from console.app.widgets.line import Line, Span

RAW = "\x1b[31mred\x1b]52;c;aGk=\x07\x9b2J\u202eevil[@click=app.quit]x[/]"


async def test_a_pane_lets_no_control_through_and_knows_no_markup() -> None:
    app = OnePane(Line((Span(RAW),)))
    async with app.run_test(size=(80, 5)):
        await settled(app)
        shown = app.pane.render_line(0).text
    assert "[@click=app.quit]x[/]" in shown
    assert not [each for each in shown if ord(each) < 32 or each in "\x7f\x9b\u202e"]
