"""Text from outside made fit to show: what a terminal would obey, or a reader would not see, gets a visible sign."""

import re
import unicodedata
from collections.abc import Iterable, Iterator


def _ranges(*pairs: tuple[int, int]) -> Iterable[int]:
    return (code for first, last in pairs for code in range(first, last + 1))


_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


_VISIBLE: dict[int, str] = dict.fromkeys(_ranges((128, 159), (55296, 57343)), _REPLACEMENT)


_VISIBLE |= dict.fromkeys(
    _ranges(  # what Unicode calls default ignorable, and what changes the order of text
        (0x00AD, 0x00AD),  # soft hyphen
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x061C, 0x061C),  # Arabic letter mark
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
        (0x200B, 0x200F),  # zero width, marks of direction
        (0x2028, 0x202E),  # line and paragraph separators, bidi embedding and override
        (0x2060, 0x206F),  # word joiner, invisible operators, bidi isolates
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFEFF, 0xFEFF),  # byte order mark
        (0xFFA0, 0xFFA0),  # half-width Hangul filler
        (0xFFF0, 0xFFFB),  # unassigned specials, interlinear annotation
        (0x110BD, 0x110BD),  # Kaithi number sign
        (0x110CD, 0x110CD),  # Kaithi number sign above
        (0x13430, 0x1343F),  # Egyptian hieroglyph format controls
        (0x1BCA0, 0x1BCA3),  # shorthand format controls
        (0x1D173, 0x1D17A),  # musical format controls
        (0xE0000, 0xE0FFF),  # tag characters, variation selectors supplement
    ),
    _REPLACEMENT,
)
_VISIBLE |= {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\N{SYMBOL FOR DELETE}"}
_VISIBLE_LINES = {code: symbol for code, symbol in _VISIBLE.items() if code != 0x0A}


def safe(text: str, *, limit: int | None = None, keep_lines: bool = False) -> str:
    r"""Make text from outside fit to be shown: nothing in it can move a cursor, hide or reorder.

    C0, DEL and C1 controls, bidi and zero-width characters, tag characters and lone surrogates become visible
    symbols. The map is character by character, so it is safe on any piece of a stream. Of combining marks in a row at
    most 8 are left: thousands of them on one letter stop a terminal.

    Args:
        text: Text that came from a gateway, a file or a person.
        limit: The most characters to return; a longer text ends in an ellipsis.
        keep_lines: Let line feeds through, for text that is laid out line by line.

    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…" if limit > 0 else ""
    if _MANY_MARKS.search(text):
        text = "".join(_with_few_marks(text))
    return text.translate(_VISIBLE_LINES if keep_lines else _VISIBLE)


def _with_few_marks(text: str) -> Iterator[str]:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if row <= _MARKS:
            yield character


_MARKS = 8
"""The most combining marks in a row that are shown; no writing has more than a few."""


_MANY_MARKS = re.compile("[\u0300-\U0010ffff]{9}")
"""Finds where more of them could stand: marks begin at U+0300."""
