"""The keys of front matter as a YAML reader finds them, or that it finds none because the lines are not YAML.

Supported is what people write there: keys at the top, scalars in every style, block lists and flow lists. What YAML
allows beyond that is skipped, and an alias is taken for a mistake: it is a glob such as `**/*.ts` without quotes. Every
line is read once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_KEY = re.compile(
    r"""(?P<quote>["'])?(?P<key>(?(quote)[^"']++|[^\s"'#,\[\]{}&*!|>%@`](?:[^:]|:(?=\S))*+))"""
    r"""(?(quote)(?P=quote)\s*+):(?=\s|$)"""
)
_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)
_NO_STRING = re.compile(r"(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9][0-9_]*(?:\.[0-9]*)?|)")
_ESCAPED = frozenset('0abtnvfre "/\\N_LPxuU\t')
"""What may follow a backslash within double quotes."""
_NO_START = frozenset("*@`%,]}")
"""No plain scalar begins with one of these; the first would be an alias."""
_DEEPEST = 100
"""More lists within lists are taken for a mistake."""
_HEAD = re.compile(r"[|>](?:[-+]?[1-9]?|[1-9][-+])\s*(?:\s#.*)?")


class _BrokenError(Exception):
    """The lines are not YAML."""


def yaml_keys(lines: Iterable[str], *, has_tabs: bool = False) -> Mapping[str, tuple[str, ...]] | None:
    """Return the keys at the top, each with its strings; None if the lines are not YAML.

    A list's strings are the key's; numbers, booleans, nothing and what is nested deeper are left out.

    Args:
        lines: The lines between the marks, without line ends.
        has_tabs: Whether the reader accepts tabs where YAML wants spaces.

    """
    reader = _Reader(has_tabs)
    try:
        for line in lines:
            if line.rstrip() == "...":
                break
            reader.take(line)
        return reader.end()
    except _BrokenError:
        return None


