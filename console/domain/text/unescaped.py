"""Text with its escapes resolved, and the original position of each character."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Self

_ESCAPE = re.compile(r"""\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])|%[0-9a-fA-F]{2}""")
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MOST_LEVELS = 3
"""A prompt in a body, a tool's arguments in the prompt, and the tool's text in those."""


class Unescaped:
    """A text with its JSON and percent escapes resolved one level; it need not be valid or complete JSON."""

    def __init__(self, written: str, within: Self | None = None) -> None:
        """Resolve the escapes of a text.

        Args:
            written: The text with its escapes.
            within: The text from which this one was resolved, if any.

        """
        self._within = within
        self._cuts: list[int] = []
        self._origins: list[int] = []
        pieces: list[str] = []
        size = last = 0
        for match in _ESCAPE.finditer(written):
            first, end = match.span()
            pieces += (written[last:first], _character(match[0]))
            self._cuts += (size, size + first - last)
            self._origins += (last, first)
            size += first - last + 1
            last = end
        self._cuts.append(size)
        self._origins.append(last)
        self.text = "".join((*pieces, written[last:]))

    def origin(self, position: int) -> int:
        """Return the position in the original text for a position in the resolved text."""
        index = bisect_right(self._cuts, position) - 1
        origin = self._origins[index] + position - self._cuts[index]
        return origin if self._within is None else self._within.origin(origin)


def unescaped_levels(text: str) -> Iterator[Unescaped]:
    """Yield a text with its escapes resolved once, twice and three times, as long as it has any."""
    within: Unescaped | None = None
    for _ in range(_MOST_LEVELS):
        if _ESCAPE.search(text) is None:
            return
        within = Unescaped(text, within)
        text = within.text
        yield within


def _character(escape: str) -> str:
    digits = escape.removeprefix("%").removeprefix("\\u")
    return _NAMED.get(escape[1], escape[1]) if digits == escape else chr(int(digits, 16))
