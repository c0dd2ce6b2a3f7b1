"""Encoded text in a draft: base64 and hexadecimal data that decode to text, and rotated or reversed lines."""

import re
from base64 import b64decode
from collections.abc import Iterator
from functools import cache

from console.domain.injection.fact import vocabulary

_BASE64 = re.compile(
    r"(?<![\w/])[A-Za-z0-9][A-Za-z0-9+/_-]{15,}+(?:\r?\n[ \t]{0,8}+[+>#*]?[ \t]{0,8}+[A-Za-z0-9+/_-]{16,}+)*+={0,2}"
)
_HEXADECIMAL = re.compile(
    r"[0-9A-Fa-f](?<![0-9A-Za-z].)(?:(?<=0)x[0-9A-Fa-f]{2}|[0-9A-Fa-f])(?:[ :]?(?:0x)?[0-9A-Fa-f]{2}){7,}+"
)
_READABLE_PERCENT = 80
_ROT13 = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)
_TURNED_MOST = 100_000
"""The maximum total length of distinct lines that are tried as rotated or reversed."""
_PIECE_MOST = 2_000
_CUE_LETTERS = 6
"""The minimum length of a word that shows that its line is rotated or reversed."""


def enciphered(text: str) -> Iterator[tuple[int, str]]:
    """Yield the encoded text within a text, each piece with its first line.

    The total is at most about as long as the text. Decoded text is not searched again.
    """
    yield from _data(text)
    yield from _turned(text)


def _data(text: str) -> Iterator[tuple[int, str]]:
    for expression, decode in ((_BASE64, _of_base64), (_HEXADECIMAL, _of_hexadecimal)):
        line, last = 1, 0
        for match in expression.finditer(text):
            line, last = line + text.count("\n", last, match.start()), match.start()
            read = decode(match[0])
            if read:
                yield line, read


def _of_base64(data: str) -> str:
    """Return the text in base64 data, or an empty string if there is none."""
    joined = re.sub(r"\s+[+>#*]?[ \t]*", "", data) if "\n" in data else data
    joined = joined.replace("-", "+").replace("_", "/").rstrip("=")
    joined = joined[: len(joined) - (len(joined) % 4 == 1)]
    return _text_of(b64decode(joined + "=" * (-len(joined) % 4)))


def _of_hexadecimal(data: str) -> str:
    return _text_of(bytes.fromhex(re.sub(r"0x|[ :]", "", data)))


def _text_of(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    readable = sum(character.isalnum() or character.isspace() for character in text)
    return text if readable * 100 >= _READABLE_PERCENT * len(text) else ""


def _turned(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with a rotated or reversed word, decoded."""
    rotated, reversed_words = _turned_words()
    words = set(re.findall(r"[a-z]{6,}", text.lower()))
    if words.isdisjoint(rotated) and words.isdisjoint(reversed_words):
        return
    turned: set[str] = set()
    left = _TURNED_MOST
    for number, line in enumerate(text.split("\n"), 1):
        for start in range(0, len(line), _PIECE_MOST):
            piece = line[start : start + _PIECE_MOST]
            here = set(re.findall(r"[a-z]{6,}", piece.lower()))
            is_rotated, is_reversed = not here.isdisjoint(rotated), not here.isdisjoint(reversed_words)
            if piece in turned or not (is_rotated or is_reversed):
                continue
            turned.add(piece)
            left -= len(piece)
            if left < 0:
                return
            if is_rotated:
                yield number, piece.translate(_ROT13)
            if is_reversed:
                yield number, piece[::-1]
                yield number, re.sub(r"\w+", lambda match: match[0][::-1], piece)


@cache
def _turned_words() -> tuple[frozenset[str], frozenset[str]]:
    words = {word for word in vocabulary() if len(word) >= _CUE_LETTERS and word.isascii()}
    return frozenset(word.translate(_ROT13) for word in words), frozenset(word[::-1] for word in words) - words
