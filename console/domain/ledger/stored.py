"""Stored lines, checked in one pass: the exact bytes that a line was hashed from, without reading them.

`follow` accepts only what `check_chain` accepts, and says nothing about the rest: `check_chain` says what is wrong.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from console.domain.ledger.actor import Actor, actor_from, actor_json
from console.domain.ledger.canonical import INTEGER_LIMIT, read_canonical
from console.domain.ledger.line import LINE_VERSION, root_of
from console.domain.ledger.ulid import is_run_id

StoredLine = tuple[int, str, str, int, int, bytes, str, str | None, int, bytes, str, str, str | None]
"""A line's fields in the order of `Line`; the actor is its canonical JSON."""
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,63}")
_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def follower(log_id: str, run_id: str) -> Callable[[StoredLine], Actor | None]:
    """Return a function that takes the lines of a run in order, and returns the author of each.

    It returns None for a line that is not known to be whole and the next one; the lines after it are not judged. It
    reads neither the body nor its form: whoever calls it makes sure that the body is the canonical JSON of one object.

    Args:
        log_id: The ledger's id.
        run_id: The run's id.

    """
    if not (is_run_id(log_id) and is_run_id(run_id)):
        return lambda _: None
    before, count = root_of(log_id, run_id), 0
    ids = b'"log_id":"%b","previous":"' % log_id.encode()
    rear = b'","run_id":"%b","seq":' % run_id.encode()

    def follow(row: StoredLine) -> Actor | None:
        nonlocal before, count
        version, log, run, seq, at_ms, author, kind, gate, attempt, body, previous, own, call_id = row
        if (version, log, run, seq, previous) != (LINE_VERSION, log_id, run_id, count + 1, before):
            return None
        if not (type(version) is type(seq) is int and type(author) is type(body) is bytes):
            return None  # SQLite keeps whatever is in the file: a 1.0 would be written as the 1 that was hashed
        actor, front = _actor(author)
        labels = _labels(gate, kind)
        if actor is None or labels is None or not (_is_count(at_ms) and _is_count(attempt)):
            return None
        if call_id is None:
            call = b"null"
        elif _is_call_id(call_id):
            call = b'"%b"' % call_id.encode()
        else:
            return None
        data = b'%b%d,"attempt":%d,"body":%b,"call_id":%b%b%b%b%b%d,"version":1}' % (
            front, at_ms, attempt, body, call, labels, ids, previous.encode(), rear, seq,
        )  # fmt: skip
        if sha256(data).hexdigest() != own:
            return None
        before, count = own, seq
        return actor

    return follow


def _is_call_id(text: object) -> bool:
    return isinstance(text, str) and _CALL_ID.fullmatch(text) is not None


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < INTEGER_LIMIT


@lru_cache(maxsize=256)
def _actor(author: bytes) -> tuple[Actor | None, bytes]:
    """Return an author, with the beginning of the lines that they write; None if it is not one."""
    try:
        actor = actor_from(read_canonical(author))
    except (ValueError, TypeError):
        return None, b""
    return actor, b'{"actor":%b,"at_ms":' % actor_json(actor).encode()


@lru_cache(maxsize=1024)
def _labels(gate: object, kind: object) -> bytes | None:
    """Return the part of a line that names its gate and kind; None if they do not have the form of names."""
    if not (isinstance(kind, str) and _NAME.fullmatch(kind)):
        return None
    if gate is None:
        return b',"gate":null,"kind":"%b",' % kind.encode()
    if not (isinstance(gate, str) and _NAME.fullmatch(gate)):
        return None
    return b',"gate":"%b","kind":"%b",' % (gate.encode(), kind.encode())
