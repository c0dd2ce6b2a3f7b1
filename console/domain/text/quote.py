"""Quotes: whether a text contains quoted words, whatever a renderer did to its spaces, quotation marks and dashes."""

import re
import unicodedata

from console.domain.text.invisible import DROPPED, class_of
from console.domain.text.normal_form import fold_compatible

QUOTE_WEIGHT = 12
"""The minimum letters and digits of a quote; one of a script written without spaces, such as Chinese, counts twice."""
QUOTE_LIMIT = 2000
"""The maximum length of a quote: anything longer is a copy."""

_DROPPED = re.compile(f"[{class_of(DROPPED)}]")
_FOLDED = (
    dict.fromkeys("‘’‚‛′´`ʼ", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
    | dict.fromkeys("\u2014\u2015\u2e3a\u2e3b", " - ")  # a long dash separates words with or without spaces around it
)
_FOLDABLE = re.compile(f"[{''.join(_FOLDED)}]")
_CONNECTORS = "-'_.,"
"""Characters that join two words or two numbers."""
_TRIALS = 1000
"""The maximum number of places to check: a page that repeats the words a thousand times inside others is hostile."""


def stands_in(quote: str, text: str) -> bool:
    """Return whether a text contains quoted words, word for word; both have to be folded.

    The kind of quotation marks, dashes, spaces and compatible characters (NFKC) does not matter; case does. A quote
    begins and ends with whole words and numbers: "refundable" is not in "non-refundable", nor "10" in "10.5".
    """
    if not is_enough(quote):
        return False
    start = -1
    for _ in range(_TRIALS):
        start = text.find(quote, start + 1)
        if start < 0:
            return False
        if not _is_joined(text, start) and not _is_joined(text, start + len(quote)):
            return True
    return False


def is_enough(quote: str) -> bool:
    """Return whether a folded quote is long enough to support anything, and too short to be a copy."""
    if len(quote) > QUOTE_LIMIT:
        return False
    letters = (each for each in quote if each.isalnum())
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in letters) >= QUOTE_WEIGHT


def fold(text: str) -> str:
    """Return a text in the form for looking up quotes. Idempotent."""
    if text.isascii():
        text = _signs_folded(text)
    else:
        # Twice, because the compatible form of a sign may itself need folding.
        text = _signs_folded(fold_compatible(_DROPPED.sub("", _signs_folded(text))))
    return " ".join(text.split())


def _signs_folded(text: str) -> str:
    return _FOLDABLE.sub(lambda sign: _FOLDED[sign[0]], text)


def _is_joined(text: str, place: int) -> bool:
    """Return whether the characters on both sides of a position belong to one word or number."""
    before, after = text[max(place - 1, 0) : place], text[place : place + 1]
    if _is_word(before) and _is_word(after):
        return True
    if before in _CONNECTORS and before:
        first, sign, last = text[max(place - 2, 0) : place - 1], before, after
    elif after in _CONNECTORS and after:
        first, sign, last = before, after, text[place + 1 : place + 2]
    else:
        return False
    if sign in ".,":
        return first.isdecimal() and last.isdecimal()
    is_negative = sign == before == "-" and last.isdecimal()
    return is_negative or (_is_word(first) and _is_word(last))


def _is_word(character: str) -> bool:
    """Return whether a character belongs to space-separated words: digits, and letters of scripts with case."""
    return character.isdecimal() or character.lower() != character.upper()
