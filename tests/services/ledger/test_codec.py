"""The codec: an event has one spelling, and nothing else is read as one."""

import json
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.errors.category import Category
from console.domain.ledger.canonical import canonical
from console.domain.routes.role import Role
from console.domain.run.event import CallLost, RunBlocked, RunClosed, RunEvent, RunStopped, StopCause
from console.domain.run.gate import Gate
from console.services.ledger.codec import CodecError, decode_event, encode_event, kind_of

_TYPES: dict[str, type] = {each.__name__: each for each in typing.get_args(RunEvent)}
_TEXTS = st.text(st.characters(codec="ascii"), max_size=20) | st.sampled_from(["caf\u00e9", "\u4f5c\u4e3a", "\u2028"])
_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)


def _values(annotation: object) -> st.SearchStrategy[object]:
    """Return values of a field's type."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is types.UnionType:
        return st.one_of([_values(each) for each in arguments])
    if typing.get_origin(annotation) is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(_values(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(_values, arguments))
    assert isinstance(annotation, type)
    if is_dataclass(annotation):
        hints = typing.get_type_hints(annotation)
        return st.builds(annotation, **{each.name: _values(hints[each.name]) for each in fields(annotation)})
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    return {str: _TEXTS, int: _NUMBERS, bool: st.booleans(), types.NoneType: st.none()}[annotation]


@pytest.mark.parametrize("kind", sorted(_TYPES))
@examples(25)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    event: RunEvent = data.draw(_values(_TYPES[kind]))  # type: ignore[assignment]  # of the drawn kind
    body = encode_event(event)
    assert kind_of(event) == kind
    assert decode_event(kind, body) == event
    assert canonical(json.loads(body)) == body


@pytest.mark.parametrize("kind", sorted(_TYPES))
@examples(10)
@given(data=st.data())
def test_a_field_that_is_missing_unknown_or_of_another_type(kind: str, data: st.DataObject) -> None:
    event: RunEvent = data.draw(_values(_TYPES[kind]))  # type: ignore[assignment]  # of the drawn kind
    read = json.loads(encode_event(event))
    damaged = [{**read, "prompt": "text"}]
    damaged += [{key: value for key, value in read.items() if key != name} for name in read]
    damaged += [{**read, name: {"an": "object"}} for name in read]
    damaged += [{**read, name: [[[]]]} for name in read]
    for value in damaged:
        with pytest.raises(CodecError):
            decode_event(kind, canonical(value))


_LOST = encode_event(CallLost("call-1", Role.WRITER))


@pytest.mark.parametrize("kind", ["", "Nothing", "callLost", "RunEvent", "Entry", "x" * 10_000])
def test_an_unknown_kind(kind: str) -> None:
    with pytest.raises(CodecError, match="does not know") as caught:
        decode_event(kind, _LOST)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"call_id":"call-1","role":"writer"} ',
        b' {"call_id":"call-1","role":"writer"}',
        b'{"call_id":"call-1", "role":"writer"}',
        b'{"role":"writer","call_id":"call-1"}',
        b'{"call_id":"call-1","call_id":"call-1","role":"writer"}',
        b'{"call_id":"call\\u002d1","role":"writer"}',
        b'{"call_id":"call-1","role":"author"}',
        b'{"call_id":1,"role":"writer"}',
        b'{"call_id":null,"role":"writer"}',
        b'{"call_id":"cafe\xcc\x81","role":"writer"}',
        b'{"call_id":' + b"[" * 100_000 + b"]" * 100_000 + b',"role":"writer"}',
        _LOST[:-1],
        _LOST + _LOST,
    ],
    ids=lambda body: ascii(body[:40]),
)
def test_bytes_that_no_event_is_written_as(body: bytes) -> None:
    assert decode_event("CallLost", _LOST) == CallLost("call-1", Role.WRITER)
    with pytest.raises(CodecError) as caught:
        decode_event("CallLost", body)
    assert "call-1" not in str(caught.value)
    assert "author" not in str(caught.value)


def test_a_line_of_another_kind() -> None:
    with pytest.raises(CodecError, match="RunBlocked"):
        decode_event("RunBlocked", _LOST)


@pytest.mark.parametrize(
    "number", ["1.0", "1e0", "-0", "NaN", "Infinity", "true", '"1"', "9007199254740992", "9" * 5000]
)
def test_a_number_that_is_not_whole_or_too_large_is_not_read(number: str) -> None:
    body = encode_event(RunBlocked(Gate.WRITER, 1)).replace(b'"attempt":1', f'"attempt":{number}'.encode())
    with pytest.raises(CodecError):
        decode_event("RunBlocked", body)


@pytest.mark.parametrize("value", [1.0, 1.5, float("nan"), float("inf"), 2**53, -(2**53), 10**400])
def test_a_number_that_is_not_whole_or_too_large_is_not_written(value: float) -> None:
    event = RunBlocked(Gate.WRITER, value)  # type: ignore[arg-type]  # what a mistake of ours would give
    with pytest.raises(CodecError, match="RunBlocked cannot be stored"):
        encode_event(event)


@pytest.mark.parametrize("text", ["cafe\u0301 canary", "canary \ud800"])
def test_text_without_one_spelling_is_not_written_and_not_said(text: str) -> None:
    with pytest.raises(CodecError) as caught:
        encode_event(RunStopped(StopCause.OPERATOR, reason=text))
    assert "canary" not in str(caught.value)


def test_defaults_are_written_out() -> None:
    event = RunStopped(StopCause.CALL, Category.TIMEOUT)
    assert set(json.loads(encode_event(event))) == {each.name for each in fields(event)}
    assert any(each.default is not MISSING for each in fields(event))
    assert encode_event(RunClosed()) == b"{}"
