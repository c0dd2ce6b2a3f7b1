"""Canonical JSON: each value has exactly one encoding (RFC 8785, JCS), so every language produces the same bytes.

Numbers are integers below 2**53 and keys are ASCII. Within these bounds, ordinary JSON libraries sort and encode
exactly as JCS does.
"""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, NoReturn

INTEGER_LIMIT = 2**53
"""Integers must be strictly between its negative and itself: every JSON library reads these exactly."""
DEPTH_LIMIT = 32
"""The maximum nesting depth."""


def canonical(value: object) -> bytes:
    """Return the canonical bytes of a value.

    Args:
        value: None, booleans, integers, strings, and lists, tuples and dictionaries of these.

    Raises:
        ValueError: It contains something without a unique encoding: a float, a large integer, a key that is not ASCII,
            text that is not in Unicode form NFC or has half a surrogate pair, or deeper nesting. The message never
            contains the value.

    """
    _require_plain(value, DEPTH_LIMIT)
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _require_plain(value: object, depth: int) -> None:
    match value:
        case None | bool():
            return
        case str():
            require_text(value)
        case int():
            if not -INTEGER_LIMIT < value < INTEGER_LIMIT:
                raise ValueError("an integer is 2**53 or more; not every JSON library reads that exactly")
        case float():
            raise ValueError("a float has no unique encoding; store an integer in a smaller unit")
        case dict():
            _require_depth(depth)
            for key, inner in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise ValueError("a key is not ASCII text")
                _require_plain(inner, depth - 1)
        case list() | tuple():
            _require_depth(depth)
            for inner in value:
                _require_plain(inner, depth - 1)
        case _:
            raise ValueError(f"a value of type {type(value).__name__} is not JSON")


def _require_depth(depth: int) -> None:
    if depth == 0:
        raise ValueError(f"it is nested deeper than {DEPTH_LIMIT} levels")


def require_text(text: str) -> None:
    """Refuse text that has no unique encoding.

    Raises:
        ValueError: It is not in Unicode form NFC, or has half a surrogate pair.

    """
    if text.isascii():
        return
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a text has half a surrogate pair")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("a text is not in Unicode form NFC")


def read_canonical(data: bytes) -> dict[str, Any]:
    """Read one object from its canonical bytes.

    Raises:
        ValueError: These are not the canonical bytes of one object.

    """
    try:
        value = _DECODER.decode(data.decode())
    except RecursionError:
        raise ValueError(f"it is nested deeper than {DEPTH_LIMIT} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"invalid JSON at byte {error.pos}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"invalid UTF-8 at byte {error.start}") from None
    if type(value) is not dict:
        raise ValueError("it is not a JSON object")
    if canonical(value) != data:
        raise ValueError("it is JSON, but not in canonical form")
    return value


def _refuse(_: str) -> NoReturn:
    raise ValueError("a float has no unique encoding; store an integer in a smaller unit")


def _read_integer(digits: str) -> int:
    if len(digits) > 17:
        raise ValueError("an integer is 2**53 or more; not every JSON library reads that exactly")
    return int(digits)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError("an object has the same key twice")
        found[key] = value
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse, parse_int=_read_integer
)
