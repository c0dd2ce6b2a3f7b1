"""The one door to the terminal makes every text safe, whoever made it."""

from support.app.hands import settled
from support.app.raw_pane import OnePane, RawPane


async def test_a_pane_lets_no_control_through_and_knows_no_markup() -> None:
    async with OnePane().run_test(size=(80, 5)) as pilot:
        await settled(pilot.app)
        shown = pilot.app.query_one(RawPane).render_line(0).text
    assert "[@click=app.quit]x[/]" in shown
    assert not [each for each in shown if ord(each) < 32 or each in "\x7f\x9b\u202e"]
