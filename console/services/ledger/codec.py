"""The codec: a run's events to the bytes that the ledger keeps, and back, strictly."""

import typing
from typing import Final

import msgspec

from console.domain.ledger.canonical import canonical, read_canonical
from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import RunEvent

_EVENTS: Final = {each.__name__: each for each in typing.get_args(RunEvent)}


class CodecError(Problem):
    """A line holds no event of this version; the message says which and why, and nothing of the line."""

    kind = ProblemKind.RECORD


def kind_of(event: RunEvent) -> str:
    """Return the name that an event has in the ledger."""
    return type(event).__name__


def encode_event(event: RunEvent) -> bytes:
    """Return an event's canonical bytes.

    Raises:
        CodecError: It holds what has no canonical form, such as a float; the message holds nothing of it.

    """
    try:
        return canonical(msgspec.to_builtins(event))
    except ValueError as error:
        raise CodecError(f"a {kind_of(event)} cannot be kept: {error}") from None


def decode_event(kind: str, body: bytes) -> RunEvent:
    """Return the event in a line.

    Raises:
        CodecError: The kind is not known, a field is missing, unknown or of another type, or the bytes are not the
            ones that this event would be written as.

    """
    event_type = _EVENTS.get(kind)
    if event_type is None:
        raise CodecError(f"the ledger has an event that this version does not know: {kind[:40]!r}")
    try:
        event: RunEvent = msgspec.convert(read_canonical(body), type=event_type)
    except ValueError:  # no canonical JSON, or another form of object: msgspec's errors are of this kind
        raise CodecError(f"a line of the ledger is no {kind}") from None
    if encode_event(event) != body:
        raise CodecError(f"a line of the ledger is not as a {kind} is written")
    return event
