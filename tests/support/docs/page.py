"""A page of the documentation as a reader takes it: its blocks in order, its headings and its links.

Directives are HTML comments directly before a block:

    <!-- not run: REASON -->    the block is not run, and the reason is one that a reader accepts
    <!-- file: PATH -->         the block is written to a file, from the home or the working directory on
    <!-- exit: 1 7 -->          its commands end with one of these codes; by default with 0
    <!-- until: TEXT -->        its command is left with ctrl+c once it has said this

A block runs if it is fenced as `sh` or `console`, or indented. In a `console` block, commands follow `$ `, and the
lines below one are pieces of what it says; `…` stands for anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUNS = ("sh", "console")
_BELONGS_TOGETHER = re.compile(r"<<|&$|\$!|^\s*(for|if|until|while|case)\b", re.MULTILINE)
_DIRECTIVE = re.compile(r"<!-- (?P<name>not run|file|exit|until):(?P<value>.*)-->")
_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,})(?P<language>[a-z]*)$")
_HEADING = re.compile(r"#{1,6} (?P<words>.+)")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Said:
    """A command and the pieces of its output that the page shows."""

    command: str
    shows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    line: int
    language: str
    text: str
    not_run: str | None = None
    file: str = ""
    codes: tuple[int, ...] = (0,)
    until: str = ""

    @property
    def is_run(self) -> bool:
        return self.language in RUNS and self.not_run is None and not self.file

    @property
    def commands(self) -> tuple[Said, ...]:
        """The commands of the block: of a `console` block with what each shows, else one for each line.

        A block whose lines belong together, as those of a loop or beside a job in the background, is one command.
        """
        if self.language == "console":
            parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
            rows = (part.splitlines() for part in parts)
            return tuple(Said(command, tuple(filter(None, shows))) for command, *shows in rows)
        joined = self.text.replace("\\\n", "")
        if _BELONGS_TOGETHER.search(joined):
            return (Said(joined),)
        lines = (re.sub(r"(^|\s)#(?=\s).*", "", line).strip() for line in joined.splitlines())
        return tuple(Said(line) for line in lines if line)


class Page:
    """A page of Markdown."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.blocks = tuple(_blocks(self.text.splitlines()))

    @property
    def prose(self) -> str:
        """The page without its blocks and without code in its lines."""
        lines = self.text.splitlines()
        for block in self.blocks:
            for number in range(block.line - 1, block.line + block.text.count("\n")):
                lines[number] = ""
        return re.sub(r"(`+).*?\1", "", "\n".join(lines), flags=re.DOTALL)

    @property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        found: set[str] = set()
        lines = self.text.splitlines()
        inside = {n for block in self.blocks for n in range(block.line - 1, block.line + block.text.count("\n"))}
        for number, line in enumerate(lines):
            if number not in inside and (heading := _HEADING.fullmatch(line)):
                words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["words"]).lower()
                anchor = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
                same = sum(
                    each == anchor or re.fullmatch(rf"{re.escape(anchor)}-\d+", each) is not None for each in found
                )
                found.add(f"{anchor}-{same}" if same else anchor)
        return found

    @property
    def links(self) -> tuple[str, ...]:
        return tuple(match["target"] for match in _LINK.finditer(self.prose))


def _blocks(lines: list[str]) -> Iterator[Block]:
    directives: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        if match := _DIRECTIVE.fullmatch(line.strip()):
            directives[match["name"]] = match["value"].strip()
            number += 1
        elif match := _FENCE.fullmatch(line):
            end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() == match["fence"]), len(lines))
            text = "\n".join(each.removeprefix(match["indent"]) for each in lines[number + 1 : end])
            yield _block(number + 2, match["language"] or "text", text, directives)
            directives, number = {}, end + 1
        elif line.startswith("    ") and line.strip() and (not number or not lines[number - 1].strip() or directives):
            end = number
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            while not lines[end - 1].strip():
                end -= 1
            text = "\n".join(each.strip() or "" for each in lines[number:end])
            yield _block(number + 1, "sh", text, directives)
            directives, number = {}, end
        else:
            if line.strip():
                directives = {}
            number += 1


def _block(line: int, language: str, text: str, directives: dict[str, str]) -> Block:
    return Block(
        line,
        language,
        text,
        directives.get("not run"),
        directives.get("file", ""),
        tuple(map(int, directives["exit"].split())) if "exit" in directives else (0,),
        directives.get("until", ""),
    )
