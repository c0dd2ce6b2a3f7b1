"""What an instruction file imports as `@path`, and what of it reaches the model: each tool has a reading of its own."""

import re
from collections.abc import Iterator

from console.domain.instructions.markdown import running_text, without_comments, without_spans
from console.domain.instructions.source import Tool

_CLAUDE = re.compile(r"(?:^|(?<=\s))@((?:[^\s\\]|\\ )+)")
_CLAUDE_START = re.compile(r"~/|\.{0,2}/|[A-Za-z0-9._-]")
_EMPHASIS = re.compile(r"(?<![^\s(\[>])[*_]++(?=\S)|(?<=[^\s*_])[*_]++(?![^\s.,;:!?)\]<])")
"""Marks of emphasis around words: what stands between them is text of its own."""
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_COPILOT = re.compile(r"""(?:^|(?<=[\s("'\[{<]))@([A-Za-z0-9._][A-Za-z0-9._/-]*\.[A-Za-z0-9]+)(?![A-Za-z0-9_/#*\\-])""")
_GEMINI = re.compile(r"(?:^|(?<=[ \t\r\n]))@([./A-Za-z][^ \t\r\n]*)")
_TICKS = re.compile("`+")


def imports_of(tool: Tool, text: str) -> tuple[str, ...]:
    """Return the paths that a tool would import from a text, in order, each once."""
    match tool:
        case Tool.CLAUDE_CODE:
            found = _claude_code(text)
        case Tool.COPILOT:
            found = _copilot(text)
        case Tool.GEMINI:
            found = _gemini(text)
        case _:
            found = iter(())
    return tuple(dict.fromkeys(path for path in found if path and "\0" not in path))


def model_text(tool: Tool, text: str) -> str:
    """Return what a tool gives its model of a file's text: Claude Code removes front matter and block comments."""
    return without_comments(text) if tool is Tool.CLAUDE_CODE else text


def _claude_code(text: str) -> Iterator[str]:
    for part in running_text(text) if "@" in text else ():
        if "@" in part:
            words = _EMPHASIS.sub("\n", _TAG.sub("\n", _LINK.sub(r"\n\1\n", part)))
            for match in _CLAUDE.finditer(words):
                path = match[1].replace("\\ ", " ").partition("#")[0]
                if _CLAUDE_START.match(path):
                    yield path


def _copilot(text: str) -> Iterator[str]:
    fence = ""
    kept = []
    for line in text.splitlines(keepends=True):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence:
            kept.append(line)
    # Comments are text to it, so only code spans are removed.
    for part in "".join(kept).replace("<!--", "    ").split("\n\n"):
        yield from (match[1] for match in _COPILOT.finditer(without_spans(part)))


def _gemini(text: str) -> Iterator[str]:
    """Yield what is imported outside of code: from a run of backticks to the next run at least as long."""
    regions = iter(_code_regions(text))
    start, end = next(regions, (len(text), len(text)))
    for match in _GEMINI.finditer(text):
        while end <= match.start():
            start, end = next(regions, (len(text), len(text) + 1))
        if match.start() < start:
            yield match[1]


def _code_regions(text: str) -> Iterator[tuple[int, int]]:
    """Yield what lies between runs of backticks, in one pass; a run without a partner is shortened until it has one."""
    runs = list(_TICKS.finditer(text))
    longest_after = [0] * (len(runs) + 1)
    for number in range(len(runs) - 1, -1, -1):
        longest_after[number] = max(longest_after[number + 1], len(runs[number][0]))
    at = 0
    for number, run in enumerate(runs):
        begin = max(at, run.start())
        length = run.end() - begin
        ticks = max(min(length, longest_after[number + 1]), length // 2) if length > 0 else 0
        if ticks:
            close = text.find("`" * ticks, begin + ticks)
            at = close + ticks
            yield begin, at
