"""Steadiness: whether something changes so often that each change is not worth telling."""

from dataclasses import dataclass

WINDOW = 12
"""How many rounds are looked back."""
MANY = 5
"""How many changes within the window are flapping."""
CALM = 6
"""How many rounds in a row without a change end the flapping."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """In which of the last rounds something changed."""

    recent: str = ""
    """A letter for each of the last rounds, the newest last: x for a change, . for none."""
    is_flapping: bool = False

    def after(self, *, changed: bool) -> "Steadiness":
        """Return it after one more round."""
        recent = (self.recent + ("x" if changed else "."))[-WINDOW:]
        if not self.is_flapping:
            return Steadiness(recent, recent.count("x") >= MANY)
        is_calm = "x" not in recent[-CALM:]
        return Steadiness("" if is_calm else recent, not is_calm)

    @property
    def changes(self) -> int:
        """How many changes there were within the window."""
        return self.recent.count("x")

    @property
    def is_calm(self) -> bool:
        """Whether nothing changed for as long as would end a flapping."""
        return not self.is_flapping and "x" not in self.recent[-CALM:]
