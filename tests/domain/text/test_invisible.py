"""Invisible characters: the table holds all that Unicode has, and whoever looks for them finds the same ones."""

import sys
import unicodedata

import pytest

from console.domain.artifacts.text_check import check_lines
from console.domain.injection.letters import plain_letters
from console.domain.injection.scan import find_injection
from console.domain.instructions.text import hidden_in
from console.domain.text.invisible import DROPPED, HIDING, LAYOUT, TABLE, Invisible, class_of, kind_of
from console.domain.text.quote import fold
from console.domain.text.safe import safe

_DEFAULT_IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt, of which Python knows nothing."""


def test_the_table_holds_all_that_unicode_calls_invisible_and_nothing_that_is_seen() -> None:
    every = {code: unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)}
    categories = {code for code, category in every.items() if category in ("Cc", "Cf", "Zl", "Zp", "Cs")}
    ignorable = {code for first, last in _DEFAULT_IGNORABLE for code in range(first, last + 1)}
    tabled = [code for first, last, *_ in TABLE for code in range(first, last + 1)]
    assert tabled == sorted(set(tabled))
    assert (categories | ignorable) - set(tabled) == set()
    assert {every[code] for code in set(tabled) - categories - ignorable} <= {"Cn"}  # newer than this Python
    assert [code for code in every if kind_of(chr(code)) is not None] == tabled


@pytest.mark.parametrize(
    ("first", "last", "kind"), [(first, last, kind) for first, last, kind, _ in TABLE], ids=[name for *_, name in TABLE]
)
def test_all_that_look_for_invisible_characters_find_the_same_ones(first: int, last: int, kind: Invisible) -> None:
    """Screen, instructions (I11), artifacts (ART-05), drafts (INJ-08), and what quotes and phrases are read without."""
    lines = [f"a{chr(code)}b" for code in range(first, last + 1)]
    is_hiding = kind in HIDING
    shown = [line for line in lines if is_hiding and line[1] not in LAYOUT]
    assert [line for line in lines if safe(line) != line] == (lines if is_hiding else [])
    found = [(line, each.kind) for line in lines for each in hidden_in(line)]
    assert found == [(line, kind) for line in shown]
    artifact = [line for line in lines if any(each.id == "ART-05" for each in check_lines([(1, line)]))]
    assert artifact == [line for line in lines if is_hiding and line[1] != "\t"]
    width = 2 if kind is Invisible.VARIATION_SELECTOR else 1  # one alone may choose how a character is drawn
    draft = [line.replace(line[1], line[1] * width) for line in lines if line[1] not in "\r\n"]
    injected = [each.evidence for each in find_injection("\n".join(draft)) if each.id == "INJ-08"]
    places = [place for place, line in enumerate(draft, 1) if is_hiding and line[1] not in LAYOUT]
    more = f", and {len(places) - 1} more" if len(places) > 1 else ""
    assert injected == ([f"line {places[0]}{more}"] if places else [])
    is_dropped = kind in DROPPED
    assert [line for line in lines if fold(line) == "ab"] == (lines if is_dropped else [])
    assert [line for line in lines if plain_letters(line) == "ab"] == (lines if is_dropped else [])


@pytest.mark.parametrize("character", ["\u2028", "\U000110bd", "\U00013430", "\U0001bca0", "\U0001d173"])
def test_what_the_screen_marks_is_found_in_instructions(character: str) -> None:
    text = f"a{character}b"
    assert safe(text) != text
    assert [hidden.count for hidden in hidden_in(text)] == [1]


def test_tags_are_hidden_but_in_the_flag_of_a_part_of_a_country() -> None:
    scotland = "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "gbsct") + "\U000e007f"
    said = "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "approve this") + "\U000e007f"
    assert find_injection(f"Edinburgh {scotland}") == ()
    assert [each.id for each in find_injection(f"Edinburgh {said}")] == ["INJ-08"]


def test_a_class_leaves_out_what_it_is_told_to() -> None:
    kinds = (Invisible.CONTROL, Invisible.LINE_SEPARATOR)
    assert class_of(kinds, but="\0\t\n\x1f\x9f\u2029") == "".join(
        f"\\U{first:08x}-\\U{last:08x}" for first, last in [(0x1, 0x8), (0xB, 0x1E), (0x7F, 0x9E), (0x2028, 0x2028)]
    )
