"""JSON as agents' settings have it: with comments and trailing commas, each value with its place in the text."""

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.domain.agent_settings.source import KeyPath, Tree

DEPTH_LIMIT = 60
"""The deepest nesting; settings have a tenth of it."""
_SKIPPED = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+"')
_WORD = re.compile(r"-?[0-9][0-9.eE+-]*+|true|false|null")


class JsonError(ValueError):
    """A text is not JSON; the message has none of it."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(slots=True)
class Span:
    """A value's place in the text, and those of its members."""

    start: int
    end: int = 0
    value: object = None
    members: dict[str, "Span"] = field(default_factory=dict)
    """An object's values by their keys; the last of equal keys counts."""
    items: list["Span"] = field(default_factory=list)


class JsonText:
    """A text and its values."""

    def __init__(self, text: str) -> None:
        """Parse a text. Raises `JsonError`."""
        self.text = text
        self._breaks = [place for place, each in enumerate(text) if each == "\n"]
        self._at = 0
        self._skip()
        self.root = self._value(0)
        self._skip()
        if self._at < len(text):
            raise self._error("has text after its end")

    def tree(self) -> Tree:
        """Return its values, with the lines of their keys; none if it is not an object."""
        values = self.root.value
        return Tree(values if isinstance(values, dict) else {}, self._line_of)

    def span(self, path: Sequence[str]) -> Span | None:
        """Return the place of a value; None if there is none."""
        found: Span | None = self.root
        for step in path:
            found = None if found is None else found.members.get(step)
        return found

    def _line_of(self, path: KeyPath) -> int | None:
        found = self.root
        for step in path:
            inner = found.items[step] if isinstance(step, int) and step < len(found.items) else None
            inner = found.members.get(step) if isinstance(step, str) else inner
            if inner is None:
                break
            found = inner
        return self._line(found.start)

    def _line(self, place: int) -> int:
        return bisect_right(self._breaks, place - 1) + 1

    def _error(self, problem: str) -> JsonError:
        return JsonError(problem, self._line(self._at))

    def _skip(self) -> None:
        match = _SKIPPED.match(self.text, self._at)
        self._at = self._at if match is None else match.end()

    def _value(self, depth: int) -> Span:
        if depth > DEPTH_LIMIT:
            raise self._error(f"is nested deeper than {DEPTH_LIMIT}")
        span = Span(self._at)
        mark = self.text[self._at : self._at + 1]
        if mark == "{":
            self._object(span, depth)
        elif mark == "[":
            self._list(span, depth)
        elif mark == '"':
            span.value = self._string()
        else:
            match = _WORD.match(self.text, self._at)
            if match is None:
                raise self._error("is not JSON" if mark else "ends too early")
            self._at = match.end()
            try:
                span.value = json.loads(match[0])
            except ValueError:
                raise self._error("has a bad number") from None
        span.end = self._at
        return span

    def _string(self) -> str:
        match = _STRING.match(self.text, self._at)
        if match is None:
            raise self._error("has a text without its closing quote, or with a line end in it")
        try:
            value: str = json.loads(match[0])
        except ValueError:
            raise self._error("has a bad escape in a text") from None
        self._at = match.end()
        return value

    def _object(self, span: Span, depth: int) -> None:
        values: dict[str, object] = {}
        self._at += 1
        while self._more("}"):
            if self.text[self._at : self._at + 1] != '"':
                raise self._error("has a key that is not in double quotes")
            key = self._string()
            self._skip()
            if self.text[self._at : self._at + 1] != ":":
                raise self._error("lacks a colon after a key")
            self._at += 1
            self._skip()
            inner = self._value(depth + 1)
            values[key], span.members[key] = inner.value, inner
            self._comma("}")
        span.value = values

    def _list(self, span: Span, depth: int) -> None:
        self._at += 1
        while self._more("]"):
            span.items.append(self._value(depth + 1))
            self._comma("]")
        span.value = [each.value for each in span.items]

    def _more(self, end: str) -> bool:
        """Skip to the next member, and return whether there is one; if not, take the end."""
        self._skip()
        if self.text[self._at : self._at + 1] != end:
            return True
        self._at += 1
        return False

    def _comma(self, end: str) -> None:
        self._skip()
        mark = self.text[self._at : self._at + 1]
        if mark == ",":
            self._at += 1
        elif mark != end:
            raise self._error("lacks a comma or a closing bracket" if mark else "ends too early")
