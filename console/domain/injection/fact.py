"""The languages of the lint's phrases, read from `facts/injection_phrases.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.injection.letters import plain_letters

MARKS = (
    r"\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd\u0f18-\u0fc6\u102b-\u109d\u135d-\u135f"
    r"\u1712-\u17d3\u1885-\u1b4b\ua802-\uabed"
)
"""Marks that are part of words but not letters themselves, for a character class."""
_ELISION = re.compile(
    r"'(?=[^\W\d_])(?:(?<=\b[cdjlmnst]')|(?<=\b(?:qu|un)')|(?<=\ball')|(?<=\b(?:dell|nell|dall|sull|tutt)')|(?<=\bquest'))"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One or a few words for a meaning, in plain letters."""

    text: str
    is_stem: bool = False
    """Whether every word with this beginning counts."""
    begins: bool = False
    """Whether it counts only at the beginning of a clause."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its words for each meaning."""

    tag: str
    is_spaced: bool
    common: frozenset[str]
    """Its most frequent words."""
    ends: tuple[str, ...]
    """Endings of many of its longer words."""
    lead: tuple[str, ...]
    meanings: Mapping[str, tuple[Word, ...]]


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages that have phrases."""
    table = load_facts("injection_phrases")
    return tuple(_language(row) for row in table["language"])


@cache
def vocabulary() -> frozenset[str]:
    """Return the single words of phrases, in Latin letters: the candidates for a disguised word."""
    of_phrases = {
        part
        for language in languages()
        for words in language.meanings.values()
        for word in words
        for part in word.text.split()
        if not word.is_stem
    }
    english = {"rules", "rubric", "criteria", "score", "system", "the", "all", "of", "my", "your", "any", "to", "and"}
    return frozenset(word for word in of_phrases | english if word.isascii() and word.isalpha() and len(word) > 1)


def without_apostrophes(text: str) -> str:
    """Return a text in which `l'arbre` is two words and `don't` is one."""
    return _ELISION.sub(" ", text).replace("'", "") if "'" in text else text


def _language(row: Mapping[str, str | bool]) -> Language:
    known = {"tag", "is_spaced", "common", "ends", "lead"}
    return Language(
        tag=str(row["tag"]),
        is_spaced=bool(row.get("is_spaced", True)),
        common=frozenset(_plain(str(row["common"])).split()),
        ends=tuple(_plain(each) for each in str(row.get("ends", "")).split(",") if each),
        lead=tuple(_plain(each) for each in str(row["lead"]).split(",")),
        meanings={name: tuple(map(_word, str(row[name]).split(","))) for name in row if name not in known},
    )


def _word(written: str) -> Word:
    bare = written.strip()
    return Word(_plain(bare.strip("^*")), is_stem=bare.endswith("*"), begins=bare.startswith("^"))


def _plain(written: str) -> str:
    return " ".join(without_apostrophes(plain_letters(written).casefold()).replace("-", " ").split())
