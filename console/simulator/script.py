"""Scripts: the deterministic words and pace of the embedded gateway's answers."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_WORDS = (
    "OK. Six routes, three endpoint families, one gateway: this route answers on the family that its model"
    " requires, and nothing in this sentence was made by a model."
)
_COUNT = re.compile(r"Count from 1 to (\d{1,3})\b")
_JSON_PIECE = 4
"""How many characters of JSON count as one token."""
_LONGEST_S = 1.5
"""How long the tokens of one answer take at most, in seconds: a longer answer comes faster."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for besides text."""

    document: str = ""
    """The JSON for the answer's text or the called tool's arguments; empty if plain words will do."""
    tool: str = ""
    """The tool that has to be called; empty for none."""
    name: str = ""
    """The name of the schema or tool; empty if the family's format has none."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """The schema that the document has to fit."""


@dataclass(frozen=True, slots=True)
class Script:
    """The answer to one call. The same request always gets the same script."""

    pieces: tuple[str, ...]
    """The text, or the tool's arguments, in the pieces to stream; one piece counts as one token."""
    is_cut_by_limit: bool
    input_tokens: int
    first_token_s: float
    token_interval_s: float
    tool: str = ""
    """The tool that is called with the pieces as its arguments; empty if they are text."""

    @property
    def text(self) -> str:
        """The whole text, or the tool's whole arguments."""
        return "".join(self.pieces)

    @property
    def output_tokens(self) -> int:
        """How many tokens the text counts as."""
        return len(self.pieces)

    @property
    def whole_s(self) -> float:
        """How long all of it takes, in seconds."""
        return self.first_token_s + self.token_interval_s * self.output_tokens


def count_tokens(prompt: str) -> int:
    """Return how many tokens a prompt counts as."""
    return max(1, len(prompt.split()))


def write_script(model: str, prompt: str, max_output_tokens: int, wish: Wish | None = None) -> Script:
    """Write the script for a request.

    The pace is derived from the model's name: 80 to 240 ms to the first token, then 40 to 90 tokens per second, or more
    if the answer is long.
    """
    draw = hashlib.sha256(model.encode("utf-8", "replace")).digest()
    document = "" if wish is None else wish.document
    pieces = _json_pieces(document) if document else _word_pieces(_count_for(prompt) or _WORDS)
    return Script(
        pieces=pieces[:max_output_tokens],
        is_cut_by_limit=max_output_tokens < len(pieces),
        input_tokens=count_tokens(prompt),
        first_token_s=0.08 + draw[0] / 255 * 0.16,
        token_interval_s=min(1 / (40 + draw[1] / 255 * 50), _LONGEST_S / max(1, len(pieces[:max_output_tokens]))),
        tool="" if wish is None else wish.tool,
    )


def _count_for(prompt: str) -> str:
    """Return the count that a prompt asks for, as a model gives it; empty if it asks for none."""
    asked = _COUNT.search(prompt)
    return "" if asked is None else " ".join(map(str, range(1, int(asked[1]) + 1)))


def _word_pieces(text: str) -> tuple[str, ...]:
    return tuple(word if position == 0 else f" {word}" for position, word in enumerate(text.split(" ")))


def _json_pieces(document: str) -> tuple[str, ...]:
    return tuple(document[start : start + _JSON_PIECE] for start in range(0, len(document), _JSON_PIECE))
