"""Editing values in a TOML text: only the values' own characters change, and comments, order and line ends stay.

The places of values are found by reading the text as TOML's grammar has it. Whatever form a value is written in, the
result is parsed again, and differs from the text before in exactly the values that were to change.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from console.domain.problem import Problem, ProblemKind
from console.services.config.toml_text import KeyPath

Places = dict[KeyPath, tuple[int, int]]
"""Where each value begins and ends in a text, in characters."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_FREE = re.compile(r"(?:[ \t\r\n\ufeff]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_LITERAL = re.compile(r"'''(?:[^']|'(?!''))*'{3,5}|'[^'\n]*'", re.DOTALL)
_PLAIN = re.compile(r"[ !#-\[\]-~]{1,400}")
"""What may stand between double quotes as it is: printable ASCII without a quote or a backslash."""


class UneditableError(Problem):
    """A value cannot be changed in place; the message says why."""

    kind = ProblemKind.CONFIG


def with_values(text: str, changes: Mapping[KeyPath, str]) -> str:
    """Return a TOML text with other texts as values of keys that it has.

    Args:
        text: A text that TOML's parser takes.
        changes: The new value of each key.

    Raises:
        UneditableError: The text is not TOML, a key is not in it, or a value is not printable ASCII.

    """
    try:
        before = tomllib.loads(text)
        places = value_places(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, _UnreadError):
        raise UneditableError("the file is not TOML") from None
    edited = text
    for path in sorted(changes, key=lambda each: places.get(each, (0, 0)), reverse=True):
        if path not in places:
            raise UneditableError(f"{'.'.join(map(str, path))} is not written in the file")
        if _PLAIN.fullmatch(changes[path]) is None:
            raise UneditableError(f"the new value of {'.'.join(map(str, path))} is not plain text")
        begin, end = places[path]
        edited = f'{edited[:begin]}"{changes[path]}"{edited[end:]}'
    if _parsed(edited) != _with(before, changes):
        raise UneditableError("the values could not be changed without changing others")
    return edited


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _with(document: dict[str, Any], changes: Mapping[KeyPath, str]) -> dict[str, Any]:
    changed = deepcopy(document)
    for path, value in changes.items():
        table: Any = changed
        for step in path[:-1]:
            table = table[step]
        table[path[-1]] = value
    return changed


class _UnreadError(Exception):
    """The text is not in the form that this reader knows."""


def value_places(text: str) -> Places:
    """Return where each value of a TOML text is, also those within inline tables; an array is one value."""
    return _Reader(text).read()


class _Reader:
    """Reads one text, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._places: Places = {}
        self._entries: dict[KeyPath, int] = {}

    def read(self) -> Places:
        table: KeyPath = ()
        self._skip(_FREE)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._assignment(table)
            self._skip(_FREE)
        return self._places

    def _header(self) -> KeyPath:
        is_entry = self._text.startswith("[[", self._at)
        self._at += 2 if is_entry else 1
        path = self._resolved(self._key())
        self._expect("]]" if is_entry else "]")
        if not is_entry:
            return path
        self._entries[path] = self._entries.get(path, -1) + 1
        return (*path, self._entries[path])

    def _resolved(self, path: KeyPath) -> KeyPath:
        """Return a header's path with the newest entry of each list of tables on its way."""
        found: KeyPath = ()
        for place, step in enumerate(path):
            found = (*found, step)
            if found in self._entries and place < len(path) - 1:
                found = (*found, self._entries[found])
        return found

    def _assignment(self, table: KeyPath) -> None:
        path = (*table, *self._key())
        self._expect("=")
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> KeyPath:
        steps: list[str] = []
        while True:
            self._skip(_BLANK)
            start = self._at
            if self._text[start : start + 1] in ('"', "'"):
                self._quoted()
                steps.append(tomllib.loads(f"k = {self._text[start : self._at]}")["k"])
            elif found := _BARE.match(self._text, start):
                self._at = found.end()
                steps.append(found[0])
            else:
                raise _UnreadError
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return tuple(steps)
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        start = self._at
        match self._text[start : start + 1]:
            case '"' | "'":
                self._quoted()
            case "[":
                self._array()
            case "{":
                self._inline(path)
            case _:
                found = _SCALAR.match(self._text, start)
                self._at = start + len((found[0] if found else "").rstrip())
                if self._at == start:
                    raise _UnreadError
        self._places[path] = start, self._at

    def _quoted(self) -> None:
        form = _BASIC if self._text[self._at] == '"' else _LITERAL
        found = form.match(self._text, self._at)
        if found is None:
            raise _UnreadError
        self._at = found.end()

    def _array(self) -> None:
        """Pass over an array; what is in it is not a key's value."""
        inner = self._places
        self._places = {}
        for _ in self._parts("]", _FREE):
            self._value(())
        self._places = inner

    def _inline(self, path: KeyPath) -> None:
        for _ in self._parts("}", _FREE):
            self._assignment(path)

    def _parts(self, close: str, blank: re.Pattern[str]) -> Iterator[None]:
        """Yield where each part of a list in brackets begins; the caller reads it."""
        self._at += 1
        while True:
            self._skip(blank)
            if self._text.startswith(close, self._at):
                self._at += 1
                return
            yield
            self._skip(blank)
            if self._text.startswith(",", self._at):
                self._at += 1
            elif not self._text.startswith(close, self._at):
                raise _UnreadError

    def _expect(self, mark: str) -> None:
        self._skip(_BLANK)
        if not self._text.startswith(mark, self._at):
            raise _UnreadError
        self._at += len(mark)

    def _skip(self, blank: re.Pattern[str]) -> None:
        found = blank.match(self._text, self._at)
        self._at = self._at if found is None else found.end()
