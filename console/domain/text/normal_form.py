"""The normal form of text for comparing: compatible characters made alike, in a time that only grows with the text."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import takewhile

MARKS_LIMIT = 30
"""The most combining marks in a row that any writing needs; Unicode's stream-safe form (UAX 15) has the same bound."""
_HONORIFIC = "\ufdfa"
"""A ligature of four Arabic words that NFKC makes 18 characters: left out, so that a text cannot grow with it."""
_LONG_ROW = re.compile(rf"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){{{MARKS_LIMIT // 3}}}")
"""What every row of marks that may be too long holds: marks are no letters, but for two of half-width kana, and none
is made of more than two."""


def fold_compatible(text: str) -> str:
    """Return a text in the form NFKC, with rows of combining marks cut to `MARKS_LIMIT`; twice changes nothing more.

    Sorting the marks of one row takes the square of their number, so that without the cut a text of some hundred
    kilobytes would stop whoever reads it for minutes.
    """
    if text.isascii():
        return text
    text = text.replace(_HONORIFIC, "")
    if _LONG_ROW.search(text) is not None:
        text = "".join(_with_few_marks(text))
    return unicodedata.normalize("NFKC", text)


def _with_few_marks(text: str) -> Iterator[str]:
    row = 0
    for character in text:
        parts = unicodedata.normalize("NFKD", character)
        marks = sum(1 for _ in takewhile(unicodedata.combining, reversed(parts)))
        if marks < len(parts):
            row = marks  # a letter, maybe with marks of its own
        elif row + marks > MARKS_LIMIT:
            continue
        else:
            row += marks
        yield character
