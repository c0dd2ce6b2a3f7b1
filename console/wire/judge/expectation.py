"""What a request asked for besides text and its answer has to honour."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from console.domain.probes.token_limit import AT_LIMIT
from console.wire.json_value import decode

TEXT_LIMIT = 262_144
"""The maximum length of a text or a tool call's arguments kept for reading as JSON; a longer one is not judged as
JSON."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a request asked for besides text."""

    accepts: Callable[[str], bool] | None = None
    """Returns whether a text is JSON that fits the request's schema; None if it has no schema."""

    def departure_of(self, text: str, finish: str | None) -> str | None:
        """Return the name of the case that an answer's text violates, or None; `finish` is how the answer ended."""
        if self.accepts is None or self.accepts(text):
            return None
        if finish in AT_LIMIT:
            return "cut_json"
        return "not_json" if decode(text) is None and text.strip() != "null" else "does_not_fit"


NOTHING = Expectation()
"""A request for plain text."""


class Kept:
    """A text that arrives in pieces, kept up to a limit so that it can be read as JSON at the end."""

    __slots__ = ("_length", "_text")

    def __init__(self) -> None:
        self._text = StringIO()
        self._length = 0

    def add(self, piece: str) -> None:
        """Add the next piece; beyond the limit nothing is kept."""
        self._length += len(piece)
        if self._length <= TEXT_LIMIT:
            self._text.write(piece)
        else:
            self._text = StringIO()

    @property
    def text(self) -> str | None:
        """The whole text, or None if it was too long."""
        return self._text.getvalue() if self._length <= TEXT_LIMIT else None
