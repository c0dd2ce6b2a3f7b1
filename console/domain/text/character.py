"""Names one character of a text, so that a message can say what is wrong and where without showing the text."""

import unicodedata

_CONTROLS = {0x00: "NULL", 0x09: "TAB", 0x0A: "LINE FEED", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE", 0x7F: "DELETE"}
_ASCII_NAMES = {" ": "a space", "\\": "a backslash"}
_LOOKALIKES = {
    "\N{IDEOGRAPHIC FULL STOP}": ".", "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}": ".", "\N{MIDDLE DOT}": ".",
    "\N{FRACTION SLASH}": "/", "\N{DIVISION SLASH}": "/", "\N{RATIO}": ":",
    "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MINUS SIGN}": "-",
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'), **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
}  # fmt: skip
"""Characters that are typed for an ASCII one and have no compatibility form of it."""


def character_name(character: str) -> str:
    """Return the name of a character for a message: ASCII as it is, all others by code point and Unicode name."""
    if character in _ASCII_NAMES:
        return _ASCII_NAMES[character]
    if "!" <= character <= "~":
        return character
    code = ord(character)
    return f"U+{code:04X} {unicodedata.name(character, '') or _CONTROLS.get(code, 'CONTROL CHARACTER')}"


def ascii_form(character: str) -> str | None:
    """Return the visible ASCII character for which a character stands, or None: full-width forms and lookalikes."""
    plain = _LOOKALIKES.get(character) or unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and "!" <= plain <= "~" and plain != character else None


def character_fault(text: str, place: int) -> str:
    """Say which character of a text cannot be there, at which position, and what to write.

    Args:
        text: The text; only the one character is shown.
        place: The character's index, counted from 0; the message counts from 1.

    """
    plain = ascii_form(text[place])
    advice = f"write {plain}" if plain is not None else "remove it"
    return f"has {character_name(text[place])} at position {place + 1}; {advice}"
