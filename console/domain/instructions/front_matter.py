"""Front matter: the keys at the head of a text, and what they say about when a tool loads it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from console.domain.instructions.source import Load
from console.domain.instructions.yaml_keys import yaml_keys

_MARK = "---"
_TRUE = re.compile(r"(?:true|True|TRUE)\s*(?:#.*)?")
_QUOTED = re.compile(r"""(['"])([^'"]*)\1\s*(?:#.*)?""")
"""One quoted value, and perhaps a comment."""
_PLAIN_PAIR = re.compile(r"(?P<key>[A-Za-z_-]+):\s+(?P<value>.+)")
_SPECIAL = re.compile(r"[{}\[\]*&#!|>%@`]|: ")
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
    is_broken: bool = False
    """Whether the front matter names files, but the tool cannot read it and loads the text for all files."""


def _by_globs(tool: str, globs: tuple[str, ...]) -> Loading:
    """Load always without globs, or if each means all files; otherwise for the files that match."""
    return Loading(Load.ALWAYS) if set(globs) <= _EVERYTHING[tool] else Loading(Load.CONDITIONAL, globs)


def _repaired(line: str) -> str:
    """Return a line as Claude Code reads it again if it could not parse the front matter: with its value in quotes."""
    match = _PLAIN_PAIR.fullmatch(line)
    if match is None or match["value"][0] + match["value"][-1] in ("''", '""') or not _SPECIAL.search(match["value"]):
        return line
    value = match["value"].replace("\\", "\\\\").replace('"', '\\"')
    return f'{match["key"]}: "{value}"'


def _claude_code(text: str) -> Loading:
    lines = split_front_matter(text)[0]
    keys = yaml_keys(lines, has_tabs=True)
    if keys is None:
        keys = yaml_keys(map(_repaired, lines), has_tabs=True)
    return _with_note(_by_globs("claude_code", _globs(keys or {}, "paths")), lines, keys, "paths")


def _copilot(text: str) -> Loading:
    lines = split_front_matter(text)[0]
    keys = yaml_keys(lines)
    if keys is None:  # then it reads line by line, and no lists
        keys = front_matter("\n".join((_MARK, *(line for line in lines if _PLAIN_PAIR.fullmatch(line)), _MARK)))
    if _NOT_FOR_COPILOT_CLI & set(_globs(keys, "excludeAgent")):
        return Loading(
            Load.SHADOWED, why_not="its excludeAgent names the coding agent, and Copilot CLI obeys it. Remove it"
        )
    return _with_note(_by_globs("copilot", _globs(keys, "applyTo", "paths")), lines, keys, "applyTo", "paths")


def _globs(keys: Mapping[str, tuple[str, ...]], *names: str) -> tuple[str, ...]:
    """Return the values of some keys; one string may be several, separated by commas."""
    return tuple(
        glob.strip() for name in names for text in keys.get(name, ()) for glob in _parted(text) if glob.strip()
    )


def _with_note(
    loading: Loading, lines: tuple[str, ...], keys: Mapping[str, tuple[str, ...]] | None, *names: str
) -> Loading:
    """Say so if a file is always loaded although its front matter names one of the keys, because that is not YAML."""
    is_named = any(line.startswith(f"{name}:") for line in lines for name in names)
    is_lost = yaml_keys(lines, has_tabs=True) is None and not any((keys or {}).get(name) for name in names)
    return replace(loading, is_broken=True) if loading.load is Load.ALWAYS and is_named and is_lost else loading


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
