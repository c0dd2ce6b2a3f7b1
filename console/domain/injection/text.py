"""A draft as its reader sees it: in plain letters, without markup inside words, and with encoded text decoded.

Everything here is linear in the text and keeps line numbers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from console.domain.injection.cipher import enciphered
from console.domain.injection.escape import unescaped
from console.domain.injection.fact import MARKS, vocabulary, without_apostrophes
from console.domain.injection.letters import plain_letters


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft, or a piece of it, as its reader sees it."""

    plain: str
    """In plain letters, otherwise as written."""
    seen: str
    """In lower case and plain letters, with all punctuation."""
    words: str
    """The same as words: single spaces, line feeds, and `. ! ? : ; ,` as the only punctuation."""
    line: int = 1
    """The line in the draft where it begins."""


def readings(text: str) -> Iterator[Reading]:
    """Yield the reading of a draft, then that of each piece that changes when it is decoded."""
    plain = _plain(text)
    yield _reading(plain, 1)
    for line, inner in _attributes(plain):
        yield _reading(inner, line)
    for line, inner in enciphered(plain):
        yield _reading(_plain(inner), line)


def _plain(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = plain_letters(text)
    resolved = unescaped(plain)
    return plain if resolved == plain else plain_letters(resolved)


def _reading(plain: str, line: int) -> Reading:
    return Reading(plain, plain.casefold(), _words(plain), line)


# --- Markup ----------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9-]{0,20})((?:\s[^<>]{0,400})?)/?>|<!--([^<>]{0,400})-->")
_BLOCKS = frozenset({
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "table", "td", "th", "tr", "ul",
})  # fmt: skip
"""Tags that begin a new word; all others are inside one."""
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\s]{0,300}\)")
_EMPHASIS = re.compile(r"[*`~\\^|](?<=[^\W_].)[*`~\\^|]{0,3}(?=[^\W_])")
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n([ \t>+#*/]{0,8})([^\W\d_]{1,30})")


def _attributes(plain: str) -> Iterator[tuple[int, str]]:
    """Yield the text inside tags and comments, with its first line."""
    line, last = 1, 0
    for match in _TAG.finditer(plain):
        inner = match[2] or match[3] or ""
        if inner.count(" ") > 1:
            line, last = line + plain.count("\n", last, match.start()), match.start()
            yield line, inner.replace("=", ": ")


def _without_tag(match: re.Match[str]) -> str:
    space = " " if (match[1] or "").lower() in _BLOCKS else ""
    return space + "\n" * match[0].count("\n")


# --- Words -----------------------------------------------------------------------------------------------------------

_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ \t._*/|+~-]{1,3}[^\W\d_](?![^\W_])){3,}+")
_NAME = re.compile(
    r"(?<![\w-])[^\W_]++(?:[_-]{1,2}[^\W_]++)++|(?<![\w-])[A-Za-z]?[a-z]++(?:[A-Z][a-z]++){2,}+(?![\w-])"
)
_NAME_PARTS = re.compile(r"[_-]+|(?<=[a-z])(?=[A-Z])")
_LONG_NAME = 5
"""Parts that make a name a sentence, wherever it occurs."""
_CODE_BEFORE = re.compile(
    r"(?:[.\"'`/\\$@<({\[=&|%-]|(?:=|->) |\b(?:def|class|func|fn|function|let|var|const|import|from|return|self|"
    r"async|type|interface|struct|enum|elif|if|not) )$"
)
_CODE_AFTER = re.compile(r"[\"'`(\[\]){}=/\\>:]|\.\w| ?(?::=|=|->|\+=)")
_LEET = re.compile(r"(?<![a-z0-9@$!|])[a-z]*+[0-9@$!|][a-z0-9@$!|]*+")
_LEET_LETTERS = (
    str.maketrans("0134578@$!|9", "oieastbasilg"),
    str.maketrans("0134578@$!|9", "oleastbasilg"),
)
_RUN_TOGETHER = re.compile(r"(?<![\w-])(?:[A-Z]?[a-z]{13,120}|[A-Z]{14,120})(?![\w-])")
_CUES = ("ignor", "instru", "approv", "previous", "disreg", "prompt", "review", "score")
_WORD_MOST = 16
_BEFORE_LINE = re.compile(rf"^(?:[^\w\n{MARKS}]|_)+", re.MULTILINE)
_NO_WORD = re.compile(rf"[^\w\n.!?:;,。{MARKS}-]+")
_NO_NAME = re.compile(r"[_-](?:(?<![^\W_].)[_-]*|[_-]*(?![^\W_-]))")
_SPACES = re.compile("  +")
_AROUND_LINE_FEED = re.compile(r" ?\n ?")
_SPOKEN_LEAST = 4
"""The minimum number of single letters in a row to split them into words."""


