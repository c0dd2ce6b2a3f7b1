"""Whether the lint can read a draft: finds text in a script or language for which it has no phrases.

A script is recognised by its character blocks, a language with a known script by its most frequent words: prose in a
known language is full of them, and code and data are not prose.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Set
from functools import cache

from console.domain.injection.fact import languages

_SCRIPT_LETTERS = 16
"""An unknown script counts from this many letters, and words of two or more: fewer may be names of languages."""
_BLOCKS = (
    (0x0370, 0x03FF), (0x0530, 0x058F), (0x0590, 0x05FF), (0x0700, 0x074F), (0x0780, 0x089F), (0x0A00, 0x0A7F),
    (0x0A80, 0x0AFF), (0x0B00, 0x0B7F), (0x0B80, 0x0BFF), (0x0C00, 0x0C7F), (0x0C80, 0x0CFF), (0x0D00, 0x0D7F),
    (0x0D80, 0x0DFF), (0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x10A0, 0x10FF),
    (0x1200, 0x139F), (0x13A0, 0x13FF), (0x1400, 0x167F), (0x1680, 0x177F), (0x1780, 0x17FF), (0x1800, 0x18FF),
    (0x1900, 0x1AAF), (0x1B00, 0x1C8F), (0x1C90, 0x1CBF), (0x1CC0, 0x1CFF), (0x1F00, 0x1FFF), (0x2C00, 0x2DDF),
    (0xA000, 0xA4CF), (0xA4D0, 0xA6FF), (0xA800, 0xA8DF), (0xA900, 0xA95F), (0xA980, 0xABFF), (0x10000, 0x1BCAF),
    (0x1E000, 0x1EFFF),
)  # fmt: skip
"""The scripts without phrases, each with its first and last character."""
_FIRST = [first for first, _ in _BLOCKS]
_FOREIGN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _BLOCKS) + "]{2,}")

_CODE = re.compile(r"[(=:;{-](?:(?<=\w\()[\w ]{0,40}[:,=)]|(?<=[=-])>|(?<=::)|(?<=[;{])\s{0,8}$)")
_SURELY_ENGLISH = frozenset({"the"})
_EDGES = ".,;:!?)\"'`*_»“”’…–—]>"
_LINE_LEAST = 4
"""The minimum number of words in a line of prose."""
_PIECE_MOST = 40
"""The maximum number of words that are judged together."""
_PROSE_PERCENT = 70
_SURE_PERCENT = 30
"""The share of a language's frequent words at which a line is certainly in that language."""
_KNOWN_PERCENT = 12
"""The share that a run of other lines needs."""
_ROW_LEAST = 22
"""The minimum number of different words that show the language of a run of lines."""
_CODE_WORDS = (
    "int const char unsigned signed void static struct union enum float double bool boolean long short extern typedef"
    " return def self class import none null nil true false let var function public private protected string str size"
    " file files line lines value values name names error errors type types default option options number user users"
    " test tests version code data list function support change changes fix fixed run first bytes output input limit"
    " client server command argument arguments parameter path object array index key keys integer text print end begin"
    " describe example examples description request response status message off unchanged archive config"
)
"""Additional words of code and its documentation; they count as English."""
_ENDED_LEAST = 6


def unreadable_line(text: str, plain: str) -> int | None:
    """Return the first line that the lint cannot read, or None if it can read the whole draft.

    Args:
        text: The draft.
        plain: The draft in plain letters, with the same lines.

    """
    lines = [line for line in (_foreign_line(text), _unknown_line(plain)) if line is not None]
    return min(lines, default=None)


def _foreign_line(text: str) -> int | None:
    """Return the line where text in an unknown script begins."""
    if text.isascii():
        return None
    letters: dict[int, int] = {}
    begin: dict[int, int] = {}
    for match in _FOREIGN.finditer(text):
        script = bisect_right(_FIRST, ord(match[0][0]))
        begin.setdefault(script, match.start())
        letters[script] = letters.get(script, 0) + len(match[0])
    places = [begin[script] for script, count in letters.items() if count >= _SCRIPT_LETTERS]
    return text.count("\n", 0, min(places)) + 1 if places else None


def _unknown_line(plain: str) -> int | None:
    """Return the line where prose in an unknown language begins."""
    row: deque[tuple[int, Set[str]]] = deque()
    count = 0
    for number, words in _prose(plain):
        if 100 * _most_frequent(words) >= _SURE_PERCENT * len(words):
            row.clear()
            count = 0
            continue
        row.append((number, words))
        count += len(words)
        while count - len(row[0][1]) >= _ROW_LEAST:
            count -= len(row.popleft()[1])
        if count >= _ROW_LEAST:
            different = set[str]().union(*(words for _, words in row))
            if len(different) >= _ROW_LEAST and 100 * _most_frequent(different) < _KNOWN_PERCENT * len(different):
                return row[0][0]
    return None


def _prose(plain: str) -> Iterator[tuple[int, Set[str]]]:
    """Yield the pieces of lines that are prose: the line and its different words."""
    is_english = languages()[0].common.__contains__
    for number, line in enumerate(plain.split("\n"), 1):
        tokens = line.split()
        if len(tokens) < _LINE_LEAST:
            continue
        if 100 * sum(map(is_english, tokens)) >= _SURE_PERCENT * len(tokens):
            yield number, _SURELY_ENGLISH
            continue
        if _CODE.search(line) is not None:
            continue
        for start in range(0, len(tokens), _PIECE_MOST):
            piece = tokens[start : start + _PIECE_MOST]
            words = {word.casefold() for token in piece if _is_word(word := token.rstrip(_EDGES))}
            if len(words) >= _LINE_LEAST and 100 * len(words) >= _PROSE_PERCENT * len(piece):
                yield number, words


def _most_frequent(words: Set[str]) -> int:
    """Return the highest number of frequent words of any single language."""
    frequent = _frequent()
    hits: dict[int, int] = {}
    for word in words:
        known = frequent.get(word)
        if known is None and len(word) >= _ENDED_LEAST:
            known = tuple(number for number, ends in _ends() if word.endswith(ends))
        for language in known or ():
            hits[language] = hits.get(language, 0) + 1
    return max(hits.values(), default=0)


def _is_word(token: str) -> bool:
    if not token or token[0].isupper() or "\u2e80" <= token[0] < "\ue000":
        return False
    return token.isalpha() if token.isascii() else token[0].isalpha()


@cache
def _frequent() -> dict[str, tuple[int, ...]]:
    """Return each frequent word with its languages."""
    words: dict[str, list[int]] = {}
    for number, language in enumerate(languages()):
        for word in language.common | (frozenset(_CODE_WORDS.split()) if number == 0 else frozenset()):
            words.setdefault(word, []).append(number)
    return {word: tuple(each) for word, each in words.items()}


@cache
def _ends() -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return the languages that are recognised by the endings of longer words, with these endings."""
    return tuple((number, each.ends) for number, each in enumerate(languages()) if each.ends)
