"""What a request asked for beyond text, as far as its answer has to honour it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from console.wire.json_value import decode

TEXT_LIMIT = 262_144
"""The most characters of a text or of a tool call's arguments that are kept to be read as JSON; a longer one is not
judged as JSON."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for beyond text."""

    tool: str = ""
    """The name of the tool that the request forces; empty for none."""
    accepts: Callable[[object], bool] | None = None
    """Tells whether a decoded text fits the JSON schema that the request gave; None where it gave none."""


NOTHING = Asked()
"""A request for plain text."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of an answer, as far as it is judged."""

    name: str
    call_id: str
    arguments: object
    """Decoded; None where they are not JSON."""


def departures(asked: Asked, text: str, calls: list[ToolCall]) -> list[str]:
    """Return the names of the cases in which an answer departs from what was asked for."""
    cases = []
    if asked.accepts is not None:
        value = decode(text)
        if value is None and text.strip() != "null":
            cases.append("not_json")
        elif not asked.accepts(value):
            cases.append("does_not_fit")
    if asked.tool:
        if [call.name for call in calls] != [asked.tool]:
            cases.append("not_called")
        elif not calls[0].call_id or not isinstance(calls[0].arguments, dict):
            cases.append("arguments")
    return cases


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
