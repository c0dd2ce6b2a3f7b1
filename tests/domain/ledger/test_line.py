"""Lines of the ledger: their bytes, their hashes, and what a chain of them shows and does not show."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.ledger.actor import Actor, ActorKind, actor_id
from console.domain.ledger.canonical import canonical
from console.domain.ledger.line import (
    BODY_LIMIT,
    ChainFault,
    Line,
    NewLine,
    check_chain,
    line_bytes,
    line_from_json,
    line_to_json,
    root_of,
    seal,
)

LOG, RUN, OTHER = (f"01ARZ3NDEK000000000000000{digit}" for digit in "ABC")
ANN = Actor(ActorKind.OPERATOR, "ann", "SHA256:" + "Ab1+/" * 8 + "xyz", "0123456789ab")
SCORE = NewLine("ReviewScored", "reviewer", 2, b'{"total":88}')
INTENT = NewLine("CallIntended", "writer", 1, b'{"a":"\xc3\xa9"}', "call-1")


def chain(count: int, run_id: str = RUN, log_id: str = LOG) -> list[Line]:
    lines: list[Line] = []
    previous = root_of(log_id, run_id)
    for seq in range(1, count + 1):
        new = replace(SCORE, body=canonical({"total": seq}))
        line = seal(new, log_id=log_id, run_id=run_id, seq=seq, at_ms=1_790_000_000_000, actor=ANN, previous=previous)
        lines.append(line)
        previous = line.sha256
    return lines


def resealed(line: Line, **changes: Any) -> Line:
    """Return a line with changes and the hash that fits them."""
    changed = replace(line, **changes)
    return replace(changed, sha256=hashlib.sha256(line_bytes(changed)).hexdigest())


def at(faults: tuple[ChainFault, ...]) -> list[int]:
    return [fault.seq for fault in faults]


# --- Bytes and hashes ------------------------------------------------------------------------------------------------


def test_a_lines_bytes_and_hash_are_what_any_language_computes_from_its_json() -> None:
    line = seal(INTENT, log_id=LOG, run_id=RUN, seq=3, at_ms=7, actor=ANN, previous="0" * 64)
    read = json.loads(line_to_json(line))
    assert read.pop("sha256") == line.sha256
    plain = json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert plain == line_bytes(line)
    assert hashlib.sha256(plain).hexdigest() == line.sha256
    assert read == {
        "version": 1, "log_id": LOG, "run_id": RUN, "seq": 3, "at_ms": 7, "kind": "CallIntended", "gate": "writer",
        "attempt": 1, "call_id": "call-1", "body": {"a": "é"}, "previous": "0" * 64,
        "actor": {"kind": "operator", "id": "ann", "key_fingerprint": ANN.key_fingerprint, "host": "0123456789ab"},
    }  # fmt: skip


def test_the_bytes_of_a_line_never_change() -> None:
    """A ledger that was written by an earlier console still verifies: this hash is not to be updated."""
    (line,) = chain(1)
    assert line.sha256 == "fe263c067e3ae0de356d560e0ceed0e9965f11c7c34aea674e4db8f91775cf2b"


def test_the_first_line_follows_a_root_that_only_its_run_has() -> None:
    (line,) = chain(1)
    assert line.previous == hashlib.sha256(f"gateway-console/run/v1\n{LOG}\n{RUN}\n".encode()).hexdigest()
    assert len({root_of(LOG, RUN), root_of(LOG, OTHER), root_of(OTHER, RUN)}) == 3


@given(st.sampled_from([SCORE, INTENT, NewLine("RunStopped", None, 0, b"{}")]), st.integers(1, 2**53 - 1))
def test_a_line_of_jsonl_is_read_back(new: NewLine, number: int) -> None:
    line = seal(new, log_id=LOG, run_id=RUN, seq=number, at_ms=number, actor=ANN, previous="0" * 64)
    assert line_from_json(line_to_json(line)) == line


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2}, {"version": True}, {"version": None}, {"log_id": "x"}, {"run_id": 7}, {"seq": 0}, {"seq": "1"},
        {"seq": True}, {"at_ms": -1}, {"at_ms": None}, {"kind": "reviewScored"}, {"kind": None}, {"gate": ""},
        {"gate": "../x"}, {"attempt": -1}, {"attempt": False}, {"call_id": ""}, {"call_id": "a b"}, {"body": []},
        {"body": "{}"}, {"body": None}, {"previous": "0"}, {"sha256": "A" * 64}, {"sha256": None}, {"actor": None},
        {"actor": {}}, {"actor": {"kind": "robot", "id": "a", "key_fingerprint": None, "host": None}},
        {"actor": {"kind": ["console"], "id": "a", "key_fingerprint": None, "host": None}},
        {"actor": {"kind": "console", "id": 7, "key_fingerprint": None, "host": None}}, {"more": 1},
    ],
)  # fmt: skip
def test_what_is_not_a_line_is_not_read(changes: dict[str, object]) -> None:
    fields = json.loads(line_to_json(chain(1)[0]))
    with pytest.raises(ValueError, match=r"."):
        line_from_json(canonical({**fields, **changes}))


@pytest.mark.parametrize("name", sorted(json.loads(line_to_json(chain(1)[0]))))
def test_a_line_without_a_field_is_not_read(name: str) -> None:
    fields = json.loads(line_to_json(chain(1)[0]))
    del fields[name]
    with pytest.raises(ValueError, match="must have exactly the fields"):
        line_from_json(canonical(fields))


def test_another_spelling_of_a_line_is_not_read() -> None:
    data = line_to_json(chain(1)[0])
    for other in (data + b"\n", data.replace(b":", b": ", 1), data[:-1], b"", b"[]"):
        with pytest.raises(ValueError, match=r"."):
            line_from_json(other)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("", "writer", 1, b"{}"), "kind"),
        (("gateDecided", "writer", 1, b"{}"), "kind"),
        (("Gate Decided", "writer", 1, b"{}"), "kind"),
        (("ReviewScored\n", "writer", 1, b"{}"), "kind"),
        (("ReviewScored", "Writer", 1, b"{}"), "gate"),
        (("ReviewScored", "writer", -1, b"{}"), "attempt"),
        (("ReviewScored", "writer", 2**53, b"{}"), "attempt"),
        (("ReviewScored", "writer", True, b"{}"), "attempt"),
        (("ReviewScored", "writer", 1, b'{"a": 1}'), "canonical"),
        (("ReviewScored", "writer", 1, b"[]"), "object"),
        (("ReviewScored", "writer", 1, b'{"a":1.5}'), "float"),
        (("ReviewScored", "writer", 1, canonical({"a": "x" * BODY_LIMIT})), "larger"),
        (("GateDecided", None, 1, b"{}"), "must name its gate"),
        (("CallIntended", "writer", 1, b"{}"), "must name the call"),
        (("CallLost", "writer", 1, b"{}"), "must name the call"),
        (("CallIntended", "writer", 1, b"{}", "a/b"), "call's id"),
    ],
)
def test_an_event_that_cannot_be_kept_is_refused(parts: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NewLine(*parts)


@pytest.mark.parametrize(
    "parts",
    [
        ("",), ("a b",), ("ann\n",), ("-rf",), ("a" * 65,), ("ånn",), (None,), ("ann", "SHA256:short"),
        ("ann", "MD5:00"), ("ann", None, "machine.example"), ("ann", None, "0123456789AB"),
    ],
)  # fmt: skip
def test_an_actor_of_another_form_is_refused(parts: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Actor(ActorKind.OPERATOR, *parts)


@given(st.text())
def test_any_name_has_a_form_that_an_actor_can_have(name: str) -> None:
    assert Actor(ActorKind.OPERATOR, actor_id(name)).id == actor_id(name)


def test_a_name_that_fits_is_kept() -> None:
    assert actor_id("ann.lee+ci@example.org") == "ann.lee+ci@example.org"
    assert actor_id("TEAM\\ann lee") == "TEAM_ann_lee"
    assert actor_id("") == actor_id("-") == "_"


@pytest.mark.parametrize("changes", [{"log_id": "x"}, {"run_id": ""}, {"seq": 0}, {"at_ms": -1}, {"previous": "0"}])
def test_a_line_without_a_place_is_not_sealed(changes: dict[str, Any]) -> None:
    place: dict[str, Any] = {"log_id": LOG, "run_id": RUN, "seq": 1, "at_ms": 0, "previous": "0" * 64}
    with pytest.raises(ValueError, match=r"."):
        seal(SCORE, actor=ANN, **{**place, **changes})


# --- The chain -------------------------------------------------------------------------------------------------------


def test_a_chain_that_was_left_alone_has_no_fault() -> None:
    assert check_chain(chain(5)) == ()
    assert check_chain(chain(5), run_id=RUN, log_id=LOG) == ()
    assert check_chain([]) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"at_ms": 1}, {"actor": replace(ANN, id="bob")}, {"kind": "GateDecided"}, {"gate": "critic"}, {"gate": None},
        {"attempt": 1}, {"body": b'{"total":99}'}, {"body": b'{"total":3}, '}, {"call_id": "x"}, {"version": 2},
        {"sha256": "0" * 64},
    ],
)  # fmt: skip
def test_an_edited_line_is_found_at_its_place(changes: dict[str, Any]) -> None:
    lines = chain(5)
    lines[2] = replace(lines[2], **changes)
    assert ChainFault(3, "it was edited: its content does not match its hash") in check_chain(lines)


def test_a_line_that_was_edited_and_hashed_anew_is_found_at_the_next() -> None:
    lines = chain(5)
    lines[2] = resealed(lines[2], body=b'{"total":99}')
    (fault,) = check_chain(lines)
    assert fault.seq == 4
    assert "does not follow" in fault.words


def test_bytes_that_read_as_two_fields_are_no_body() -> None:
    """Spliced in, such a body would stand for a line with other fields, under one hash."""
    lines = chain(2)
    lines[1] = resealed(lines[1], body=b'{"total":2},"call_id":"call-9"')
    assert at(check_chain(lines)) == [2]


@pytest.mark.parametrize(
    ("kept", "seq", "words"),
    [
        ([1, 2, 4, 5], 4, "line 3 is missing before it"),
        ([1, 5], 5, "lines 2 to 4 are missing before it"),
        ([2, 3], 2, "line 1 is missing before it"),
        ([1, 2, 2, 3], 2, "it is out of order: line 3 should be here"),
        ([1, 3, 2], 2, "it is out of order: line 4 should be here"),
    ],
)
def test_lines_that_were_taken_out_or_moved_are_found(kept: list[int], seq: int, words: str) -> None:
    lines = chain(5)
    assert ChainFault(seq, words) in check_chain([lines[number - 1] for number in kept])


def test_lines_that_took_each_others_number_are_found() -> None:
    lines = chain(4)
    lines[1], lines[2] = replace(lines[2], seq=2), replace(lines[1], seq=3)
    assert {2, 3} <= set(at(check_chain(lines)))


def test_a_line_of_another_run_is_found() -> None:
    lines, others = chain(4), chain(4, OTHER)
    lines[2] = others[2]
    assert ChainFault(3, "it belongs to another run") in check_chain(lines)
    lines[2] = resealed(others[2], run_id=RUN, previous=lines[1].sha256, at_ms=1)
    assert at(check_chain(lines)) == [4]


def test_a_run_that_stands_in_anothers_place_is_found() -> None:
    assert 1 in at(check_chain(chain(3, OTHER), run_id=RUN))
    assert ChainFault(1, "it belongs to another ledger") in check_chain(chain(3, RUN, OTHER), log_id=LOG)
    relabelled = [replace(line, run_id=RUN) for line in chain(3, OTHER)]
    assert {1, 2, 3} <= set(at(check_chain(relabelled)))


def test_a_chain_alone_does_not_show_a_missing_end_or_a_whole_rewrite() -> None:
    """What only a head that was kept elsewhere can show: this is a limit, not a promise."""
    lines = chain(5)
    assert check_chain(lines[:3]) == ()
    rewritten = [resealed(lines[0], body=b'{"total":0}')]
    for line in lines[1:]:
        rewritten.append(resealed(line, previous=rewritten[-1].sha256))
    assert check_chain(rewritten) == ()
    assert rewritten[-1].sha256 != lines[-1].sha256


BROKEN = st.none() | st.integers() | st.text(max_size=3) | st.just("\ud800") | st.binary(max_size=3) | st.just(10**30)


@examples(300)
@given(st.data())
def test_checking_is_total(data: st.DataObject) -> None:
    """Whatever a line holds, checking finds fault with it and raises nothing."""
    lines = chain(3)
    place = data.draw(st.integers(0, 2))
    fields = (
        "version",
        "log_id",
        "run_id",
        "at_ms",
        "kind",
        "gate",
        "attempt",
        "previous",
        "sha256",
        "call_id",
        "body",
    )
    name = data.draw(st.sampled_from(fields))
    value = data.draw(BROKEN if name != "body" else st.binary(max_size=20))
    if value == getattr(lines[place], name):
        return
    lines[place] = replace(lines[place], **{name: value})
    assert place + 1 in at(check_chain(lines, run_id=RUN, log_id=LOG))
