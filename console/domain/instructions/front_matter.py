"""Front matter: the keys at the head of a text, and what they say about when a tool loads it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.domain.instructions.source import Load

_MARK = "---"
_TRUE = re.compile(r"(?:true|True|TRUE)\s*(?:#.*)?")
_QUOTED = re.compile(r"""(['"])([^'"]*)\1\s*(?:#.*)?""")
"""One quoted value, and perhaps a comment."""
_EVERYTHING = {"claude_code": frozenset({"**", "/**"}), "copilot": frozenset({"**", "*", "**/*"})}
"""Globs that the tool reads as "all files", alone or together, and so loads at the start."""
_NOT_FOR_COPILOT_CLI = frozenset({"coding-agent", "cloud-agent"})


def split_front_matter(text: str) -> tuple[tuple[str, ...], str]:
    """Return the lines between the marks at the head of a text, and the rest; no lines if there is no front matter."""
    bare = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    lines = bare.splitlines(keepends=True)
    if lines and lines[0].rstrip() == _MARK:
        for at, line in enumerate(lines[1:], 1):
            if line.rstrip() == _MARK:
                return tuple(each.rstrip("\r\n") for each in lines[1:at]), "".join(lines[at + 1 :])
    return (), text


def front_matter(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of a text's front matter, each with its values; nested values are skipped.

    It supports the syntax that tools document for rules: `key: value`, lists in brackets or with dashes, comma lists.
    """
    keys: dict[str, list[str]] = {}
    key = ""
    for line in split_front_matter(text)[0]:
        if line.lstrip().startswith("- ") and key:
            keys[key] += _values(line.lstrip()[2:])
        elif not line.startswith((" ", "\t", "#")) and ":" in line:
            key, _, rest = line.partition(":")
            keys[key := key.strip()] = _values(rest)
    return {name: tuple(values) for name, values in keys.items()}


def is_true(text: str, key: str) -> bool:
    """Return whether a key of the front matter is the YAML boolean true; the quoted word is a string."""
    values = (line.partition(":")[2].strip() for line in split_front_matter(text)[0] if line.partition(":")[0] == key)
    return any(_TRUE.fullmatch(value) for value in values)


def _is_broken(text: str, key: str) -> bool:
    """Return whether a key's value opens a list and does not close it, which no YAML reader accepts."""
    values = (line.partition(":")[2].strip() for line in split_front_matter(text)[0] if line.partition(":")[0] == key)
    return any(value.startswith("[") and "]" not in value for value in values)


def _values(text: str) -> list[str]:
    text = text.strip()
    quoted = _QUOTED.fullmatch(text)
    text = quoted[2] if quoted else text if text.startswith("[") else text.partition(" #")[0].rstrip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [value for part in _parted(text) if (value := part.strip().strip("\"'"))]


def _parted(text: str) -> list[str]:
    """Split a text at its commas in one pass, except inside braces, as in `*.{ts,tsx}`."""
    parts, end, is_within = [], len(text), False
    for mark in reversed(list(re.finditer("[{},]", text))):
        if mark[0] != ",":
            is_within = mark[0] == "}"
        elif not is_within:
            parts.append(text[mark.end() : end])
            end = mark.start()
    return [text[:end], *reversed(parts)]


@dataclass(frozen=True, slots=True)
class Loading:
    """When a file is loaded, according to its front matter; without globs, its scope is the directory."""

    load: Load
    globs: tuple[str, ...] = ()
    why_not: str = ""
    """Why it is never loaded, and what to do; empty if it is."""


def _by_globs(tool: str, globs: tuple[str, ...]) -> Loading:
    """Load always without globs, or if each means all files; otherwise for the files that match."""
    return Loading(Load.ALWAYS) if set(globs) <= _EVERYTHING[tool] else Loading(Load.CONDITIONAL, globs)


def _claude_code(text: str) -> Loading:
    if _is_broken(text, "paths"):  # it drops front matter that it cannot parse, and loads the rest
        return Loading(Load.ALWAYS)
    paths = front_matter(text).get("paths", ())
    is_text = paths not in (("true",), ("false",)) and not any(path.startswith("{") for path in paths[:1])
    return _by_globs("claude_code", paths if is_text else ())


def _copilot(text: str) -> Loading:
    front = front_matter(text)
    if _NOT_FOR_COPILOT_CLI & set(front.get("excludeAgent", ())):
        return Loading(
            Load.SHADOWED, why_not="its excludeAgent names the coding agent, and Copilot CLI obeys it. Remove it"
        )
    return _by_globs("copilot", (*front.get("applyTo", ()), *front.get("paths", ())))


def _cursor(text: str) -> Loading:
    if is_true(text, "alwaysApply"):
        return Loading(Load.ALWAYS)
    globs = front_matter(text).get("globs", ())
    return Loading(Load.CONDITIONAL, globs) if globs else Loading(Load.ON_DEMAND)


LOADING: Mapping[str, Callable[[str], Loading]] = {
    "claude_code": _claude_code,
    "copilot": _copilot,
    "cursor": _cursor,
}
"""By the name that a row of the rules gives it: when a file is loaded, derived from its text."""
