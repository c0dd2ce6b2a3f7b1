"""Instruction text: its front matter, its imports, and its hidden characters. The text is never stored."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.domain.text.invisible import HIDING, LAYOUT, Invisible, class_of, kind_of

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_TICKS = re.compile(r"(`+)")
_IMPORT = re.compile(r"(?:^|(?<=\s))@((?:[^\s\\]|\\ )+)")
_IMPORT_START = re.compile(r"~/|\.{0,2}/|[A-Za-z0-9._-]")


def imports_in(text: str) -> tuple[str, ...]:
    """Return the paths that a text imports as `@path`, in order; code spans, fences and comments are skipped."""
    found: dict[str, None] = {}
    for line in _lines_outside_fences(_without_comments(text)):
        for match in _IMPORT.finditer(_without_spans(line)) if "@" in line else ():
            path = match.group(1).replace("\\ ", " ").partition("#")[0]
            if path and "\0" not in path and _IMPORT_START.match(path):
                found[path] = None
    return tuple(found)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return " ".join((*kept, text[at:]))


def _without_spans(line: str) -> str:
    """Return a line without its code spans: each ends at the next run of equally many backticks."""
    parts = _TICKS.split(line)  # text and runs of backticks in turns
    closing: dict[int, int] = {}
    later: dict[str, int] = {}
    for at in range(len(parts) - 2, 0, -2):
        closing[at] = later.get(parts[at], 0)
        later[parts[at]] = at
    kept, at = [], 0
    while at < len(parts):
        if at % 2 and closing[at]:
            kept.append(" ")
            at = closing[at]
        else:
            kept.append(parts[at])
        at += 1
    return "".join(kept)


def _lines_outside_fences(text: str) -> Iterator[str]:
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if not fence and mark is None:
            yield line
        elif not fence and mark is not None:
            fence = mark.group(1)
        elif mark is not None and mark.group(1).startswith(fence) and not line.strip(" \t" + fence[0]):
            fence = ""


def front_matter(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of a text's front matter, each with its values; nested values are skipped.

    It supports the syntax that tools document for rules: `key: value`, lists in brackets or with dashes, comma lists.
    """
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return {}
    keys: dict[str, list[str]] = {}
    key = ""
    for line in lines[1:]:
        if line.rstrip() == "---":
            return {name: tuple(values) for name, values in keys.items()}
        if line.lstrip().startswith("- ") and key:
            keys[key] += _values(line.lstrip()[2:])
        elif not line.startswith((" ", "\t", "#")) and ":" in line:
            key, _, rest = line.partition(":")
            keys[key := key.strip()] = _values(rest)
    return {}


def _values(text: str) -> list[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [value for part in _parted(text) if (value := part.strip().strip("\"'"))]


def _parted(text: str) -> list[str]:
    """Split a text at its commas in one pass, except inside braces, as in `*.{ts,tsx}`."""
    parts, end, is_within = [], len(text), False
    for mark in reversed(list(re.finditer("[{},]", text))):
        if mark[0] != ",":
            is_within = mark[0] == "}"
        elif not is_within:
            parts.append(text[mark.end() : end])
            end = mark.start()
    return [text[:end], *reversed(parts)]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Characters that a person does not see and a model reads."""

    kind: Invisible
    first_line: int
    count: int


_HIDDEN = re.compile(f"[{class_of(HIDING, but=LAYOUT)}]")


_ENOUGH = 1_000
"""Counting stops after this many hidden characters."""


def hidden_in(text: str) -> tuple[Hidden, ...]:
    """Return the kinds of hidden characters in a text.

    A byte order mark at the start, and the joiners and selectors that emoji and scripts such as Persian need, do not
    count.
    """
    found: dict[Invisible, tuple[int, int]] = {}
    total = 0
    for match in _HIDDEN.finditer(text):
        kind = kind_of(match[0])
        if kind is None or _is_usual(text, match.start()):
            continue
        first, count = found.get(kind, (match.start(), 0))
        found[kind] = (first, count + 1)
        total += 1
        if total == _ENOUGH:
            break
    return tuple(Hidden(kind, text.count("\n", 0, first) + 1, count) for kind, (first, count) in found.items())


def _is_usual(text: str, at: int) -> bool:
    character, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if character == "\ufeff":
        return at == 0
    if character in "\u200c\u200d":  # joins emoji, and letters of cursive scripts
        return _is_joined(before) and _is_joined(after)
    if "\ufe00" <= character <= "\ufe0f":  # chooses between the glyphs of one character
        return _is_drawn(before) or (before in tuple("0123456789#*") and after == "\u20e3")
    return False


def _is_joined(character: str) -> bool:
    return _is_drawn(character) or (bool(character) and "\ufe00" <= character <= "\ufe0f")


def _is_drawn(character: str) -> bool:
    return character in ("©", "®") or (character > "\u02ff" and not _HIDDEN.match(character))
