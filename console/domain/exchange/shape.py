"""The shape of an exchange: what an answer was like on the wire, without its content."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

MODEL, REASON, TEXT = "{model}", "{reason}", "{text}"
"""What stands for the requested model, for why a refusal was made, and for the text of each piece of a run."""


class ShapeEnd(StrEnum):
    """How an exchange ended."""

    WHOLE = "whole"
    """The answer's body ended, complete or not."""
    INSIDE = "inside_event"
    """It ended in the middle of an event."""
    BROKEN = "broken"
    """The connection ended before the body did."""
    SILENT = "silent"
    """The connection ended without an answer."""
    LATE = "late"
    """A deadline ended it. A scenario cannot show that: it would have to last as long."""
    UNREAD = "unread"
    """The answer was not read: a redirect, compression, or bytes that are not HTTP. A scenario cannot show it."""


PLAYABLE = (ShapeEnd.WHOLE, ShapeEnd.INSIDE, ShapeEnd.BROKEN, ShapeEnd.SILENT)
"""The ends that a gateway can repeat at once."""


@dataclass(frozen=True, slots=True)
class ShapedEvent:
    """One event of a stream, or a run of pieces of content that differ in their texts alone."""

    kind: str
    """What it is, in closed words."""
    name: str
    """The event's name; empty for none."""
    data: str
    """Its data without content; `TEXT` stands for the text of each piece of a run."""
    count: int = 1
    characters: int = 0
    """Of a run, how long its texts are together."""


@dataclass(frozen=True, slots=True)
class ExchangeShape:
    """An answer without its content: safe to store and to send."""

    status: int
    """0 if no answer arrived."""
    headers: tuple[tuple[str, str], ...]
    """Those that a judge reads, in closed forms."""
    body: str
    """The body without content, if it was not a stream of events."""
    events: tuple[ShapedEvent, ...]
    end: ShapeEnd
    is_whole: bool = True
    """Whether the events are all of them."""

    @property
    def sequence(self) -> tuple[tuple[str, int], ...]:
        """The kinds of the events in their order, each with how many follow one another."""
        return tuple(_merged((each.kind, each.count) for each in self.events))


def _merged(kinds: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    return ((kind, sum(count for _, count in run)) for kind, run in groupby(kinds, lambda each: each[0]))
