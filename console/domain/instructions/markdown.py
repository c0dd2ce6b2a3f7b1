"""Markdown as Claude Code reads it: the text that is left for the model, and the words in which imports are looked for.

Block comments and front matter are removed before the model sees a text. Imports are looked for in running text only:
not in code, and not in comments. Everything here takes one pass over the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.domain.instructions.front_matter import split_front_matter

_FENCE = re.compile(
    r"^(?P<lead>[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]+|>)*)(?P<mark>`{3,}|~{3,})(?P<info>.*)$", re.DOTALL
)
_ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_COMMENT = re.compile(r"^ {0,3}<!--")
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)")


def without_comments(text: str) -> str:
    """Return what is left of a text for the model: without front matter and block comments."""
    return "".join(line for line in _lines(split_front_matter(text)[1]) if line is not None)


@dataclass(slots=True)
class _Place:
    """Where a reader of lines is."""

    fence: str = ""
    is_in_list: bool = False
    is_after_blank: bool = True
    is_in_code: bool = False

    def takes(self, line: str) -> bool:
        """Move past a line, and return whether it is code."""
        mark = _FENCE.match(line.rstrip("\r\n"))
        if self.fence:
            if mark and mark["mark"].startswith(self.fence) and not mark["info"].strip():
                self.fence = ""
            return True
        if mark and not (mark["mark"][0] == "`" and "`" in mark["info"]):
            self.fence = mark["mark"]
            self.is_in_list = self.is_in_list or _ITEM.match(line) is not None
            return True
        is_blank = not line.strip()
        is_indented = _INDENTED.match(line) is not None
        if _ITEM.match(line):
            self.is_in_list = True
        elif self.is_after_blank and not is_blank and not line.startswith((" ", "\t")):
            self.is_in_list = False
        may_be_code = not self.is_in_list and (self.is_after_blank or self.is_in_code)
        self.is_in_code = (is_indented or is_blank) and may_be_code
        self.is_after_blank = is_blank
        return self.is_in_code and not is_blank


def _lines(text: str) -> Iterator[str | None]:
    """Yield a text's lines; what is left of a block comment is one line, and None stands for one that left nothing."""
    place = _Place()
    lines = text.splitlines(keepends=True)
    last = max((number for number, line in enumerate(lines) if "-->" in line), default=-1)
    number = 0
    while number < len(lines):
        line = lines[number]
        is_nested = place.is_in_list and line.startswith("  ")
        if place.fence or is_nested or not _COMMENT.match(line) or last < (end := _end_of_comment(lines, number, last)):
            place.takes(line)
            yield line
            number += 1
            continue
        left = _without("".join(lines[number : end + 1]))
        number = end + 1
        place.is_in_list = place.is_in_list and line.startswith(" ")
        place.is_after_blank = True
        if left.strip():
            yield left
            continue
        yield None
        while number < len(lines) and not lines[number].strip():  # they go with the comment
            number += 1


def _end_of_comment(lines: list[str], number: int, last: int) -> int:
    """Return the line that ends the comment that a line begins with; past the last one if none does."""
    if "-->" in lines[number].partition("<!--")[2]:
        return number
    return next((at for at in range(number + 1, last + 1) if "-->" in lines[at]), last + 1)


def _without(text: str) -> str:
    """Return a text without its comments, in one pass."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join((*kept, text[at:]))


@dataclass(slots=True)
class _Paragraph:
    lines: list[str] = field(default_factory=list)

    def flush(self) -> Iterator[str]:
        if self.lines:
            yield without_spans("".join(self.lines))
            self.lines.clear()


def running_text(text: str) -> Iterator[str]:
    """Yield the parts of a text that are not code and not comments."""
    place, paragraph = _Place(), _Paragraph()
    for line in _lines(split_front_matter(text)[1]):
        if line is None or place.takes(line) or not line.strip():
            yield from paragraph.flush()
        else:
            paragraph.lines.append(line)
    yield from paragraph.flush()


_MARKS = re.compile("`+|<!--")


def without_spans(text: str) -> str:
    """Return a paragraph without its code spans and inline comments, in one pass.

    A code span ends at the next run of equally many backticks.
    """
    marks = list(_MARKS.finditer(text))
    closing: dict[int, int] = {}
    later: dict[str, int] = {}
    for number in range(len(marks) - 1, -1, -1):
        run = marks[number][0]
        if run[0] == "`":
            closing[number] = later.get(run, 0)
            later[run] = number
    kept, at, last = [], 0, text.rfind("-->")
    for number, mark in enumerate(marks):
        if mark.start() < at:
            continue
        if mark[0] == "<!--":
            end = text.find("-->", mark.end()) + 3 if last >= mark.end() else 0
        else:
            end = marks[closing[number]].end() if closing[number] else 0
        if end:
            kept += [text[at : mark.start()], " "]
            at = end
    return "".join((*kept, text[at:]))
