"""Only the cells that differ are written, and no stale cell is left: pyte is the terminal."""

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.app.terminal.cells import Cells

WIDTH, HEIGHT = 24, 6
PIECES = ("a", "bc", " ", "     ", "漢字", "e\u0301", "▌", "…", "long words of text")
NO_WRAP = "\x1b[?7l"
"""As the console sets a terminal: what is written past the last cell of a line does not begin another."""
STYLES = (None, Style(color="red"), Style(bold=True, bgcolor="#102030"), Style(color="#ffeedd", dim=True))


def strip_of(text: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style)])


def seen(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


@pytest.mark.parametrize("seed", range(20))
def test_many_partial_updates_leave_the_screen_that_a_full_repaint_draws(seed: int) -> None:
    chance = random.Random(seed)
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(WIDTH, HEIGHT)
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed(NO_WRAP)
    for _ in range(60):
        for _ in range(chance.randint(1, 4)):
            parts = [Segment(chance.choice(PIECES), chance.choice(STYLES)) for _ in range(chance.randint(1, 5))]
            cells.put(chance.randrange(WIDTH), chance.randrange(HEIGHT), Strip(parts).crop(0, WIDTH))
        stream.feed(cells.changes())
    partly = seen(screen)
    fresh = pyte.Screen(WIDTH, HEIGHT)
    cells.forget()
    pyte.Stream(fresh).feed(NO_WRAP + cells.changes())
    assert partly == seen(fresh)


def test_a_counter_costs_its_own_cell() -> None:
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(WIDTH, HEIGHT)
    cells.put(0, 2, strip_of("tokens 41 of 99"))
    cells.changes()
    cells.put(0, 2, strip_of("tokens 42 of 99"))
    assert cells.changes() == "\x1b[3;9H\x1b[0m2"
    cells.put(0, 2, strip_of("tokens 42 of 99"))
    assert cells.changes() == ""


def test_a_change_of_colour_alone_is_written() -> None:
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(WIDTH, HEIGHT)
    cells.put(0, 0, strip_of("ok"))
    cells.changes()
    cells.put(0, 0, strip_of("ok", Style(color="#010203")))
    assert cells.changes() == "\x1b[1;1H\x1b[0;38;2;1;2;3mok\x1b[0m"


def test_what_follows_a_character_of_doubtful_width_is_placed_anew() -> None:
    """A terminal that draws an emoji in another width must not move the rest of the line."""
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(WIDTH, 1)
    cells.put(0, 0, strip_of("a\U0001f680b" + " " * (WIDTH - 4)))
    assert "\U0001f680\x1b[1;4Hb" in cells.changes()


@pytest.mark.parametrize("emoji", ["\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd"])
def test_what_an_emoji_of_doubtful_width_overwrites_is_written_again(emoji: str) -> None:
    """To pyte a flag is three cells wide, and a skin tone has its own: text beside them is not lost."""
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(WIDTH, 1)
    screen = pyte.Screen(WIDTH, 1)
    stream = pyte.Stream(screen)
    cells.put(0, 0, strip_of("abgateway" + " " * (WIDTH - 9)))
    stream.feed(cells.changes())
    cells.put(0, 0, strip_of(emoji))
    stream.feed(cells.changes())
    assert "gateway" in "".join(screen.buffer[0][x].data for x in range(WIDTH))


def test_what_is_outside_the_screen_is_left_out() -> None:
    cells = Cells(ColorSystem.TRUECOLOR)
    cells.resize(4, 1)
    cells.changes()
    cells.put(2, 0, strip_of("xyz"))
    cells.put(0, 1, strip_of("below"))
    assert cells.changes() == "\x1b[1;3H\x1b[0mxy"
