"""Every shipped theme can be read: as it is, and where a terminal has only 256 colours."""

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from console.app.themes import DEFAULT, TONE_DEFAULTS, load_themes
from console.view.sign import Tone

THEMES = {theme.name: theme for theme in load_themes()}
LOWEST_CONTRAST = {Tone.DIM: 3.0}
"""WCAG 2.2 asks for 4.5 to 1 for text, and 3 to 1 for what is only a label."""


def luminance(colour: Color) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = colour.get_truecolor()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(first: Color, second: Color) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def colours(theme: Theme, system: ColorSystem) -> tuple[dict[Tone, Color], list[Color]]:
    def shown(name: str) -> Color:
        return Color.parse(name).downgrade(system)

    tones = {tone: shown(theme.variables[f"tone-{tone}"]) for tone in Tone}
    return tones, [shown(theme.background or ""), shown(theme.variables["cursor"])]


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("name", THEMES)
def test_every_tone_stands_out_from_the_ground_and_from_the_cursor_row(name: str, system: ColorSystem) -> None:
    tones, grounds = colours(THEMES[name], system)
    for tone, colour in tones.items():
        for ground in grounds:
            assert contrast(colour, ground) >= LOWEST_CONTRAST.get(tone, 4.5), (tone, colour, ground)


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_gives_every_variable_of_the_style_sheet_a_value(name: str) -> None:
    assert THEMES[name].variables.keys() == TONE_DEFAULTS.keys()


def test_the_default_theme_is_shipped() -> None:
    assert DEFAULT in THEMES


@pytest.mark.parametrize("system", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("name", THEMES)
def test_what_differs_in_meaning_differs_in_colour(name: str, system: ColorSystem) -> None:
    tones, (ground, cursor) = colours(THEMES[name], system)
    line = Color.parse(THEMES[name].variables["line"]).downgrade(system)
    assert len({colour.get_truecolor() for colour in (ground, cursor, line)}) == 3
    meanings = (Tone.TEXT, Tone.DIM, Tone.OK, Tone.FAIL, Tone.WARN, Tone.LIVE)
    assert len({tones[tone].get_truecolor() for tone in meanings}) == len(meanings)
