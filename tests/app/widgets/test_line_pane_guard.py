"""The one door to the terminal shows no token that this process holds."""

import secrets
from collections.abc import Callable

import pytest
from support.app.hands import settled
from support.app.one_pane import OnePane
from support.tokens.token_forms import FORMS

from console.app.widgets.line import Line, Span, cell, fit, wrap
from console.domain.tokens.secret import Secret
from console.services.system.leak_guard import LEAK_GUARD
from console.view.console_state import ConsoleState
from console.view.sign import Tone


async def shown(*lines: Line, then: Callable[[], None] = lambda: None) -> list[str]:
    """Draw lines, let something happen, draw them again, and return what goes to the terminal."""
    app = OnePane(*lines)
    async with app.run_test(size=(160, 60)):
        await settled(app)
        before = [app.pane.render_line(row).text for row in range(len(lines))]
        assert all(before)
        then()
        app.pane.show(ConsoleState("p"), 0)
        await settled(app)
        return [app.pane.render_line(row).text.rstrip() for row in range(len(lines))]


@pytest.fixture
def token() -> str:
    """Return a token that no other test has; the guard does not know it yet."""
    return f"tk-{secrets.token_urlsafe(18)}/+="


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
async def test_every_form_of_a_token_is_masked(token: str, write: Callable[[str], str]) -> None:
    LEAK_GUARD.add(Secret(token))
    (text,) = await shown(Line((Span(f"said: {write(token)} and more"),)))
    assert not LEAK_GUARD.is_hit(text)
    assert text.startswith("said: ")
    assert "•••" in text
    assert text.endswith(" and more")


async def test_a_token_that_a_change_of_tone_cuts_is_masked_at_every_cut(token: str) -> None:
    LEAK_GUARD.add(Secret(token))
    tones = list(Tone)
    lines = [
        Line((Span("a "), Span(token[:cut], tones[0]), Span(token[cut:], tones[-1]), Span(" b")))
        for cut in range(len(token) + 1)
    ]
    assert set(await shown(*lines)) == {"a ••• b"}


async def test_a_token_in_many_spans_of_one_character_is_masked(token: str) -> None:
    LEAK_GUARD.add(Secret(token))
    (text,) = await shown(Line(tuple(Span(character, list(Tone)[n % 3]) for n, character in enumerate(token))))
    assert text == "•••"


async def test_a_line_without_a_token_keeps_its_tones(token: str) -> None:
    LEAK_GUARD.add(Secret(token))
    (text,) = await shown(Line((Span("one ", Tone.TEXT), Span("two", list(Tone)[-1]))))
    assert text == "one two"


async def test_a_token_that_is_found_after_its_line_was_drawn_is_masked_from_then_on(token: str) -> None:
    (text,) = await shown(Line((Span(f"said: {token}"),)), then=lambda: LEAK_GUARD.add(Secret(token)))
    assert text == "said: •••"


async def test_controls_around_a_token_are_shown_and_the_token_masked(token: str) -> None:
    LEAK_GUARD.add(Secret(token))
    (text,) = await shown(Line((Span(f"\x1b[31m{token}\x9b2J\u202e"),)))
    assert text == "␛[31m•••\ufffd2J\ufffd"


def test_a_token_is_masked_before_its_text_is_broken_or_cut(token: str) -> None:
    """A run of characters without a space breaks anywhere, and a cell is cut anywhere: also within a token."""
    LEAK_GUARD.add(Secret(token))
    text = f"{'x' * 30}{token}{'y' * 30}"
    for width in range(2, len(text) + 2):
        for shown in (" ".join(wrap(text, width)), fit(text, width), str(cell(text, width))):
            assert [token[at : at + 4] for at in range(len(token) - 3) if token[at : at + 4] in shown] == []
        assert "".join(wrap(text, width)) == f"{'x' * 30}•••{'y' * 30}"


async def test_a_pane_without_streams_masks_a_token_that_became_known_later(token: str) -> None:
    app = OnePane(Line((Span(f"said: {token}"),)))
    async with app.run_test(size=(160, 60)):
        app.pane.SHOWS_STREAMS = False  # type: ignore[misc]
        app.pane.show(ConsoleState("p"), 0)
        LEAK_GUARD.add(Secret(token))
        app.pane.show(ConsoleState("p"), 0)
        await settled(app)
        assert app.pane.render_line(0).text.rstrip() == "said: •••"
