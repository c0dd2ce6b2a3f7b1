"""Folding: Unicode's compatible characters made alike, in a time that only grows with the text."""

import re
import unicodedata
from collections.abc import Iterator

MARKS_LIMIT = 30
"""The most combining marks in a row that any writing needs; Unicode's stream-safe form (UAX 15) has the same bound."""
_HONORIFIC = "\ufdfa"
"""A ligature of four Arabic words that NFKC makes 18 characters: left out, so that a text cannot grow with it."""
_LONG_ROW = re.compile(rf"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){{{MARKS_LIMIT}}}")
"""What every row of marks that is too long holds: marks are no letters, but for two of half-width kana."""
_JOINER = "\N{COMBINING GRAPHEME JOINER}"


def fold_compatible(text: str) -> str:
    """Return a text in the form NFKC, with long rows of combining marks broken by a joiner.

    Without the joiners, sorting the marks of one row takes the square of their number, so that a text of some hundred
    kilobytes would stop whoever reads it for minutes.
    """
    if text.isascii():
        return text
    text = text.replace(_HONORIFIC, "")
    if _LONG_ROW.search(text) is not None:
        text = "".join(_stream_safe(text))
    return unicodedata.normalize("NFKC", text)


def _stream_safe(text: str) -> Iterator[str]:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) else 0
        if row > MARKS_LIMIT:
            yield _JOINER
            row = 1
        yield character
