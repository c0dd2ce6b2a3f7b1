"""Reading JSON of unknown shape: every getter accepts anything and never raises."""

from collections.abc import Sequence

import msgspec

_COUNT_LIMIT = 2**53


def decode(data: bytes | str) -> object | None:
    """Decode JSON from outside; None if it is not JSON, nested too deeply or not UTF-8."""
    try:
        value: object = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return value


def is_cut_json(data: bytes) -> bool:
    """Return whether a text begins as JSON and is not whole."""
    return data.lstrip().startswith((b"{", b"[", b'"')) and decode(data) is None


def encode(value: object) -> bytes:
    """Encode a request body."""
    return msgspec.json.encode(value)


def value_at(value: object, *path: str | int) -> object | None:
    """Return the value at a path of keys and indexes; None if there is none."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def text_at(value: object, *path: str | int) -> str | None:
    """Return the text at a path, or None."""
    found = value_at(value, *path)
    return found if isinstance(found, str) else None


def count_at(value: object, *path: str | int) -> int | None:
    """Return the non-negative integer at a path, or None; a float without a fraction counts as an integer."""
    found = value_at(value, *path)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < _COUNT_LIMIT:
        return None
    return found


def list_at(value: object, *path: str | int) -> Sequence[object]:
    """Return the list at a path, or an empty one."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else ()


def word_at(value: object, key: str) -> str:
    """Return a code, type or message as text, whatever its JSON type; empty if there is none."""
    found = value_at(value, key)
    if isinstance(found, bool) or found is None:
        return ""
    return str(found) if isinstance(found, str | int) else ""
