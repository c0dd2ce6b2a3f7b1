"""Phrases in all languages: sets of meanings that occur together in one clause.

Languages order words differently, and an attacker may reorder them. So a phrase is a set of meanings, in any order,
within a short stretch of text inside one sentence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from console.domain.injection.fact import MARKS, languages

_STRETCH = 80
"""The maximum length of a phrase, from its first to its last word."""
_UNSPACED_STRETCH = 32
"""The same for a script without spaces, where a character says more."""
_STEM_LEAST = 2
_LEAD_MOST = 40
"""The maximum length of the text before the verb at the beginning of a clause."""
_CLAUSE_SIGNS = ".!?:;,\n。"

_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("INJ-01", ("ignore", "before", "rules")),
    ("INJ-01", ("ignore", "mine")),
    ("INJ-02", ("address",)),
    ("INJ-02", ("reviewer", "must", "approve")),
    ("INJ-02", ("reviewer", "must", "highest")),
    ("INJ-02", ("reviewer", "must", "ignore")),
    ("INJ-03", ("^approve", "this")),
    ("INJ-03", ("^approve", "unchecked")),
    ("INJ-03", ("must", "approve", "this")),
    ("INJ-03", ("silence", "problems")),
    ("INJ-03", ("verdict", "ready")),
    ("INJ-04", ("give", "highest", "everything")),
    ("INJ-04", ("give", "highest", "this")),
)
"""The finding ids with the meanings that express them; `^` requires an imperative verb."""

_TOKEN = re.compile(rf"[\w{MARKS}-]++")
_END = re.compile(r"[.!?;。]|\n\n")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A language's expression for a meaning, without its first word."""

    language: int
    meaning: str
    rest: str
    is_stem: bool
    begins: bool


@dataclass(frozen=True, slots=True)
class _Table:
    words: Mapping[str, tuple[_Entry, ...]]
    """By their first word."""
    stems: Mapping[str, tuple[_Entry, ...]]
    unspaced_first: re.Pattern[str]
    unspaced: Mapping[str, re.Pattern[str]]
    """Words of scripts without spaces, by their first character."""
    by_unspaced: Mapping[str, tuple[_Entry, ...]]
    phrases: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    """By each of their meanings."""
    lead: re.Pattern[str]


class _Known(dict[str, tuple[_Entry, ...]]):
    """The meanings of the words of one text; filled on demand."""

    def __init__(self, table: _Table) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, token: str) -> tuple[_Entry, ...]:
        self[token] = entries = tuple(_entries_of(token, self._table))
        return entries


def phrases_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield each phrase found in a text of plain words: its finding id and the position of its first word."""
    last: dict[tuple[int, str], tuple[int, int]] = {}
    seen: dict[tuple[int, str], int] = {}
    table = _table()
    for start, end, entry in _entries(text):
        is_spaced = languages()[entry.language].is_spaced
        earliest = end - (_STRETCH if is_spaced else _UNSPACED_STRETCH)
        commands = not entry.begins or begins_clause(text, start)
        if entry.meaning == "approve":
            names = ("approve", "^approve") if commands else ("approve",)
        elif commands:
            names = (entry.meaning,)
        else:
            continue
        for name in names:
            last[entry.language, name] = (start, end)
            for finding_id, meanings in table.phrases.get(name, ()):
                places = [last.get((entry.language, each), (-1, -1)) for each in meanings]
                first = min(place for place, _ in places)
                key = (entry.language, finding_id)
                is_apart = len({place for place, _ in places}) == len(places)
                if (
                    first < max(earliest, 0)
                    or not is_apart
                    or first < seen.get(key, 0)
                    or _END.search(text, first, end)
                ):
                    continue
                seen[key] = end
                yield finding_id, first


def begins_clause(text: str, place: int) -> bool:
    """Return whether a clause begins at a position in a text of plain words; words such as `please` may come first."""
    before = text[max(place - _LEAD_MOST, 0) : place]
    cut = max(before.rfind(sign) for sign in _CLAUSE_SIGNS)
    if cut < 0 and place > _LEAD_MOST:
        return False
    lead = before[cut + 1 :].strip()
    return not lead or _table().lead.fullmatch(lead) is not None


def _entries(text: str) -> Iterator[tuple[int, int, _Entry]]:
    """Yield the words of a text that have a meaning, in order for each language."""
    table = _table()
    known = _Known(table)
    flat = text.replace("\n", " ")  # a line may break between two words
    for match in _TOKEN.finditer(flat):
        for entry in known[match[0]]:
            if not entry.rest:
                yield *match.span(), entry
            elif flat.startswith(entry.rest, match.end()):
                end = match.end() + len(entry.rest)
                if entry.is_stem or _TOKEN.match(flat, end) is None:
                    yield match.start(), end, entry
    if _UNSPACED.search(text):
        for first in table.unspaced_first.finditer(text):
            found = table.unspaced[first[0]].match(text, first.start())
            if found is not None:
                for entry in table.by_unspaced[found[0]]:
                    yield *found.span(), entry


def _entries_of(token: str, table: _Table) -> Iterator[_Entry]:
    yield from table.words.get(token, ())
    for size in range(_STEM_LEAST, min(len(token), 24) + 1):
        yield from table.stems.get(token[:size], ())
    if "\u0600" <= token[0] < "\u0700":
        for prefix in ("وال", "فال", "بال", "كال", "لل", "ال", "و", "ف", "ب", "ك", "ل"):
            if token.startswith(prefix) and len(token) > len(prefix) + 2:
                yield from table.words.get(token[len(prefix) :], ())


@cache
def _table() -> _Table:
    words: dict[str, list[_Entry]] = {}
    stems: dict[str, list[_Entry]] = {}
    unspaced: dict[str, list[_Entry]] = {}
    leads: set[str] = set()
    for number, language in enumerate(languages()):
        leads.update(language.lead)
        for meaning, row in language.meanings.items():
            for word in row:
                first, _, rest = word.text.partition(" ")
                entry = _Entry(number, meaning, f" {rest}" if rest else "", word.is_stem, word.begins)
                if not language.is_spaced:
                    unspaced.setdefault(word.text, []).append(entry)
                elif word.is_stem and not rest:
                    stems.setdefault(first, []).append(entry)
                else:
                    words.setdefault(first, []).append(entry)
    phrases: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for phrase in _PHRASES:
        for meaning in phrase[1]:
            phrases.setdefault(meaning, []).append(phrase)
    by_first: dict[str, list[str]] = {}
    for each in sorted(unspaced, key=len, reverse=True):
        by_first.setdefault(each[0], []).append(each)
    lead = "|".join(sorted(map(re.escape, leads), key=len, reverse=True))
    return _Table(
        _frozen(words),
        _frozen(stems),
        re.compile(f"[{''.join(sorted({word[0] for word in unspaced}))}]"),
        {first: re.compile("|".join(map(re.escape, row))) for first, row in by_first.items()},
        _frozen(unspaced),
        {name: tuple(each) for name, each in phrases.items()},
        re.compile(f"(?:(?:{lead})(?: |$)){{1,3}}"),
    )


def _frozen(entries: Mapping[str, list[_Entry]]) -> Mapping[str, tuple[_Entry, ...]]:
    return {word: tuple(each) for word, each in entries.items()}
