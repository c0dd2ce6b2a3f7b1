"""Instruction text: its hidden characters. The text is never stored."""

import re
from dataclasses import dataclass

from console.domain.text.invisible import HIDING, LAYOUT, Invisible, class_of, kind_of


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
