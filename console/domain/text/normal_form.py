"""The normal form of text for comparison: folds compatible characters in linear time."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import takewhile

MARKS_LIMIT = 30
"""The most combining marks in a row that any script needs; Unicode's stream-safe form (UAX 15) has the same bound."""
_HONORIFIC = "\ufdfa"
"""A ligature of four Arabic words that NFKC expands to 18 characters: excluded, so that no text can grow that way."""
_LONG_ROW = re.compile(rf"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){{{MARKS_LIMIT // 3}}}")
"""Matches every row of marks that may be too long: marks are not letters, except two of half-width kana, and none
decomposes into more than two."""


def fold_compatible(text: str) -> str:
    """Return a text in form NFKC, with rows of combining marks cut to `MARKS_LIMIT`. Idempotent.

    Sorting the marks of a row takes quadratic time: without the cut, a text of a few hundred kilobytes would block us
    for minutes.
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
            row = marks  # a letter, maybe with its own marks
        elif row + marks > MARKS_LIMIT:
            continue
        else:
            row += marks
        yield character
