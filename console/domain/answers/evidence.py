"""Evidence: the parts of a draft that a judge may quote to show that the draft was read.

Every patch contains `diff --git`, and a context line is in the repository whatever the draft does. So only the lines
that a patch adds or removes count as evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from console.domain.text.normal_form import fold_compatible
from console.domain.text.quote import is_enough

EVIDENCE_LENGTH = 8
"""Fewer characters of a draft prove nothing: any text contains them."""
_HEADS = ("+++ ", "--- ")


def plain(text: str) -> str:
    """Return a text with single spaces and folded compatible characters, for comparison."""
    return " ".join(fold_compatible(text).split())


@dataclass(frozen=True)
class Quotable:
    """A draft that a judge can quote."""

    draft: str = field(repr=False)
    is_patch: bool

    def stands_in(self, quote: str) -> bool:
        """Return whether words are anywhere in the draft, including a patch's headers and context."""
        words = plain(quote)
        return len(words) >= EVIDENCE_LENGTH and words in self._whole

    def supports(self, quote: str) -> bool:
        """Return whether words are in the draft and enough to show that it was read.

        For a patch, the parts from added or removed lines have to be enough by themselves.
        """
        if not self.is_patch:
            words = plain(quote)
            return is_enough(words) and words in self._whole
        lines = [_bare(line) for line in quote.splitlines()]
        own = [words for line in lines if (words := plain(line)) and words in self._changed]
        is_there = plain(quote) in self._whole or plain("\n".join(lines)) in self._changed
        return is_there and is_enough(" ".join(own))

    @property
    def has_enough(self) -> bool:
        """Whether it contains anything that could be evidence."""
        return is_enough(self._changed[:2000] if self.is_patch else self._whole[:2000])

    @cached_property
    def has_choice(self) -> bool:
        """Whether two different quotes from it could be evidence."""
        lines = self._changed_lines if self.is_patch else self.draft.splitlines()
        return len({words for line in lines if is_enough(words := plain(line))}) > 1

    @cached_property
    def _whole(self) -> str:
        return plain(self.draft)

    @cached_property
    def _changed(self) -> str:
        return plain("\n".join(self._changed_lines))

    @cached_property
    def _changed_lines(self) -> Sequence[str]:
        """The lines that a patch adds or removes, without the leading sign."""
        lines = []
        is_in_hunk = False
        for line in self.draft.splitlines():
            if line.startswith("diff --git "):
                is_in_hunk = False
            elif line.startswith("@@ "):
                is_in_hunk = True
            elif line[:1] in ("+", "-") and (is_in_hunk or not line.startswith(_HEADS)):
                lines.append(line[1:])
        return lines


def _bare(line: str) -> str:
    """Return a quoted line without its leading patch sign."""
    return line[1:] if line[:1] in ("+", "-") else line
