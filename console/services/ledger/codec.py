"""The codec: turns a run's events into the ledger's bytes and back, strictly."""

import types
import typing
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, lru_cache
from typing import Annotated, Any, Final

import msgspec

from console.domain.ledger.canonical import INTEGER_LIMIT, canonical, read_canonical
from console.domain.ledger.line import Line
from console.domain.problem import Problem, ProblemKind
from console.domain.run.event import Entry, RunEvent
from console.domain.run.pinned import LATER

_EVENTS: Final[Mapping[str, Any]] = {each.__name__: each for each in typing.get_args(RunEvent)}


class CodecError(Problem):
    """A line is not an event of this version; the message says which and why, and quotes nothing of the line."""

    kind = ProblemKind.RECORD


def kind_of(event: RunEvent) -> str:
    """Return an event's name in the ledger."""
    return type(event).__name__


def encode_event(event: RunEvent) -> bytes:
    """Return an event's canonical bytes.

    Args:
        event: The event, or its form.

    Raises:
        CodecError: It holds something without a canonical form, such as a float; the message quotes none of it.

    """
    if isinstance(event, msgspec.Struct):
        return _ENCODER.encode(event)
    try:
        return canonical(_without_defaults(type(event), msgspec.to_builtins(event)))
    except ValueError as error:
        raise CodecError(f"a {kind_of(event)} cannot be stored: {error}") from None


def _without_defaults(kind: type, built: dict[str, Any]) -> dict[str, Any]:
    """Return an event's values without the later fields that have their default: older lines lack them."""
    later, nested = _later_fields(kind)
    kept = {name: value for name, value in built.items() if name not in later or value != later[name]}
    for name, inner in nested.items():
        value = kept.get(name)
        if isinstance(value, dict):
            kept[name] = _without_defaults(inner, value)
        elif isinstance(value, list | tuple):
            kept[name] = [_without_defaults(inner, each) if isinstance(each, dict) else each for each in value]
    return kept


@cache
def _later_fields(kind: type) -> tuple[Mapping[str, object], Mapping[str, type]]:
    """Return a type's later fields with their defaults as they are written, and its fields that are such types too."""
    later = {
        each.name: msgspec.to_builtins(each.default)
        for each in fields(kind)
        if each.metadata.get(LATER) and each.default is not MISSING
    }
    hints = typing.get_type_hints(kind)
    inner = {name: (hint, *typing.get_args(hint)) for name, hint in hints.items()}
    nested = {name: each for name, types in inner.items() for each in types if is_dataclass(each)}
    return later, {name: each for name, each in nested.items() if isinstance(each, type)}


def entry_of(line: Line) -> Entry:
    """Return a line with its event. Raises `CodecError` if it has none."""
    return Entry(line.seq, line.at_ms, line.actor, line.sha256, decode_event(line.kind, line.body))


def decode_event(kind: str, body: bytes) -> RunEvent:
    """Return the event in a line.

    Raises:
        CodecError: The kind is not known, a field is missing, unknown or of another type, or the bytes are not the
              ones that this event would be written as.

    """
    event = decode_spelled(kind, body)
    return _decode_any(kind, body) if event is None else event


def decode_spelled(kind: str, body: bytes) -> RunEvent | None:
    """Return the event in a line of the usual spelling, fast; None if `decode_event` must look.

    The bytes are decoded into the event's form and written again: only canonical bytes of exactly this event come back
    the same. `decode_event` says what is wrong with others.
    """
    event_type = _EVENTS.get(kind)
    if event_type is None:
        return None
    read_form, read_event = _decoders(event_type)
    try:
        if _ENCODER.encode(read_form.decode(body)) != body:
            return None
        if not (body.isascii() or unicodedata.is_normalized("NFC", body.decode())):
            return None
        return read_event.decode(body)
    except ValueError:  # msgspec's errors are of this kind
        return None


def decode_forms(lines: Sequence[tuple[str, bytes]]) -> Sequence[tuple[type[RunEvent], Any]] | None:
    """Return the events in lines of the usual spelling; None if `decode_event` must look at one of them.

    Each is given as its type and its form: an object with the name and the fields of the event, but none of its
    methods, which is decoded as strictly, in a third of the time. All are written again at once: a line feed, which
    ends each there, cannot be in canonical JSON, so each line is the same if all of them together are.

    Args:
        lines: The kind and the body of each.

    """
    try:
        read = [_reader(kind) for kind, _ in lines]
        forms = [decode(body) for (_, decode), (_, body) in zip(read, lines, strict=True)]
    except ValueError:  # not a kind, or not a body of this kind: msgspec's errors are of this kind
        return None
    written = b"\n".join([*[body for _, body in lines], b""])
    if _ENCODER.encode_lines(forms) != written:
        return None
    if not (written.isascii() or unicodedata.is_normalized("NFC", written.decode())):
        return None
    return [(kind, form) for (kind, _), form in zip(read, forms, strict=True)]


@lru_cache(maxsize=64)
def _reader(kind: str) -> tuple[type[RunEvent], Callable[[bytes], msgspec.Struct]]:
    event_type = _EVENTS.get(kind)
    if event_type is None:
        raise ValueError("not a kind of event")
    return event_type, _decoders(event_type)[0].decode


_ENCODER: Final = msgspec.json.Encoder()


@cache
def _decoders(event_type: type) -> "tuple[msgspec.json.Decoder[msgspec.Struct], msgspec.json.Decoder[RunEvent]]":
    return msgspec.json.Decoder(_form_of(event_type)), msgspec.json.Decoder(event_type)


@cache
def _form_of(kind: type) -> type[msgspec.Struct]:
    """Return a type whose values are written as `encode_event` writes those of a dataclass: sorted, nothing more."""
    later, _ = _later_fields(kind)
    hints = typing.get_type_hints(kind)
    written = [
        (each.name, _part(hints[each.name]), each.default)
        if each.name in later
        else (each.name, _part(hints[each.name]))
        for each in sorted(fields(kind), key=lambda each: each.name)
    ]
    return msgspec.defstruct(
        kind.__name__, written, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
    )


_INTEGER: Final = Annotated[int, msgspec.Meta(gt=-INTEGER_LIMIT, lt=INTEGER_LIMIT)]


def _part(hint: Any) -> Any:
    """Return the type of a field in a form."""
    if hint is int:
        return _INTEGER
    if is_dataclass(hint) and isinstance(hint, type):
        return _form_of(hint)
    arguments = tuple(each if each is Ellipsis else _part(each) for each in typing.get_args(hint))
    if typing.get_origin(hint) is types.UnionType:
        return typing.Union[arguments]  # noqa: UP007  # of a number of types that is known only here
    return tuple[arguments] if typing.get_origin(hint) is tuple else hint  # type: ignore[valid-type]  # as above


def _decode_any(kind: str, body: bytes) -> RunEvent:
    """Decode an event of any spelling, by the rules themselves: strict, and clear about what is wrong."""
    event_type = _EVENTS.get(kind)
    if event_type is None:
        raise CodecError(f"the ledger has an event that this version does not know: {kind[:40]!r}")
    try:
        event: RunEvent = msgspec.convert(read_canonical(body), type=event_type)
    except ValueError:  # not canonical JSON, or an object of another shape: msgspec's errors are of this kind
        raise CodecError(f"a line of the ledger is not a {kind}") from None
    if encode_event(event) != body:
        raise CodecError(f"a line of the ledger is not written the way a {kind} is")
    return event
