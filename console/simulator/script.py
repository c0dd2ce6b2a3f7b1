"""Scripts: the deterministic words and pace of the embedded gateway's answers."""

import hashlib
from dataclasses import dataclass

_WORDS = (
    "OK. Six routes, three endpoint families, one gateway: this route answers on the family that its model"
    " requires, and nothing in this sentence was made by a model."
)


@dataclass(frozen=True, slots=True)
class Script:
    """What one call is answered with. The same request always gets the same script."""

    pieces: tuple[str, ...]
    """The text in the pieces in which it is streamed; one piece counts as one token."""
    is_cut_by_limit: bool
    input_tokens: int
    first_token_s: float
    token_interval_s: float

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    @property
    def output_tokens(self) -> int:
        """How many tokens the text counts as."""
        return len(self.pieces)


def write_script(model: str, prompt: str, max_output_tokens: int) -> Script:
    """Write the script for a request.

    The pace is drawn from the model's name: 80 to 240 ms to the first token, then 40 to 90 tokens a second.
    """
    draw = hashlib.sha256(model.encode("utf-8", "replace")).digest()
    words = _WORDS.split(" ")
    pieces = tuple(word if position == 0 else f" {word}" for position, word in enumerate(words))
    return Script(
        pieces=pieces[:max_output_tokens],
        is_cut_by_limit=max_output_tokens < len(pieces),
        input_tokens=max(1, len(prompt.split())),
        first_token_s=0.08 + draw[0] / 255 * 0.16,
        token_interval_s=1 / (40 + draw[1] / 255 * 50),
    )
