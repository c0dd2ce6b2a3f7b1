"""What a client's request asks for: as much of its body as a relay has to know. The body itself is never rewritten.

Only the model's name may be replaced, in its place; every other byte stays as it came.
"""

import re
from dataclasses import dataclass

import msgspec

_ESCAPE = re.compile(rb"\\u00[46][0-9A-Fa-f]")
"""How a letter of a key may be written so that another reader finds a key that we do not see."""
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_MODEL = re.compile(rb'"model"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)*")')
_COLON = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")


class AskedError(ValueError):
    """A body that a relay cannot answer for; the message says why and quotes nothing of it."""


class _Fields(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    n: int | None = None


_DECODER = msgspec.json.Decoder(_Fields)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    model: str
    is_stream: bool
    max_output_tokens: int | None
    """The most tokens of an answer; None if the client sets no limit."""
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
        raise AskedError("the body is not a JSON object with a model, as this family's requests are") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise AskedError("the body is not JSON") from None
    if not _is_plain(body):
        _place_of_model(body)
    limits = [
        limit
        for limit in (fields.max_tokens, fields.max_completion_tokens, fields.max_output_tokens)
        if limit is not None
    ]
    return Asked(fields.model, bool(fields.stream), max(limits, default=None), max(fields.n or 1, 1))


def with_model(body: bytes, model: str) -> bytes:
    """Return a request's body with another model's name in the place of its own. Raises `AskedError`."""
    named = _MODEL.search(body) if _is_plain(body) else None
    start, end = _place_of_model(body) if named is None else named.span(1)
    return body[:start] + msgspec.json.encode(model) + body[end:]


def _is_plain(body: bytes) -> bool:
    """Return whether the model's key is in a body once and written plainly, so that no second one can be in it."""
    return body.count(b'"model"') == 1 and _ESCAPE.search(body) is None


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
            if key in keys:
                raise AskedError("the body has a key twice, so two readers could take different values")
            keys.add(key)
            value = _TOKEN.match(body, colon.end())
            if value is not None and value.group()[:1] == b'"':
                skip_until = value.end()
                if key == "model":
                    found = (value.start(), value.end())
    if found is None:
        raise AskedError("the body names no model")
    return found