def _words(plain: str) -> str:
    """Return a text's words in their lines, with sentence punctuation only.

    Line prefixes of diffs, comments and lists are removed; a comment after code begins a sentence.
    """
    text = without_apostrophes(plain)
    if "<" in text:
        text = _TAG.sub(_without_tag, text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = _EMPHASIS.sub("", text)
    if "-\n" in text:
        text = _BROKEN_WORD.sub(r"\2\n\1", text)
    text = _RUN_TOGETHER.sub(_taken_apart, _NAME.sub(_split_name, _SPACED.sub(_joined, text)))
    text = _LEET.sub(_as_letters, text.casefold())
    text = _BEFORE_LINE.sub("", text).replace("//", ",").replace("#", ",")
    text = _NO_NAME.sub(" ", _NO_WORD.sub(" ", text))
    return _AROUND_LINE_FEED.sub("\n", _SPACES.sub(" ", text))


def _joined(match: re.Match[str]) -> str:
    """Return spaced-out letters as words; a wider gap separates two words."""
    row = match[0]
    words = re.split(r"[ \t._*/|+~-]{2,3}", row)
    joined = [re.sub(r"[ \t._*/|+~-]", "", word) for word in words]
    if len(max(joined, key=len)) == 1:
        joined = ["".join(joined)]
    return " ".join(_apart(word.lower()) or word for word in joined)


def _split_name(match: re.Match[str]) -> str:
    """Return the words of a name in prose; a name that code declares, calls or quotes stays as it is."""
    name = match[0]
    parts = _parts(name)
    if len(parts) < 2:
        return parts[0]
    if _is_code(match) and (len(parts) < _LONG_NAME or _is_called(match)):
        return name
    return " ".join(parts)


def _is_code(name: re.Match[str]) -> bool:
    """Return whether the text around a name shows that it is code, or quoted as code."""
    before, after = _around(name)
    return _CODE_AFTER.match(after) is not None or _CODE_BEFORE.search(before) is not None


def _is_called(name: re.Match[str]) -> bool:
    before, after = _around(name)
    return after.startswith("(") or before.endswith(("def ", "class ", "func ", "fn ", "function ", "."))


def _around(name: re.Match[str]) -> tuple[str, str]:
    return name.string[max(name.start() - 12, 0) : name.start()], name.string[name.end() : name.end() + 4]


@lru_cache(maxsize=4096)
def _parts(name: str) -> tuple[str, ...]:
    """Return the words of a name; the name itself if none of them can belong to a phrase."""
    parts = tuple(part for part in _NAME_PARTS.split(name) if part)
    whole = "".join(parts)
    if whole.lower() in vocabulary():
        return (whole,)
    return (name,) if name.isascii() and vocabulary().isdisjoint(map(str.lower, parts)) else parts


def _as_letters(match: re.Match[str]) -> str:
    return _read_as_letters(match[0]) if len(match[0]) <= _WORD_MOST else match[0]


@lru_cache(maxsize=4096)
def _read_as_letters(written: str) -> str:
    """Return a word with its digits read as letters, if that makes it a word of a phrase."""
    if not written.isdecimal():
        for token, end in ((written, ""), (written.rstrip("!|"), "!")):
            for letters in _LEET_LETTERS:
                word = token.translate(letters)
                if word in vocabulary():
                    return word + end
    return written


def _taken_apart(match: re.Match[str]) -> str:
    word = match[0].lower()
    if not any(cue in word for cue in _CUES) or _is_code(match):
        return match[0]
    return _apart(word) or match[0]


def _apart(row: str) -> str:
    """Return a row of letters split into words of phrases, or an empty string if it contains anything else."""
    known, size = vocabulary(), len(row)
    if size < _SPOKEN_LEAST or size > 240:
        return ""
    cuts = [-1] * size + [size]
    for start in range(size - 1, -1, -1):
        for end in range(min(size, start + _WORD_MOST), start, -1):
            if cuts[end] >= 0 and row[start:end] in known:
                cuts[start] = end
                break
    words, place = [], 0
    while place < size and cuts[place] > 0:
        words.append(row[place : cuts[place]])
        place = cuts[place]
    return " ".join(words) if place == size else ""
