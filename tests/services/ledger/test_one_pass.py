"""The fast pass and the rules: it accepts no line that the rules would not, and says of a run what they say."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.run.story import CODEX, MACHINE, Story, failed_at, lost_at, writing

from console.domain.ledger.actor import actor_json
from console.domain.ledger.line import CALL_ENDS, CALL_INTENDED, Line, NewLine, check_chain, line_bytes, root_of, seal
from console.domain.run.gate import Gate
from console.services.ledger.codec import CodecError, encode_event, entry_of, kind_of
from console.services.ledger.one_pass import Followed, Following, pass_over

LOG, RUN = "01K8VQVANX23YNZBZN3ZSJFQNV", "01K8VQVANZEWE22MEJK8N3KBS9"


def told(story: Story) -> list[NewLine]:
    """Return the lines of a run."""
    calls = (CALL_INTENDED, *CALL_ENDS)
    return [
        NewLine(
            kind_of(each.event),
            getattr(each.event, "gate", Gate.INSTRUCTION).value,
            1,
            encode_event(each.event),
            getattr(each.event, "call_id", None) if kind_of(each.event) in calls else None,
        )
        for each in story.entries
    ]


def passed(**kind: Any) -> Story:
    """Return a run that passed every gate."""
    story = Story(**kind).reaches(Gate.CANDIDATE)
    story.opens()
    story.says()
    return story


STORIES = {
    "of routes": told(passed()),
    "of an agent": told(passed(writer=CODEX)),
    "failed": told(failed_at(Gate.REVIEWER)),
    "lost": told(lost_at(Gate.WRITER)),
    "being written": told(writing(calls=2)),
}
KINDS = {line.kind: name for name, lines in STORIES.items() for line in lines}


def sealed(lines: list[NewLine]) -> list[Line]:
    found: list[Line] = []
    for number, line in enumerate(lines, 1):
        previous = found[-1].sha256 if found else root_of(LOG, RUN)
        found.append(
            seal(line, log_id=LOG, run_id=RUN, seq=number, at_ms=1_000 + number, actor=MACHINE, previous=previous)
        )
    return found


def row(line: Line) -> tuple[object, ...]:
    return (
        line.version, line.log_id, line.run_id, line.seq, line.at_ms, actor_json(line.actor).encode(), line.kind,
        line.gate, line.attempt, line.body, line.previous, line.sha256, line.call_id,
    )  # fmt: skip


def by_the_rules(lines: list[Line]) -> Followed | None:
    """Return what the rules say, each applied on its own; None if one does not hold."""
    following = Following(RUN)
    try:
        if check_chain(lines, run_id=RUN, log_id=LOG):
            return None
        for line in lines:
            entry = entry_of(line)
            following.take(entry.seq, entry.at_ms, line.previous, entry.event, type(entry.event))
    except (CodecError, ValueError):
        return None
    return following.end(len(lines), lines[-1].sha256)


def bodies(body: bytes) -> Iterator[bytes]:
    """Yield other spellings and other contents of a line's body."""
    read = json.loads(body)
    yield body + b" "
    yield body.replace(b",", b", ", 1)
    yield json.dumps(dict(reversed(read.items())), separators=(",", ":")).encode()
    yield body[:-1] + (b',"zz":1}' if read else b'"zz":1}')
    for name, value in read.items():
        rest = {key: each for key, each in read.items() if key != name}
        others = (None, "", "e\u0301", -1, 2**53, 1.0, True, [], {}, [None], f"{value}x")
        for changed in (rest, *({**rest, name: each} for each in others)):
            yield json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def resealed(lines: list[Line]) -> list[Line]:
    """Return lines as a forger writes them: each hash fits."""
    found: list[Line] = []
    for line in lines:
        previous = found[-1].sha256 if found else root_of(LOG, RUN)
        bare = replace(line, previous=previous, sha256="")
        found.append(replace(bare, sha256=_hash(bare)))
    return found


def _hash(line: Line) -> str:
    from hashlib import sha256

    return sha256(line_bytes(line)).hexdigest()


@pytest.mark.parametrize("story", STORIES)
def test_an_untouched_run_is_followed_as_the_rules_follow_it(story: str) -> None:
    lines = sealed(STORIES[story])
    whole = by_the_rules(lines)
    assert pass_over(map(row, lines), LOG, RUN) == whole
    assert whole is not None
    assert whole.faults == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_changed_body_is_accepted_that_the_rules_refuse(kind: str) -> None:
    whole = sealed(STORIES[KINDS[kind]])
    place = next(number for number, line in enumerate(whole) if line.kind == kind)
    refused = 0
    for body in bodies(whole[place].body):
        if body == whole[place].body:
            continue
        lines = resealed([*whole[:place], replace(whole[place], body=body), *whole[place + 1 :]])
        fast, slow = pass_over(map(row, lines), LOG, RUN), by_the_rules(lines)
        assert fast is None or fast == slow, body
        refused += fast is None or bool(fast.faults)
    assert refused, "no change was refused"


@pytest.mark.parametrize("story", STORIES)
def test_no_changed_field_is_accepted_that_the_rules_refuse(story: str) -> None:
    whole = sealed(STORIES[story])
    changes = (
        {"kind": "RunClosed"}, {"kind": "runClosed"}, {"gate": None}, {"gate": "Writer"}, {"attempt": -1},
        {"attempt": True}, {"seq": 99}, {"version": 2}, {"log_id": RUN}, {"run_id": LOG}, {"at_ms": 1.0},
        {"at_ms": 2**53}, {"call_id": "a b"}, {"call_id": ""},
    )  # fmt: skip
    for place in range(len(whole)):
        for change in changes:
            changed = replace(whole[place], **change)  # type: ignore[arg-type]  # what a file may hold
            try:
                lines = resealed([*whole[:place], changed, *whole[place + 1 :]])
            except (ValueError, TypeError):
                continue  # it has no bytes to be hashed
            fast, slow = pass_over(map(row, lines), LOG, RUN), by_the_rules(lines)
            assert fast is None or fast == slow, (place, change)
