"""Lines are laid out in cells: nothing runs over its width, and nothing is lost where it is wrapped."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.app.widgets.line import Tail, cell, fit, joined, labelled, line, wrap
from console.domain.text.safe import safe

TEXT = st.text(alphabet=st.sampled_from("ab c漢字é\u200b\x1b\n[]…"), max_size=80)


@given(TEXT, st.integers(0, 40))
def test_fit_never_runs_over_and_marks_what_it_leaves_out(text: str, width: int) -> None:
    shown = fit(text, width)
    assert cell_len(shown) <= width
    if cell_len(safe(text)) <= width:
        assert shown == safe(text)
    elif width:
        assert shown.endswith("…")


@given(TEXT, st.integers(1, 40), st.booleans())
def test_a_cell_has_exactly_its_width(text: str, width: int, right: bool) -> None:
    assert cell_len(cell(text, width, right=right).text) == width


@given(TEXT, st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces_and_never_runs_over(text: str, width: int) -> None:
    pieces = list(wrap(text, width))
    assert all(cell_len(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == safe(text, keep_lines=True).replace("\n", "").replace(" ", "")


def test_wrapping_breaks_at_spaces_where_there_are_any() -> None:
    assert list(wrap("six routes, three families", 12)) == ["six routes,", "three", "families"]


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert list(wrap("abcdefghij", 4)) == ["abcd", "efgh", "ij"]


def test_a_label_stands_once_and_its_text_keeps_its_indent() -> None:
    assert [str(each) for each in labelled("effect", "refused on the first call", 24)] == [
        "effect     refused on",
        "           the first",
        "           call",
    ]


@pytest.mark.parametrize(("parts", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a | b")])
def test_lines_are_joined_by_a_gap(parts: list[str], expected: str) -> None:
    assert str(joined([line(part) for part in parts], " | ")) == expected


@pytest.mark.parametrize("seed", range(20))
def test_a_text_that_grows_and_loses_its_beginning_keeps_its_lines(seed: int) -> None:
    chance = random.Random(seed)
    width, room, kept = chance.randint(6, 30), chance.randint(6, 8), chance.randint(300, 400)
    tail, text = Tail(), ""
    before: list[str] = []
    for _ in range(200):
        text = (text + "".join(chance.choices("abcde 漢  ", k=chance.randint(1, 5))))[-kept:]
        shown, is_cut = tail.lines(text, width, room)
        assert is_cut == (len(list(wrap(text, width))) > room) or len(text) == kept
        assert text.replace(" ", "").endswith("".join(shown).replace(" ", ""))
        same = len(before) - 1  # the last one grows
        assert any(shown[: same - moved] == before[moved:same] for moved in range(3)), "lines stay what they were"
        before = shown


def test_another_text_is_broken_from_its_start() -> None:
    tail = Tail()
    tail.lines("one two three four five", 5, 2)
    assert tail.lines("uno dos", 5, 2) == (["uno", "dos"], False)
