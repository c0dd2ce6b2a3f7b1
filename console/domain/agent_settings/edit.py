"""Edits of a settings file in place: every other byte stays, and what cannot be edited so is refused.

An edit is checked by reading the new text: it must say what the old one did, and the change, and nothing else.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from console.domain.agent_settings.jsonc import JsonError, JsonText

_SCALAR = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'\[{]+)(?=[ \t]*(?:#|$))""")
"""A TOML value within one line, and no list or table."""
_HEADER = re.compile(r"[ \t]*\[")
_COMMENT = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)(?=\r?\n)")
"""A comment that belongs to the value before it."""


class EditError(ValueError):
    """A file cannot be edited in place; the message says why, without its text."""


def merged(old: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with a change in them, table by table."""
    made = dict(old)
    for key, value in change.items():
        before = made.get(key)
        made[key] = merged(before, value) if isinstance(value, Mapping) and isinstance(before, Mapping) else value
    return made


# --- TOML -------------------------------------------------------------------------------------------------------------


def edit_toml(text: str, change: Mapping[str, Any]) -> str:
    """Return a TOML text with a change of texts and numbers, in tables of at most two levels.

    Raises:
        EditError: It cannot be edited so.

    """
    try:
        old = tomllib.loads(text)
    except (ValueError, RecursionError):
        raise EditError("is not valid TOML") from None
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    _set_values(lines, (), {key: value for key, value in change.items() if not isinstance(value, Mapping)})
    for table in _tables(change, ()):
        values = {key: each for key, each in _at(change, table).items() if not isinstance(each, Mapping)}
        if values:
            _set_values(lines, table, values)
    new = end.join(lines)
    try:
        is_right = tomllib.loads(new) == merged(old, change)
    except (ValueError, RecursionError):
        is_right = False
    if not is_right:
        raise EditError("is written in a way that cannot be edited without changing more than these lines")
    return new


def _tables(change: Mapping[str, Any], above: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in change.items():
        if isinstance(value, Mapping):
            found += [(*above, key), *_tables(value, (*above, key))]
    return found


def _at(change: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    for step in path:
        change = change[step]
    return change


def _set_values(lines: list[str], table: tuple[str, ...], values: Mapping[str, Any]) -> None:
    """Set keys of a table, which is appended if it is missing."""
    begin, end = _section(lines, table)
    if begin is None:
        while lines and not lines[-1].strip():
            lines.pop()
        header = f"[{'.'.join(map(_key, table))}]"
        lines += [
            *([""] if lines else []),
            header,
            *(f"{_key(key)} = {_text(each)}" for key, each in values.items()),
            "",
        ]
        return
    for key, value in values.items():
        found = [at for at in range(begin, end) if re.match(rf"[ \t]*{re.escape(_key(key))}[ \t]*=", lines[at])]
        if not found:
            last = max((at for at in range(begin, end) if lines[at].strip()), default=begin - 1)
            lines.insert(last + 1, f"{_key(key)} = {_text(value)}")
            end += 1
            continue
        name, mark, rest = lines[found[0]].partition("=")
        gap = rest[: len(rest) - len(rest.lstrip())]
        match = _SCALAR.match(rest, len(gap))
        if match is None:
            raise EditError(f"has a value of {key} that is not in one line")
        lines[found[0]] = f"{name}{mark}{gap}{_text(value)}{rest[match.end() :]}"


def _section(lines: list[str], table: tuple[str, ...]) -> tuple[int | None, int]:
    """Return the lines of a table: the first after its header, and the one after its last; None if it has none."""
    begin: int | None = None if table else 0
    for number, line in enumerate(lines):
        if not _HEADER.match(line):
            continue
        if begin is not None:
            return begin, number
        if _steps(line) == table:
            begin = number + 1
    return begin, len(lines)


def _steps(header: str) -> tuple[str, ...]:
    match = re.fullmatch(r"[ \t]*\[([^\[\]]+)\][ \t]*(?:#.*)?", header)
    return () if match is None else tuple(each.strip().strip("\"'") for each in match[1].split("."))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- JSON -------------------------------------------------------------------------------------------------------------


def edit_json(text: str, change: Mapping[str, Any]) -> str:
    """Return a JSON text, with comments or not, with a change in it.

    Raises:
        EditError: It cannot be edited so.

    """
    try:
        old = JsonText(text)
        new = text
        for path, value in _leaves(old, change, ()):
            new = _put(JsonText(new), path, value)
        is_right = JsonText(new).root.value == merged(_object(old), change)
    except JsonError as error:
        raise EditError(f"{error}, see line {error.line}") from None
    if not is_right:
        raise EditError("is written in a way that cannot be edited without changing more than these lines")
    return new


def _object(text: JsonText) -> Mapping[str, Any]:
    if not isinstance(text.root.value, dict):
        raise EditError("is not a JSON object")
    return text.root.value


def _leaves(old: JsonText, change: Mapping[str, Any], above: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Return what to put where: whole tables where the text has none."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in change.items():
        span = old.span((*above, key))
        if isinstance(value, Mapping) and span is not None and isinstance(span.value, dict):
            found += _leaves(old, value, (*above, key))
        else:
            found.append(((*above, key), value))
    return found


def _put(text: JsonText, path: tuple[str, ...], value: object) -> str:
    source = text.text
    span, parent = text.span(path), text.span(path[:-1])
    if span is not None:
        return source[: span.start] + _pretty(source, value, len(path)) + source[span.end :]
    if parent is None or not isinstance(parent.value, dict):
        raise EditError("has another kind of value where a table has to be")
    end = "\r\n" if "\r\n" in source else "\n"
    member = f"{json.dumps(path[-1], ensure_ascii=False)}: {_pretty(source, value, len(path))}"
    line = f"{end}{_unit(source) * len(path)}{member}"
    if not parent.members:
        return f"{source[: parent.start]}{{{line}{end}{_unit(source) * (len(path) - 1)}}}{source[parent.end :]}"
    last = max(each.end for each in parent.members.values())
    comment = _COMMENT.match(source, last)
    after = last if comment is None else comment.end()
    return f"{source[:last]},{source[last:after]}{line}{source[after:]}"


def _unit(source: str) -> str:
    """Return how deep the text indents: as its first indented line does."""
    match = re.search(r"\n([ \t]+)\"", source)
    return "  " if match is None else match[1]


def _pretty(source: str, value: object, depth: int) -> str:
    unit, end = _unit(source), "\r\n" if "\r\n" in source else "\n"
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", f"{end}{unit * depth}")
