"""Finds and masks suspected secrets in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from console.domain.facts.load import load_facts
from console.domain.text.machine_made import is_machine_made, is_mixed, is_placeholder
from console.domain.text.unescaped import unescaped_levels


@dataclass(frozen=True, slots=True)
class SecretPattern:
    """One form of secrets."""

    pattern_id: str
    words: str
    """The description for a person."""
    needles: tuple[str, ...]
    """In lower case; a text without any of them cannot match."""
    expression: re.Pattern[str]
    source: str


@dataclass(frozen=True, slots=True)
class SecretHit:
    """A place in a text that looks like a secret, without the text itself."""

    pattern_id: str
    words: str
    line: int
    column: int


@cache
def secret_patterns() -> tuple[SecretPattern, ...]:
    """Return the forms, read once from `facts/secret_patterns.toml`."""
    table = load_facts("secret_patterns")
    return tuple(
        SecretPattern(row["id"], row["words"], tuple(row["needles"]), re.compile(row["expression"]), row["source"])
        for row in table["pattern"]
    )


def find_secrets(text: str, *, limit: int = 20) -> tuple[SecretHit, ...]:
    """Return the places in a text that look like secrets, in order, for text that is to be sent or stored.

    A text is searched as it is and with its escapes resolved, as in strings of a JSON body or a URL. UUIDs, hashes,
    base64 data and ordinary code are not secrets; `looks_like_secret` is stricter, for values that must not be one.
    """
    places = sorted(_places(text), key=lambda place: (place.start, -place.end))
    hits: list[SecretHit] = []
    ends: dict[str, int] = {}
    for place in places:
        if len(hits) == limit:
            break
        pattern = place.pattern
        if place.start < ends.get(pattern.pattern_id, 0):
            continue  # the same place, in its escaped form
        ends[pattern.pattern_id] = place.end
        line = text.count("\n", 0, place.start) + 1
        column = place.start - text.rfind("\n", 0, place.start)
        hits.append(SecretHit(pattern.pattern_id, pattern.words, line, column))
    return tuple(hits)


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a match in the original text."""

    start: int
    end: int
    pattern: SecretPattern


def _places(text: str) -> Iterator[_Place]:
    for pattern, match in _matches(text):
        yield _Place(match.start(), match.end(), pattern)
    for level in unescaped_levels(text):
        for pattern, match in _matches(level.text):
            yield _Place(level.origin(match.start()), level.origin(match.end()), pattern)


def _matches(text: str) -> Iterator[tuple[SecretPattern, re.Match[str]]]:
    lowered = text.lower()
    for pattern in secret_patterns():
        if any(map(lowered.__contains__, pattern.needles)):
            for match in pattern.expression.finditer(text):
                if _is_value(match):
                    yield pattern, match


def _is_value(match: re.Match[str]) -> bool:
    """Return whether the matched value can be a secret; the group's name says which check applies."""
    kind = match.lastgroup or ""
    if kind.startswith("made"):
        return is_machine_made(match[kind])
    return not kind.startswith("chosen") or not is_placeholder(match[kind], beside=match.groupdict().get("user") or "")


_HEXADECIMAL = re.compile(r"(?<![0-9A-Fa-f])[0-9a-fA-F]{32,512}(?![0-9A-Fa-f])")
_MIXED = re.compile(r"[A-Za-z0-9]{24,512}")


_MASK = "•••"
_MASKED_KEY = re.compile(
    r"(?:(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{1,40})?(?:\*{3,512}|•{3,512}|x{8,512}|X{8,512})[A-Za-z0-9_-]{0,40}"
    r"|(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|xai|hf|AIza)[-_]?[A-Za-z0-9_-]{0,40}+(?:\.{2,64}|…)[A-Za-z0-9_-]{0,40}"
)
"""A key as gateways echo it, with a starred-out middle: its ends still identify the key."""


def scrub(text: str) -> str:
    """Return text from outside with suspected secrets masked, including partly masked ones."""
    shown: list[str] = []
    last = 0
    for start, end in _joined(sorted((place.start, place.end) for place in _places(text))):
        shown += (text[last:start], _MASK)
        last = end
    text = "".join((*shown, text[last:]))
    text = _MASKED_KEY.sub(_MASK, text)
    text = _HEXADECIMAL.sub(_MASK, text)
    return _MIXED.sub(lambda match: _MASK if is_mixed(match.group()) else match.group(), text)


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans in order, with overlapping ones merged."""
    first, last = 0, 0
    for start, end in spans:
        if start >= last:
            if last:
                yield first, last
            first = start
        last = max(last, end)
    if last:
        yield first, last


def looks_like_secret(text: str, *, is_address: bool = False) -> str | None:
    """Return a description of the secret that a text seems to contain, or None; it never contains the text itself.

    Args:
        text: Text from a config, a command line or a person.
        is_address: The text is a path or URL, where a long hexadecimal step is an id, such as an account's or a
            build's, not a key.

    """
    first = next(_places(text), None)
    if first is not None:
        return first.pattern.words
    if not is_address and _HEXADECIMAL.search(text):
        return "a long hexadecimal key"
    return "a long random key" if any(is_mixed(run) for run in _MIXED.findall(text)) else None
