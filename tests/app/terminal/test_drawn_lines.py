"""What is drawn past Textual's cache is what Textual itself draws, whatever changed: lines, scrolling, frame, theme."""

import random

import pytest
from support.app.hands import settled
from support.app.one_pane import OnePane
from textual._styles_cache import StylesCache
from textual.geometry import Region

from console.app.terminal.drawing import keep_drawn
from console.app.terminal.drawn_lines import DrawnPane
from console.app.widgets.line import Line, Span
from console.app.widgets.line_pane import LinePane
from console.view.console_state import ConsoleState
from console.view.sign import Tone

WORDS = ("a", "bc de", "漢字", "", "long words of text", "▌ e\u0301")


def some_lines(chance: random.Random) -> list[Line]:
    return [
        Line(tuple(Span(chance.choice(WORDS), chance.choice(list(Tone))) for _ in range(3)), chance.random() < 0.1)
        for _ in range(chance.randint(0, 14))
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_a_pane_looks_as_textual_would_draw_it(seed: int) -> None:
    chance = random.Random(seed)
    app = OnePane(*some_lines(chance))
    async with app.run_test(size=(30, 9)) as pilot:
        pane = app.pane
        pane.styles.border, pane.styles.padding = ("round", "red"), (0, 0, 0, 1)
        keep_drawn(app.screen, LinePane)
        assert isinstance(pane._styles_cache, DrawnPane)
        changes = (
            lambda: pane.name_frame(chance.choice(WORDS), chance.choice(WORDS)),
            lambda: pane.scroll_to(y=chance.randint(0, 6), animate=False),
            lambda: setattr(app, "theme", chance.choice(["nord", "gruvbox", "textual-light"])),
            lambda: setattr(pane.styles, "border", ("heavy", chance.choice(["red", "blue"]))),
            lambda: setattr(pane.styles, "padding", (0, 0, 0, chance.randint(0, 2))),
        )
        for _ in range(25):
            pane.given = [*pane.given[1:], *some_lines(chance)][-14:]
            pane.show(ConsoleState("p"), 0)
            if chance.random() < 0.3:
                chance.choice(changes)()
            if chance.random() < 0.1:
                await pilot.resize_terminal(chance.randint(10, 40), chance.randint(4, 12))
            await settled(app)
            whole = Region(0, 0, *pane.outer_size)
            drawn = [strip.simplify() for strip in pane.render_lines(whole)]
            assert drawn == [strip.simplify() for strip in StylesCache().render_widget(pane, whole)]
