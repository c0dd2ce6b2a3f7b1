"""Briefs: the prompt of a run, read from its head and from the blocks inside its boundary.

A block may hold any text, so a marker counts only if it names the boundary of the first one.
"""

import re
from dataclasses import dataclass

_KIND = "TASK|INSTRUCTIONS|CONTEXT|PLAN|DRAFT|FINDINGS|CRITERIA"
_PATH = r"(?: ([^\n]{0,1024}?))?"
_OPENING = re.compile(rf"<<<(?:{_KIND}) ([0-9a-fA-F]{{4,128}}){_PATH}>>>")
_HEAD = re.compile(r"^(Nonce|Attempt|Kind): ([A-Za-z0-9_-]{1,256})[ \t\r]*$", re.MULTILINE)
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a brief."""

    kind: str
    """The word of its marker, such as `DRAFT`."""
    path: str
    """The path that its marker names; empty for none."""
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A role's instructions."""

    nonce: str
    """Empty if the prompt has none."""
    attempt: int
    """Which writer pass it is, counted from 1."""
    kind: str
    """`patch`, `article` or `plan`, as written in the prompt."""
    blocks: tuple[Block, ...]

    def text_of(self, kind: str) -> str:
        """Return the text of the first block of a kind; empty if there is none."""
        return next((block.text for block in self.blocks if block.kind == kind), "")

    @property
    def instruction_source(self) -> str:
        """The path of the first instruction file; empty if there is none."""
        return next((block.path for block in self.blocks if block.kind == "INSTRUCTIONS"), "")


def read_brief(prompt: str) -> Brief:
    """Read a prompt. Total: anything missing is empty, a first attempt, a patch."""
    first = _OPENING.search(prompt)
    head: dict[str, str] = {}
    for match in _HEAD.finditer(prompt, 0, len(prompt) if first is None else first.start()):
        head.setdefault(match[1], match[2])
    attempt = head.get("Attempt", "")
    return Brief(
        nonce=head.get("Nonce", ""),
        attempt=int(attempt) if _NUMBER.fullmatch(attempt) else 1,
        kind=head.get("Kind", "patch"),
        blocks=() if first is None else _blocks_in(prompt, first[1], first.start()),
    )


def _blocks_in(prompt: str, boundary: str, start: int) -> tuple[Block, ...]:
    """Return the blocks of a boundary; one without an end runs to the end of the prompt."""
    opening = re.compile(rf"<<<({_KIND}) {boundary}{_PATH}>>>\n?")
    blocks: list[Block] = []
    while (marker := opening.search(prompt, start)) is not None:
        closing = f"<<<END {marker[1]} {boundary}>>>"
        found = prompt.find(closing, marker.end())
        end = len(prompt) if found < 0 else found
        blocks.append(Block(marker[1], marker[2] or "", prompt[marker.end() : end].removesuffix("\n")))
        start = end
    return tuple(blocks)
