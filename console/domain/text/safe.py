"""Makes text from outside safe to show: characters that a terminal obeys or a reader does not see become visible."""

import re
import unicodedata
from collections.abc import Iterator

from console.domain.text.invisible import HIDING, TABLE

_VISIBLE: dict[int, str] = dict.fromkeys(
    (code for first, last, kind, _ in TABLE if kind in HIDING for code in range(first, last + 1)),
    "\N{REPLACEMENT CHARACTER}",
)
_VISIBLE |= {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\N{SYMBOL FOR DELETE}"}
_VISIBLE_LINES = {code: symbol for code, symbol in _VISIBLE.items() if code != 0x0A}


def safe(text: str, *, limit: int | None = None, keep_lines: bool = False) -> str:
    r"""Make text from outside safe to show: nothing in it can move a cursor, hide or reorder text.

    C0, DEL and C1 controls, bidi and zero-width characters, tag characters and lone surrogates become visible
    symbols. The mapping is per character, so it is safe on any piece of a stream. At most 8 combining marks in a row
    are kept: thousands of them on one letter stall a terminal.

    Args:
        text: Text that came from a gateway, a file or a person.
        limit: The maximum length; a longer text ends in an ellipsis.
        keep_lines: Keep line feeds, for text with several lines.

    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…" if limit > 0 else ""
    if _MANY_MARKS.search(text):
        text = "".join(_with_few_marks(text))
    return text.translate(_VISIBLE_LINES if keep_lines else _VISIBLE)


def _with_few_marks(text: str) -> Iterator[str]:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if row <= _MARKS:
            yield character


_MARKS = 8
"""The maximum number of combining marks in a row that are shown; no script needs more than a few."""


_MANY_MARKS = re.compile("[^\0-\u02ff]{9}")
"""Finds where there could be more of them: marks begin at U+0300. As a negated class it compiles ten times faster."""
