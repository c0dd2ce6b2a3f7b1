"""Resolves a draft's escapes: everything that a renderer or parser turns into letters before a reader sees it.

Line numbers stay the same: an escaped line feed becomes a space.
"""

import re
from functools import cache

_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|[uU]([0-9A-Fa-f]{4,8})|x([0-9A-Fa-f]{2})|[nrt])")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2}){0,400}")
_PRINTABLE = re.compile(r"=[0-9A-F]{2}(?:=[0-9A-F]{2}){1,400}")
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z]{2,31}));?")
_LEVELS = 2
"""How many levels of escaping an entity may have."""


def unescaped(text: str) -> str:
    """Return a text with its entities and its JSON, percent and quoted-printable escapes resolved."""
    for _ in range(_LEVELS):
        if "&" in text:
            text = _ENTITY.sub(_of_entity, text)
    if "\\" in text:
        text = _ESCAPE.sub(_of_escape, text)
    if "%" in text:
        text = _PERCENT.sub(_of_bytes, text)
    return _PRINTABLE.sub(_of_bytes, text) if "=" in text else text


def _of_entity(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _one_line(_entities().get(f"{name};", match[0]))
    return _character(int(decimal) if decimal else int(hexadecimal, 16))


def _of_escape(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    return _character(int(digits, 16)) if digits else " "


def _of_bytes(match: re.Match[str]) -> str:
    """Return the text of bytes written as a sign and two digits each."""
    return _one_line(bytes.fromhex(match[0].replace(match[0][0], "")).decode(errors="replace"))


def _character(code: int) -> str:
    return _one_line(chr(code)) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _one_line(text: str) -> str:
    return " ".join(re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text))


@cache
def _entities() -> dict[str, str]:
    from html.entities import html5

    return html5
