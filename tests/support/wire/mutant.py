"""Mutants: a good stream or body with one small, named fault, and the case of the assertion that has to notice it."""

import copy
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from support.wire.golden import DONE

from console.domain.routes.family import EndpointFamily
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseEvent

GONE = object()
"""Stands for a value that is taken away."""


@dataclass(slots=True)
class Event:
    """A frame that can be changed."""

    name: str
    value: Any
    """The decoded data; the text itself where it is not JSON."""

    @property
    def kind(self) -> str:
        """The type in its data."""
        return str(self.value.get("type", "")) if isinstance(self.value, dict) else ""


Change = Callable[[list[Event]], None]
Where = str | int
"""The type of an event, of which the first one is meant, or its position."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A stream with a fault."""

    name: str
    family: EndpointFamily
    base: tuple[SseEvent, ...]
    frames: tuple[SseEvent, ...]
    noticed_by: tuple[str, str]
    """The assertion's id and the name of its case."""
    expected: Expectation = NOTHING


@dataclass(frozen=True, slots=True)
class BodyMutant:
    """A whole body with a fault."""

    name: str
    family: EndpointFamily
    base: dict[str, Any]
    body: dict[str, Any]
    noticed_by: tuple[str, str]
    expected: Expectation = NOTHING


def mutated(frames: Iterable[SseEvent], *changes: Change, renumber: bool) -> tuple[SseEvent, ...]:
    """Apply changes to a stream; numbered again, so that a fault is not noticed by its sequence numbers alone."""
    events = [Event(frame.name, frame.data if frame == DONE else json.loads(frame.data)) for frame in frames]
    for change in changes:
        change(events)
    if renumber:
        for number, event in enumerate(event for event in events if isinstance(event.value, dict)):
            event.value["sequence_number"] = number
    return tuple(
        SseEvent(event.name, event.value if isinstance(event.value, str) else json.dumps(event.value))
        for event in events
    )


def edited(body: dict[str, Any], path: tuple[str | int, ...], to: object) -> dict[str, Any]:
    """Return a body with one value replaced, or taken away."""
    changed = copy.deepcopy(body)
    _put(changed, path, to)
    return changed


def edit(where: Where, *path: str | int, to: object, nth: int = 0) -> Change:
    """Replace one value of an event, or take it away."""

    def change(events: list[Event]) -> None:
        _put(events[_find(events, where, nth)].value, path, to)

    return change


def drop(where: Where, nth: int = 0) -> Change:
    """Leave an event out."""

    def change(events: list[Event]) -> None:
        del events[_find(events, where, nth)]

    return change


def double(where: Where, nth: int = 0) -> Change:
    """Send an event twice."""

    def change(events: list[Event]) -> None:
        position = _find(events, where, nth)
        events.insert(position, copy.deepcopy(events[position]))

    return change


def cut(where: Where, nth: int = 0) -> Change:
    """End the stream before an event."""

    def change(events: list[Event]) -> None:
        del events[_find(events, where, nth) :]

    return change


def insert(frame: SseEvent, before: Where) -> Change:
    """Put a frame before an event; at the end where the position is that of the end."""

    def change(events: list[Event]) -> None:
        position = before if isinstance(before, int) else _find(events, before, 0)
        position = len(events) if position == END else position
        value = frame.data if frame == DONE or not frame.data.startswith(("{", "[")) else json.loads(frame.data)
        events.insert(position, Event(frame.name, value))

    return change


END = 10_000
"""The position after the last event."""


def move(where: Where, before: Where) -> Change:
    """Send an event earlier."""

    def change(events: list[Event]) -> None:
        event = events.pop(_find(events, where, 0))
        events.insert(_find(events, before, 0), event)

    return change


def rename(where: Where, name: str, nth: int = 0) -> Change:
    """Give an event another name than its type."""

    def change(events: list[Event]) -> None:
        events[_find(events, where, nth)].name = name

    return change


def everywhere(key: str, to: Callable[[int], object]) -> Change:
    """Set a key in every event, by its position; leave it out where there is no value for it."""

    def change(events: list[Event]) -> None:
        for position, event in enumerate(events):
            if isinstance(event.value, dict):
                _put(event.value, (key,), to(position))

    return change


def _find(events: list[Event], where: Where, nth: int) -> int:
    if isinstance(where, int):
        return where
    return [position for position, event in enumerate(events) if event.kind == where][nth]


def _put(value: Any, path: tuple[str | int, ...], to: object) -> None:
    *way, last = path
    for step in way:
        value = value[step]
    if to is GONE:
        value.pop(last, None)
    else:
        value[last] = to
