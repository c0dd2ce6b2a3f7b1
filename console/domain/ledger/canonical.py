"""Canonical JSON: one value has one spelling, the one of RFC 8785 (JCS), so that any language gets the same bytes.

Numbers are whole and below 2**53 and keys are ASCII: within these bounds, sorting and spelling are the same in plain
JSON libraries and in JCS.
"""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, NoReturn

INTEGER_LIMIT = 2**53
"""Integers lie strictly between its negative and itself: what every JSON library reads exactly."""
DEPTH_LIMIT = 32
"""The most levels of nesting."""


def canonical(value: object) -> bytes:
    """Return a value's canonical bytes.

    Args:
        value: None, booleans, integers, strings, and lists, tuples and dictionaries of these.

    Raises:
        ValueError: It holds something without one spelling: a float, a large integer, a key that is not ASCII, text
            that is not in the Unicode form NFC or holds half a surrogate pair, or deeper nesting. The message never
            holds the value.

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
                raise ValueError("an integer is 2**53 or more, which not every JSON library reads exactly")
        case float():
            raise ValueError("a float has no one spelling; keep an integer of a smaller unit")
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
    """Refuse text that has no one spelling.

    Raises:
        ValueError: It is not in the Unicode form NFC, or holds half a surrogate pair.

    """
    if text.isascii():
        return
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a text holds half a surrogate pair")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("a text is not in the Unicode form NFC")


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
        raise ValueError(f"it is not JSON from byte {error.pos} on") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 from byte {error.start} on") from None
    if type(value) is not dict:
        raise ValueError("it is not a JSON object")
    if canonical(value) != data:
        raise ValueError("it is JSON, but not in the canonical spelling")
    return value


def _refuse(_: str) -> NoReturn:
    raise ValueError("a float has no one spelling; keep an integer of a smaller unit")


def _read_integer(digits: str) -> int:
    if len(digits) > 17:
        raise ValueError("an integer is 2**53 or more, which not every JSON library reads exactly")
    return int(digits)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError("a key stands twice in one object")
        found[key] = value
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse, parse_int=_read_integer
)
