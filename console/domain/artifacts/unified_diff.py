"""A strict reader of unified diffs: whatever the lenient `git apply` would skip, guess or repair is a fault here.

The result must include every change that git would make, because scope and safety are judged by it.
"""

import re
from dataclasses import dataclass, field

from console.domain.artifacts.diff_header import (
    EXTENDED_LINES,
    DiffFaultError,
    FileHeader,
    bare_line,
    read_change,
    read_name,
    same_name,
)
from console.domain.artifacts.file_change import FileChange

_HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@(?: .*)?", re.DOTALL)
BINARY_LIMIT = 8_000_000
"""The maximum stated size of an unpacked binary part, in bytes; git allocates the memory before it unpacks."""
_BINARY_SIZE = re.compile(r"(?:literal|delta) ([0-9]{1,10})")
_BINARY_LINE = re.compile(r"[A-Za-z][!-~]{5,65}")


@dataclass(frozen=True, slots=True)
class PatchFault:
    """A place where a patch is malformed, with a message of our own."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A parsed unified diff: its faults, the first of which ended the parsing, and everything before that."""

    changes: tuple[FileChange, ...]
    faults: tuple[PatchFault, ...]
    brought: tuple[tuple[int, str], ...] = field(repr=False)
    """The content that the patch brings, with line numbers: added lines, headers and prose, not context or removals."""
    stray: tuple[int, ...] = ()
    """The lines outside the diff, such as prose around it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every touched path, in patch order."""
        return tuple(path for change in self.changes for path in change.touched)


def as_git_reads_it(patch: bytes) -> bytes:
    """Return a patch with a line feed at its end: git does not read a last line without one."""
    return patch if patch.endswith(b"\n") else patch + b"\n"


def parse_patch(text: str) -> Patch:
    """Parse a unified diff in git's format; in linear time, and without raising on any text."""
    reader = _Reader(text.removesuffix("\n").split("\n"))
    faults: tuple[PatchFault, ...] = ()
    try:
        reader.read()
    except DiffFaultError as fault:
        faults = (PatchFault(min(reader.at, len(reader.lines) - 1) + 1, fault.words),)
    return Patch(tuple(reader.changes), faults, tuple(reader.brought), tuple(reader.stray))


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.changes: list[FileChange] = []
        self.brought: list[tuple[int, str]] = []
        self.stray: list[int] = []

    def read(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                self._file(self._git_header())
            elif line.startswith("--- ") and self._peek(1).startswith("+++ "):
                self._file(FileHeader(self.at + 1, is_git=False))
            elif line.startswith(("@@ ", "diff --cc ", "diff --combined ")):
                raise DiffFaultError("a hunk or a combined diff is where a file's header should be")
            else:
                self._stray(line)

    def _peek(self, ahead: int) -> str:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else ""

    def _take(self) -> str:
        line = self.lines[self.at]
        self.at += 1
        return line

    def _bring(self, text: str) -> None:
        self.brought.append((self.at + 1, text))

    def _stray(self, line: str) -> None:
        self._bring(line)
        if line == "-- ":  # the signature of git format-patch; the next line is git's version
            self.at += 1
            if self.at < len(self.lines):
                self._bring(self.lines[self.at])
        elif line.strip():
            self.stray.append(self.at + 1)
        self.at += 1

    def _git_header(self) -> FileHeader:
        header = FileHeader(self.at + 1)
        self._bring(self.lines[self.at])
        header.named = same_name(bare_line(self.lines[self.at])[len("diff --git ") :])
        self.at += 1
        while self.at < len(self.lines):
            line = bare_line(self.lines[self.at])
            for prefix, (what, check) in EXTENDED_LINES.items():
                if line.startswith(prefix):
                    self._bring(line)
                    header.say(what, check(line[len(prefix) :]))
                    self.at += 1
                    break
            else:
                break
        return header

    def _file(self, header: FileHeader) -> None:
        line = bare_line(self._peek(0))
        if line.startswith("--- "):
            self._names(header)
        elif line == "GIT binary patch":
            self._binary(header)
        elif line.startswith("Binary files ") and line.endswith(" differ"):
            self._bring(line)
            header.is_binary = True
            self.at += 1
        elif line.strip() and line != "-- " and not line.startswith("diff --git "):
            raise DiffFaultError("a file's header has a line that git does not write")
        begin, self.at = self.at, header.line - 1  # report a fault of the header at its first line
        change = read_change(header)
        self.at = begin
        self.changes.append(change)

    def _names(self, header: FileHeader) -> None:
        for what, prefix in (("---", "a/"), ("+++", "b/")):
            line = bare_line(self._peek(0))
            if not line.startswith(f"{what} "):
                raise DiffFaultError("a line with +++ has to follow the line with ---")
            self._bring(line)
            header.say(what, read_name(line[4:].removesuffix("\t"), prefix, is_nothing_allowed=True))
            self.at += 1
        while self._peek(0).startswith("@@ "):
            self._hunk(header)
        if not header.hunks:
            raise DiffFaultError("a hunk, which begins with @@, has to follow the line with +++")
        if self._peek(0)[:1] in ("+", "-", " ", "\\") and not self._is_next_file():
            raise DiffFaultError("a hunk has more lines than its first line says")

    def _is_next_file(self) -> bool:
        line = self._peek(0)
        return line == "-- " or not line.strip() or (line.startswith("--- ") and self._peek(1).startswith("+++ "))

    def _hunk(self, header: FileHeader) -> None:
        match = _HUNK.fullmatch(bare_line(self.lines[self.at]))
        if match is None:
            raise DiffFaultError("the first line of a hunk has to read @@ -LINE,COUNT +LINE,COUNT @@")
        old, new = (1 if count is None else int(count) for count in match.groups())
        header.hunks += 1
        self.at += 1
        while old > 0 or new > 0:
            if self.at >= len(self.lines):
                raise DiffFaultError("a hunk has fewer lines than its first line says")
            line = self.lines[self.at]
            match line[:1]:
                case "+":
                    self._bring(line[1:])
                    header.added, new = header.added + 1, new - 1
                case "-":
                    header.removed, old = header.removed + 1, old - 1
                case " " | "":
                    old, new = old - 1, new - 1
                case "\\":
                    self._bring(line)
                case _:
                    raise DiffFaultError("a line of a hunk has to begin with a space, + or -")
            if old < 0 or new < 0:
                raise DiffFaultError("a hunk's lines do not match the counts in its first line")
            self.at += 1
        if self._peek(0).startswith("\\ "):
            self._bring(self._peek(0))
            self.at += 1

    def _binary(self, header: FileHeader) -> None:
        if not header.has_whole_ids:
            raise DiffFaultError("a binary patch needs an index line with full ids, as git diff --binary writes it")
        header.is_binary = header.has_binary_content = True
        self._bring(self._take())
        for is_first in (True, False):  # forward and reverse
            size = _BINARY_SIZE.fullmatch(bare_line(self._peek(0)))
            if size is None:
                if is_first:
                    raise DiffFaultError("a binary patch has to begin with literal or delta and a size")
                return
            if int(size[1]) > BINARY_LIMIT:
                raise DiffFaultError(f"a binary part unpacks to more than {BINARY_LIMIT} bytes")
            self.at += 1
            while _BINARY_LINE.fullmatch(bare_line(self._peek(0))):
                self.at += 1
            if self.at < len(self.lines) and bare_line(self._take()):
                self.at -= 1
                raise DiffFaultError("a binary patch has a line that git does not write")
