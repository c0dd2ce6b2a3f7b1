"""Stored lines, checked in one pass: the exact bytes that a line was hashed from, without reading them.

A follower accepts only what `check_chain` accepts, and says nothing about the rest: `check_chain` says what is wrong.
"""

import re
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256

from console.domain.ledger.actor import actor_from, actor_json
from console.domain.ledger.canonical import INTEGER_LIMIT, read_canonical
from console.domain.ledger.line import LINE_VERSION, root_of
from console.domain.ledger.ulid import is_run_id

StoredLine = tuple[int, str, str, int, int, bytes, str, str | None, int, bytes, str, str, str | None]
"""A line's fields in the order of `Line`; the actor is its canonical JSON."""
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,63}")
_IS_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch


def follower(log_id: str, run_id: str) -> Callable[[Sequence[StoredLine]], bool]:
    """Return a function that takes the lines of a run in order, some at a time.

    It returns whether all of them are known to be whole, and each follows the one before. After a False the lines are
    not judged. It reads neither a body nor its form: whoever calls it makes sure that it is the canonical JSON of one
    object.

    Args:
        log_id: The ledger's id.
        run_id: The run's id.

    """
    if not (is_run_id(log_id) and is_run_id(run_id)):
        return lambda _: False
    before, count = root_of(log_id, run_id), 0
    spelled = (
        b'%%b%%d,"attempt":%%d,"body":%%b,"call_id":%%b%%b,"log_id":"%b","previous":"%%b","run_id":"%b","seq":%%d'
        b',"version":%d}' % (log_id.encode(), run_id.encode(), LINE_VERSION)
    ).__mod__

    def follow(rows: Sequence[StoredLine]) -> bool:
        nonlocal before, count
        versions, logs, runs, seqs, times, authors, kinds, gates, attempts, bodies, previous, own, calls = zip(
            *rows, strict=True
        )
        size = len(rows)
        try:
            array("q", (*versions, *seqs, *times, *attempts))  # a TypeError if SQLite kept something else in the file
            called = [b"null" if each is None else _call(each) for each in calls]
            parts = zip(
                map(_front, authors), times, attempts, bodies, called, map(_labels, gates, kinds),
                map(str.encode, previous), seqs, strict=True,
            )  # fmt: skip
            hashes = [sha256(each).hexdigest() for each in map(spelled, parts)]
        except (TypeError, ValueError):  # what has no place in a line, such as text instead of bytes
            return False
        if not (
            hashes == [*own]
            and previous == (before, *own[:-1])
            and seqs == tuple(range(count + 1, count + size + 1))
            and versions.count(LINE_VERSION) == logs.count(log_id) == runs.count(run_id) == size
            and min(times) >= 0
            and min(attempts) >= 0
            and max(times) < INTEGER_LIMIT
            and max(attempts) < INTEGER_LIMIT
        ):
            return False
        before, count = own[-1], count + size
        return True

    return follow


def _call(call_id: str) -> bytes:
    """Return a call's id as it is in a line. Raises ValueError or TypeError if it is not one."""
    if _IS_CALL_ID(call_id) is None:
        raise ValueError("not a call's id")
    return b'"%b"' % call_id.encode()


@lru_cache(maxsize=256)
def _front(author: bytes) -> bytes:
    """Return the beginning of the lines that an author writes. Raises ValueError or TypeError if it is not one."""
    if type(author) is not bytes:
        raise TypeError("an author is not stored as bytes")
    return b'{"actor":%b,"at_ms":' % actor_json(actor_from(read_canonical(author))).encode()


@lru_cache(maxsize=1024)
def _labels(gate: str | None, kind: str) -> bytes:
    """Return the part of a line that names its gate and kind. Raises ValueError or TypeError if they are not names."""
    if not (_NAME.fullmatch(kind) and (gate is None or _NAME.fullmatch(gate))):
        raise ValueError("not a name")
    if gate is None:
        return b',"gate":null,"kind":"%b"' % kind.encode()
    return b',"gate":"%b","kind":"%b"' % (gate.encode(), kind.encode())