@dataclass(slots=True)
class _Scalar:
    """What follows a key or a dash and may go on in the next lines."""

    strings: list[str]
    """Where a string is added."""
    indent: int
    """The indent of the line that the text belongs to; what goes on is deeper."""
    quote: str = ""
    brackets: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    """The text so far."""
    is_begun: bool = False
    """Whether the text so far is more than space."""
    is_quoted: bool = False
    """Whether the text was in quotes that are closed."""
    is_block: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the next line belongs to it, whatever its indent."""
        return bool(self.quote or self.brackets)

    def begin(self, text: str) -> None:
        """Take the first line."""
        text = text.strip()
        if text[:1] in ("&", "!"):  # a property; a tag alone has no text
            text = text.partition(" ")[2].strip()
        if text[:1] in ("|", ">"):
            if not _HEAD.fullmatch(text):
                raise _BrokenError
            self.is_block = True
        elif text[:1] in ("[", "{", '"', "'"):
            self.go_on(text)
        elif text[:1] and text[0] in _NO_START:
            raise _BrokenError
        else:
            self.add(_COMMENT.sub("", text).strip())

    def add(self, text: str) -> None:
        """Add to the text."""
        self.pieces.append(text)
        self.is_begun = self.is_begun or not text.isspace()

    def taken(self) -> str:
        """Return the text so far, and begin another."""
        text = "".join(self.pieces)
        self.pieces, self.is_begun = [], False
        return text

    def go_on(self, text: str) -> None:
        """Take a line of quoted text or of a flow."""
        at = 0
        while at < len(text):
            at = self._quoted(text, at) if self.quote else self._flow(text, at)
            if not self.is_open:
                if _COMMENT.sub("", text[at:]).strip():
                    raise _BrokenError
                return
        self.pieces.append(" ")

    def _quoted(self, text: str, at: int) -> int:
        """Take what comes before the end of a quotation, and return where to go on."""
        mark = text[at]
        if mark == "\\" and self.quote == '"':
            if text[at + 1 : at + 2] and text[at + 1] not in _ESCAPED:
                raise _BrokenError
            self.add(text[at : at + 2])
            return at + 2
        if mark != self.quote:
            self.add(mark)
        elif self.quote == "'" and text.startswith("''", at):
            self.add(mark)
            return at + 2
        else:
            self.quote, self.is_quoted = "", True
            if not self.brackets:
                self.strings.append(self.taken())
        return at + 1

    def _flow(self, text: str, at: int) -> int:
        mark = text[at]
        if mark in "\"'" and not self.is_begun and not self.is_quoted:
            self.quote, self.pieces = mark, []
        elif mark in "[{":
            if self.is_begun or self.is_quoted:
                raise _BrokenError
            self.brackets.append(mark)
        elif mark in "]}":
            self._item()
            if self.brackets.pop() + mark not in ("[]", "{}"):
                raise _BrokenError
            self.is_quoted = bool(self.brackets)  # only a comma may follow a flow within a flow
        elif mark == ",":
            self._item()
            self.is_quoted = False
        elif mark == "#" and (at == 0 or text[at - 1].isspace()):
            return len(text)
        elif self.is_quoted and not mark.isspace():
            if mark != ":":
                raise _BrokenError
            self.is_quoted = False
            self.add(": ")  # it was the key of a pair
        else:
            self.add(mark)
        return at + 1

    def _item(self) -> None:
        text = self.taken().strip()
        if not self.is_quoted and text[:1] and (text[0] in _NO_START or text[0] in "|>"):
            raise _BrokenError
        is_string = self.is_quoted or (_is_string(text) and not _KEY.match(text) and text[0] not in "&!")
        if self.brackets == ["["] and text and is_string:
            self.strings.append(text)

    def end(self) -> None:
        """Add the string of a scalar without quotes."""
        if self.is_open:
            raise _BrokenError
        if not self.is_quoted and _is_string(text := self.taken().strip()):
            self.strings.append(text)


def _is_string(text: str) -> bool:
    return not _NO_STRING.fullmatch(text)


@dataclass(slots=True)
class _Reader:
    """The blocks that are open, the innermost last."""

    has_tabs: bool
    keys: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[tuple[int, bool]] = field(default_factory=list)
    """The indent of each, and whether it is a list."""
    scalar: _Scalar | None = None
    is_waiting: bool = False
    """Whether the last key or dash has no value yet."""
    strings: list[str] = field(default_factory=list)
    """Where the strings of the current key go."""

    def take(self, line: str) -> None:
        """Read one line."""
        content = line.lstrip(" \t")
        indent = len(line) - len(content)
        scalar = self.scalar
        if scalar is not None and scalar.is_open:
            scalar.go_on(line.strip())
        elif scalar is not None and scalar.is_block and (not content or indent > scalar.indent):
            scalar.add(f"{content}\n")
        elif content and not content.startswith("#"):
            if "\t" in line[:indent] and not self.has_tabs:
                raise _BrokenError
            self._content(indent, content.rstrip())

    def end(self) -> Mapping[str, tuple[str, ...]]:
        """Return the keys once all lines are read."""
        self._end_scalar()
        return {key: tuple(strings) for key, strings in self.keys.items()}

    def _end_scalar(self) -> None:
        if self.scalar is not None:
            self.scalar.end()
        self.scalar = None

    def _content(self, indent: int, content: str) -> None:
        is_item = content == "-" or content.startswith(("- ", "-\t"))
        innermost = self.blocks[-1][0] if self.blocks else -1
        if indent > innermost and self.scalar is not None:  # it goes on in this line
            scalar = self.scalar
            if scalar.is_quoted or scalar.is_block or _KEY.match(content):
                raise _BrokenError
            scalar.add(" " + _COMMENT.sub("", content).strip())
            return
        self._end_scalar()
        if indent > innermost:
            if self.blocks and not self.is_waiting:
                raise _BrokenError
            self._open(indent, content, is_item=is_item)
            return
        while self.blocks and indent < self.blocks[-1][0]:
            self.blocks.pop()
        if not self.blocks or indent > self.blocks[-1][0]:
            raise _BrokenError
        if is_item and not self.blocks[-1][1]:
            if not self.is_waiting:  # a list may begin at the indent of its key
                raise _BrokenError
            self.blocks.append((indent, True))
        elif not is_item and self.blocks[-1][1]:
            self.blocks.pop()
            if not self.blocks or self.blocks[-1] != (indent, False):
                raise _BrokenError
        self._entry(indent, content, is_item=is_item)

    def _open(self, indent: int, content: str, *, is_item: bool) -> None:
        """Open a block, or take the scalar that stands in a line of its own."""
        if is_item or _KEY.match(content):
            self.blocks.append((indent, is_item))
            self._entry(indent, content, is_item=is_item)
        elif self.blocks:
            self._value(self.blocks[-1][0], content)
        else:  # a text that is one scalar has no keys
            self.strings = []
            self._value(-1, content)

    def _entry(self, indent: int, content: str, *, is_item: bool) -> None:
        while is_item:
            rest = content[1:].lstrip(" \t")
            is_nested = rest == "-" or rest.startswith("- ")
            if not is_nested and not _KEY.match(rest):
                self._value(indent, rest)
                return
            if len(self.blocks) > _DEEPEST:
                raise _BrokenError
            indent, content, is_item = indent + len(content) - len(rest), rest, is_nested
            self.blocks.append((indent, is_item))
        key = _KEY.match(content)
        if key is None:
            raise _BrokenError
        if len(self.blocks) == 1:
            self.strings = self.keys[key["key"].rstrip()] = []
        value = content[key.end() :].strip()
        if not value.startswith(('"', "'", "[", "{")) and _KEY.match(_COMMENT.sub("", value)):
            raise _BrokenError
        self._value(indent, value)

    def _value(self, indent: int, text: str) -> None:
        is_direct = len(self.blocks) <= 1 or (len(self.blocks) == 2 and self.blocks[1][1])
        self.scalar = _Scalar(self.strings if is_direct and not self._is_list else [], indent)
        self.scalar.begin(text)
        self.is_waiting = not text or text.startswith("#")
        if self.is_waiting:
            self.scalar = None

    @property
    def _is_list(self) -> bool:
        """Whether the text is a list and so has no keys."""
        return bool(self.blocks) and self.blocks[0][1]
