"""What a client's request asks for: as much of its body as a relay has to know. The body itself is never rewritten.

Only the model's name may be replaced, in its place; every other byte stays as it came.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from console.domain.relay.fields import Uncounted, offers_server_tools, uncounted_in, uncounted_keys
from console.domain.routes.family import EndpointFamily

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
    background: bool | None = None


class _Tool(msgspec.Struct):
    type: str | None = None


_DECODER = msgspec.json.Decoder(_Fields)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TOOLS = msgspec.json.Decoder(list[_Tool])
_LIMITS: Mapping[EndpointFamily, Sequence[str]] = {
    EndpointFamily.RESPONSES: ("max_output_tokens",),
    EndpointFamily.ANTHROPIC_MESSAGES: ("max_tokens",),
    EndpointFamily.CHAT_COMPLETIONS: ("max_tokens", "max_completion_tokens"),
}
"""The fields that limit an answer. A field of another family limits nothing: gateways ignore it."""
_FOLDED = ("\u212a".encode(), "\u017f".encode())
"""What some readers of keys take for a k and an s."""
_FIELDS = frozenset(_Fields.__struct_fields__)
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
    keys: frozenset[str] = frozenset()
    """The keys of the outermost object, case folded."""
    is_background: bool = False
    """Whether the answer is to be made later and fetched by another call."""
    uncounted: tuple[Uncounted, ...] = ()
    """What it costs beyond its size and its limit."""
    offers_server_tools: bool = False
    """Whether the gateway may use tools of its own, which cost beyond that too."""


def read_asked(body: bytes, family: EndpointFamily) -> Asked:
    """Read a request's body.

    Args:
        body: The body as it came.
        family: The family of the path, which says which fields are its limits.

    Raises:
        AskedError: It is not a JSON object, names no model, or could be read in two ways.

    """
    try:
        body.decode()
        fields = _DECODER.decode(body)
        values = _KEYS.decode(body)
    except msgspec.ValidationError:
        raise AskedError(
            "the body is not a JSON object with a model, in which `stream` is true or false and limits are numbers"
        ) from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise AskedError("the body is not JSON in UTF-8") from None
    if _may_be_read_in_two_ways(body):
        _place_of_model(body)
    folded = {key.casefold(): value for key, value in values.items()}
    odd = next((key for key in values if key not in _FIELDS and key.casefold() in _FIELDS), None)
    if odd is not None:
        raise AskedError(
            f"the body writes the key {odd.casefold()} in another case, which not every reader takes for it"
        )
    named: list[float | None] = [getattr(fields, name) for name in _LIMITS[family]]
    limits = [limit for limit in named if limit is not None]
    is_limited = bool(limits) and min(limits) >= 1
    return Asked(
        fields.model,
        bool(fields.stream),
        int(min(max(limits), _MOST)) if is_limited else None,
        int(min(max(fields.n or 1, 1), _MOST)),
        frozenset(folded),
        bool(fields.background),
        uncounted_in({key: msgspec.json.decode(folded[key]) for key in uncounted_keys() & folded.keys()}),
        _offers_server_tools(folded),
    )


def with_model(body: bytes, model: str) -> bytes:
    """Return a request's body with another model's name in the place of its own. Raises `AskedError`."""
    start, end = _place_of_model(body)
    return body[:start] + msgspec.json.encode(model) + body[end:]


def _offers_server_tools(values: Mapping[str, msgspec.Raw]) -> bool:
    try:
        tools = _TOOLS.decode(values["tools"]) if "tools" in values else []
    except msgspec.ValidationError:
        return False  # nothing that a vendor takes for tools
    return offers_server_tools(tool.type for tool in tools if tool.type is not None)


def _may_be_read_in_two_ways(body: bytes) -> bool:
    """Return whether a field that is read here may occur twice, in any case: some readers go by the last of those."""
    lowered = body.lower()
    is_odd = _ESCAPE.search(body) is not None or any(each in body for each in _FOLDED)
    return is_odd or any(_is_repeated(lowered, name) for name in _READ)


def _is_repeated(lowered: bytes, name: bytes) -> bool:
    quoted = b'"%b"' % name
    return lowered.find(quoted, lowered.find(quoted) + 1) >= 0 if quoted in lowered else False


def _place_of_model(body: bytes) -> tuple[int, int]:
    """Return where the value of the outermost object's only key `model` begins and ends.

    Raises:
        AskedError: There is none, or a field that is read here is there twice, in any case.

    """
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
            folded = key.casefold()
            if folded in keys:
                raise AskedError(f"the body has the key {folded} twice, so two readers could take different values")
            keys.update({folded} & _FIELDS)
            value = _TOKEN.match(body, colon.end())
            if value is not None and value.group()[:1] == b'"':
                skip_until = value.end()
                if key == "model":
                    found = (value.start(), value.end())
    if found is None:
        raise AskedError("the body names no model")
    return found
