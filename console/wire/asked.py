"""What a client's request asks for: as much of its body as a relay has to know. The body itself is never rewritten.

Only the model's name may be replaced, in its place; every other byte stays as it came.
"""

import re
from dataclasses import dataclass

import msgspec

_ESCAPE = re.compile(rb"\\u00[4-7][0-9A-Fa-f]")
"""How a letter of a key may be written so that another reader finds a key that we do not see."""
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_COLON = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")


class AskedError(ValueError):
    """A body that a relay cannot answer for; the message says why and quotes nothing of it."""


class _Fields(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_tokens: float | None = None
    max_completion_tokens: float | None = None
    max_output_tokens: float | None = None
    n: float | None = None


_DECODER = msgspec.json.Decoder(_Fields)
_FOLDED = ("\u212a".encode(), "\u017f".encode())
"""What some readers of keys take for a k and an s."""
_READ = tuple(field.encode() for field in _Fields.__struct_fields__)
_MOST = 1_000_000_000
"""More tokens or answers than this are not counted further: no budget allows them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    model: str
    is_stream: bool
    max_output_tokens: int | None
    """The most tokens of an answer; None if the client sets no limit, which a limit below one is: some servers take
    it so."""
    choices: int
    """How many answers it asks for."""


def read_asked(body: bytes) -> Asked:
    """Read a request's body.

    Raises:
        AskedError: It is not a JSON object, names no model, or could be read in two ways.

    """
    try:
        fields = _DECODER.decode(body)
    except msgspec.ValidationError:
        raise AskedError(
            "the body is not a JSON object with a model, in which `stream` is true or false and limits are numbers"
        ) from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise AskedError("the body is not JSON") from None
    if _may_be_read_in_two_ways(body):
        _place_of_model(body)
    limits = [
        limit
        for limit in (fields.max_tokens, fields.max_completion_tokens, fields.max_output_tokens)
        if limit is not None
    ]
    is_limited = bool(limits) and min(limits) >= 1
    limit = int(min(max(limits), _MOST)) if is_limited else None
    return Asked(fields.model, bool(fields.stream), limit, int(min(max(fields.n or 1, 1), _MOST)))


def with_model(body: bytes, model: str) -> bytes:
    """Return a request's body with another model's name in the place of its own. Raises `AskedError`."""
    start, end = _place_of_model(body)
    return body[:start] + msgspec.json.encode(model) + body[end:]


def _may_be_read_in_two_ways(body: bytes) -> bool:
    """Return whether a field that is read here may occur twice, in any case: some readers go by the last of those."""
    lowered = body.lower()
    is_odd = _ESCAPE.search(body) is not None or any(each in body for each in _FOLDED)
    return is_odd or any(_is_repeated(lowered, name) for name in _READ)


def _is_repeated(lowered: bytes, name: bytes) -> bool:
    quoted = b'"%b"' % name
    return lowered.find(quoted, lowered.find(quoted) + 1) >= 0 if quoted in lowered else False


def _place_of_model(body: bytes) -> tuple[int, int]:
    """Return where the value of the outermost object's only key `model` begins and ends."""
    keys: set[str] = set()
    found: tuple[int, int] | None = None
    depth = 0
    skip_until = 0
    for token in _TOKEN.finditer(body):
        mark = token.group()[:1]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and token.start() >= skip_until and (colon := _COLON.match(body, token.end())) is not None:
            key: str = msgspec.json.decode(token.group())
            if key.casefold() in keys:
                raise AskedError("the body has a key twice, so two readers could take different values")
            keys.add(key.casefold())
            value = _TOKEN.match(body, colon.end())
            if value is not None and value.group()[:1] == b'"':
                skip_until = value.end()
                if key == "model":
                    found = (value.start(), value.end())
    if found is None:
        raise AskedError("the body names no model")
    return found
