"""The first call of a coding agent, made from its recorded shape: no text of an agent is in it, only its length.

One thing differs from what the agent sends: the answer is limited, whether the agent limits it or not, because no call
may cost more than was set aside for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from console.domain.probes.agent import AgentShape
from console.domain.routes.family import EndpointFamily
from console.wire.json_value import decode, encode
from console.wire.responses import MIN_OUTPUT_TOKENS

_PLACE = re.compile(r"<(grammar of )?(\d{1,6}) characters>|<(id|model|prompt)>")
_FILLER = "This text only takes the place of an agent's own. "
_GRAMMAR = "start: /(.+)/\\n"
_COMMENT = "// This line only takes the place of a rule.\\n"
_SMALL = 40
"""The most characters of a text in a call of the small size."""
_LIMIT_KEYS = {
    EndpointFamily.RESPONSES: "max_output_tokens",
    EndpointFamily.ANTHROPIC_MESSAGES: "max_tokens",
    EndpointFamily.CHAT_COMPLETIONS: "max_completion_tokens",
}


class AgentSize(StrEnum):
    """How large an agent's call is made."""

    FULL = "full"
    """As large as the call that was recorded."""
    SMALL = "small"
    """All keys, headers and tools, with short texts: what a gateway refuses for its size passes."""


@dataclass(frozen=True, slots=True)
class AgentCall:
    """The call to send."""

    body: bytes
    headers: Mapping[str, str]
    query: str


def agent_call(
    shape: AgentShape, model: str, prompt: str, *, max_output_tokens: int, size: AgentSize = AgentSize.FULL
) -> AgentCall:
    """Return an agent's first call for a model and a prompt."""
    body = _body(shape, model, prompt, max_output_tokens, size, more=0)
    if size is AgentSize.FULL and len(body) < shape.size_bytes:
        body = _body(shape, model, prompt, max_output_tokens, size, more=shape.size_bytes - len(body))
    fill = _filler(size, "", 0)
    headers = {name: _PLACE.sub(_filled(fill, model, prompt), value) for name, value in shape.headers.items()}
    return AgentCall(body, headers, shape.query)


def _body(shape: AgentShape, model: str, prompt: str, limit: int, size: AgentSize, *, more: int) -> bytes:
    """Return the body; its longest text gets `more` characters."""
    texts = [match.group() for match in _PLACE.finditer(shape.body) if match[2] and not match[1]]
    longest = max(texts, key=lambda each: int(each[1:].partition(" ")[0]), default="")
    fill = _filler(size, longest, more)
    quoted = (encode(text).decode()[1:-1] for text in (model, prompt))
    body = decode(_PLACE.sub(_filled(fill, *quoted), shape.body))
    if not isinstance(body, dict):
        raise TypeError("a recorded body is a JSON object")
    least = MIN_OUTPUT_TOKENS if shape.family is EndpointFamily.RESPONSES else 1
    body[shape.limit_key or _LIMIT_KEYS[shape.family]] = max(limit, least)
    return encode(body)


def _filled(fill: Callable[[str, bool, int], str], model: str, prompt: str) -> Callable[[re.Match[str]], str]:
    numbers = count(1)

    def replace(match: re.Match[str]) -> str:
        if match[2]:
            return fill(match.group(), bool(match[1]), int(match[2]))
        # No two items of a call may have one id.
        return {"model": model, "prompt": prompt}.get(match[3]) or f"00000000-0000-4000-8000-{next(numbers):012}"

    return replace


def _filler(size: AgentSize, longest: str, more: int) -> Callable[[str, bool, int], str]:
    pending = [more]

    def fill(place: str, is_grammar: bool, length: int) -> str:  # the parts of one placeholder
        if is_grammar:
            lines = 0 if size is AgentSize.SMALL else (length - len(_GRAMMAR)) // len(_COMMENT)
            return _GRAMMAR + _COMMENT * max(lines, 0)
        if size is AgentSize.SMALL:
            length = min(length, _SMALL)
        elif place == longest:
            length += pending.pop() if pending else 0
        text = (_FILLER * (length // len(_FILLER) + 1))[:length]
        return f"{text[:-1]}." if text.endswith(" ") else text

    return fill
