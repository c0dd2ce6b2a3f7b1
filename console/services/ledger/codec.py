"""The codec: a run's events to the bytes that the ledger keeps, and back, strictly."""

import json
import typing
from typing import Final

import msgspec

from console.domain.run_event import RunEvent

_EVENTS: Final = {each.__name__: each for each in typing.get_args(RunEvent)}


class CodecError(ValueError):
    """A line holds no event of this version; the message says which and why, and nothing of the line."""


def kind_of(event: RunEvent) -> str:
    """Return the name that an event has in the ledger."""
    return type(event).__name__


def encode_event(event: RunEvent) -> bytes:
    """Return an event's canonical bytes: JSON with sorted keys, without spaces and without floats."""
    value = msgspec.to_builtins(event)
    _require_whole(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


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
        event: RunEvent = msgspec.convert(msgspec.json.decode(body), type=event_type)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise CodecError(f"a line of the ledger is no {kind}") from None
    if encode_event(event) != body:
        raise CodecError(f"a line of the ledger is not as a {kind} is written")
    return event


def _require_whole(value: object) -> None:
    """Refuse a float: it is written differently by different languages, so that no hash of it would hold."""
    match value:
        case float():
            raise CodecError("a record has no floats")
        case dict():
            for each in value.values():
                _require_whole(each)
        case list() | tuple():
            for each in value:
                _require_whole(each)
        case _:
            return
