"""The codec: an event has one spelling, and nothing else is read as one."""

import json
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.errors.category import Category
from console.domain.ledger.actor import Actor, ActorKind
from console.domain.ledger.canonical import canonical
from console.domain.record.projection import record_of
from console.domain.routes.role import Role
from console.domain.run.call_event import CallLost
from console.domain.run.event import (
    CommandRun,
    Entry,
    GateOpened,
    RunBlocked,
    RunClosed,
    RunEvent,
    RunStopped,
    StopCause,
)
from console.domain.run.fold import apply
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.independence import UnprovenPolicy
from console.domain.run.pinned import LATER
from console.domain.run.state import RunState, RunStatus
from console.domain.run.transition import why_not_follow
from console.services.ledger.codec import CodecError, decode_event, decode_spelled, encode_event, kind_of

OLDER = Path(__file__).parents[2] / "data" / "ledger_lines_2026_12_01.jsonl"
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
    later = {each.name for each in fields(_TYPES[kind]) if each.metadata.get(LATER)}
    damaged += [{key: value for key, value in read.items() if key != name} for name in read if name not in later]
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


def test_defaults_are_written_out_but_for_fields_that_older_lines_lack() -> None:
    event = RunStopped(StopCause.CALL, Category.TIMEOUT)
    assert set(json.loads(encode_event(event))) == {each.name for each in fields(event) if not each.metadata.get(LATER)}
    assert any(each.default is not MISSING for each in fields(event))
    assert encode_event(RunClosed()) == b"{}"


# --- Lines of older versions -----------------------------------------------------------------------------------------


def _older_lines() -> list[dict[str, str]]:
    """Return the lines of two runs as version 0.1 wrote them on 2026-12-01, before any later field."""
    return [json.loads(line) for line in OLDER.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("line", _older_lines(), ids=lambda line: f"{line['run']} {line['kind']}")
def test_a_line_of_an_older_version_is_read_and_written_as_it_was(line: dict[str, str]) -> None:
    body = line["body"].encode()
    assert encode_event(decode_event(line["kind"], body)) == body


@pytest.mark.parametrize(("run", "status"), [("sealed", RunStatus.CLOSED), ("moved and stopped", RunStatus.STOPPED)])
def test_a_run_of_an_older_version_folds_to_its_end(run: str, status: RunStatus) -> None:
    state, actor = RunState("01J0000000000000000000000A"), Actor(ActorKind.OPERATOR, "ann")
    for seq, line in enumerate((line for line in _older_lines() if line["run"] == run), 1):
        event = decode_event(line["kind"], line["body"].encode())
        assert why_not_follow(state, event) is None
        state = apply(state, Entry(seq, seq, actor, f"{seq:064d}", event))
    record = record_of(state)
    assert (state.status, record.status, len(record.calls)) == (status, status, len(state.calls))
    assert state.created is not None
    assert state.created.policy.unproven_independence is UnprovenPolicy.ASK


@pytest.mark.parametrize("kind", sorted(_TYPES))
def test_a_later_field_has_a_default(kind: str) -> None:
    """Older lines lack it, also in the types that a field or a list of the event holds."""

    def inner(annotation: object) -> Iterator[type]:
        if isinstance(annotation, type) and is_dataclass(annotation):
            yield annotation
            for hint in typing.get_type_hints(annotation).values():
                yield from inner(hint)
        for each in typing.get_args(annotation):
            yield from inner(each)

    later = [one for each in inner(_TYPES[kind]) for one in fields(each) if one.metadata.get(LATER)]
    assert [one.name for one in later if one.default is MISSING] == []


def test_a_later_field_in_a_list_is_left_out_while_it_has_its_default() -> None:
    old, new = CommandRun("check 1", 0, 7, is_passed=True), CommandRun("check 2", 1, 7, False, "f" * 64)
    opened = GateOpened(Gate.WRITER, 1, GateVerdict.READY, commands=(old, new))
    body = encode_event(opened)
    commands = json.loads(body)["commands"]
    assert [sorted(each) for each in commands] == [
        ["duration_ms", "exit_code", "is_passed", "name"],
        ["duration_ms", "exit_code", "is_passed", "name", "output_sha256"],
    ]
    assert decode_spelled("GateOpened", body) == decode_event("GateOpened", body) == opened
