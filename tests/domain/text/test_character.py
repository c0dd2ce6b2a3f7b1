"""One character of a text, named for a message."""

import pytest

from console.domain.text.character import character_fault, character_name


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", "a"), (" ", "a space"), ("\\", "a backslash"), ("\t", "U+0009 TAB"), ("\x01", "U+0001 CONTROL CHARACTER"),
        ("\u3000", "U+3000 IDEOGRAPHIC SPACE"), ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\ud800", "U+D800 CONTROL CHARACTER"), ("é", "U+00E9 LATIN SMALL LETTER E WITH ACUTE"),
    ],
)  # fmt: skip
def test_a_character_is_named_in_visible_ascii(character: str, name: str) -> None:
    assert character_name(character) == name
    assert name.isascii()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a／b", 1, "has U+FF0F FULLWIDTH SOLIDUS at position 2; write /"),
        ("a—b", 1, "has U+2014 EM DASH at position 2; write -"),
        ("a\u200b", 1, "has U+200B ZERO WIDTH SPACE at position 2; remove it"),
        ("ａ", 0, "has U+FF41 FULLWIDTH LATIN SMALL LETTER A at position 1; write a"),
        (" a", 0, "has a space at position 1; remove it"),
    ],
)
def test_a_fault_names_position_and_what_to_write(text: str, place: int, words: str) -> None:
    assert character_fault(text, place) == words
