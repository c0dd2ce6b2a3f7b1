"""Signs: every state as a sign, a word and a tone, the same in both faces; colour alone never carries meaning."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """The meaning of a colour; a theme says which colour it is."""

    DIM = "dim"
    TEXT = "text"
    STRONG = "strong"
    OK = "ok"
    FAIL = "fail"
    WARN = "warn"
    LIVE = "live"
    ACCENT = "accent"


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as it is shown: a sign that common terminal fonts have, a word, and a tone."""

    sign: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.sign} {self.word}"


OK = Sign("✓", "ok", Tone.OK)
