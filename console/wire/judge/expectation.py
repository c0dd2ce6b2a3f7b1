"""What a request asked for beyond text, as far as its answer has to honour it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from console.wire.json_value import decode

TEXT_LIMIT = 262_144
"""The most characters of a text or of a tool call's arguments that are kept to be read as JSON; a longer one is not
judged as JSON."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a request asked for beyond text."""

    accepts: Callable[[str], bool] | None = None
    """Returns whether a text is JSON of the schema that the request gave; None where it gave none."""

    def departure_of(self, text: str) -> str | None:
        """Return the name of the case in which an answer's text departs from what was asked for, or None."""
        if self.accepts is None or self.accepts(text):
            return None
        return "not_json" if decode(text) is None and text.strip() != "null" else "does_not_fit"


NOTHING = Expectation()
"""A request for plain text."""


class Kept:
    """A text that comes in pieces, kept up to a limit so that it can be read as JSON at its end."""

    __slots__ = ("_length", "_text")

    def __init__(self) -> None:
        self._text = StringIO()
        self._length = 0

    def add(self, piece: str) -> None:
        """Take the next piece; over the limit nothing is kept any more."""
        self._length += len(piece)
        if self._length <= TEXT_LIMIT:
            self._text.write(piece)
        else:
            self._text = StringIO()

    @property
    def text(self) -> str | None:
        """The whole text, or None where it was too long to be kept."""
        return self._text.getvalue() if self._length <= TEXT_LIMIT else None
