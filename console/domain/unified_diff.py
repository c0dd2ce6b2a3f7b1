"""Unified diffs, read as strictly as `git apply` is lenient: what it would skip, guess or mend is a fault here.

Nothing that git would change may be missing from what is read, for that is what scope and safety are judged by.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

_HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@(?: .*)?", re.DOTALL)
_MODE = re.compile(r"100644|100755|120000|160000")
_INDEX = re.compile(r"[0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: (?:100644|100755|120000|160000))?")
_WHOLE_IDS = re.compile(r"[0-9a-f]{40}\.\.[0-9a-f]{40}|[0-9a-f]{64}\.\.[0-9a-f]{64}")
_PERCENT = re.compile(r"[0-9]{1,3}%")
_BINARY_SIZE = re.compile(r"(?:literal|delta) [0-9]{1,10}")
_BINARY_LINE = re.compile(r"[A-Za-z][!-~]{5,65}")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPE = re.compile(rb'\\(?:([0-3][0-7]{2})|([abtnvfr"\\]))')
_NOTHING = "/dev/null"
SYMLINK, SUBMODULE, EXECUTABLE = 0o120000, 0o160000, 0o100755


class ChangeKind(StrEnum):
    """What a patch does to a file."""

    EDITED = "edited"
    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file."""

    kind: ChangeKind
    path: str
    """Where the file is afterwards; for a deleted one where it was."""
    line: int
    """Where in the patch it begins, counted from 1; 0 where it was not read from a patch."""
    old_path: str = ""
    """Where a renamed or copied file came from."""
    old_mode: int | None = None
    new_mode: int | None = None
    """The modes that the patch names; None where it names none."""
    added: int = 0
    removed: int = 0
    is_binary: bool = False
    has_binary_content: bool = False
    """Whether a binary change brings its bytes, so that it can be applied."""

    @property
    def touched(self) -> tuple[str, ...]:
        """The paths whose content or existence changes: a copy leaves the one that it came from."""
        return (self.old_path, self.path) if self.kind is ChangeKind.RENAMED else (self.path,)


@dataclass(frozen=True, slots=True)
class PatchFault:
    """A place at which a patch is not what it should be, in our words."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A unified diff as it was read: its faults, the first of which ended the reading, and what came before."""

    changes: tuple[FileChange, ...]
    faults: tuple[PatchFault, ...]
    brought: tuple[tuple[int, str], ...] = field(repr=False)
    """What the patch brings, with line numbers: added lines, headers and prose; no context, nothing removed."""
    stray: tuple[int, ...] = ()
    """The lines that are no part of the diff, such as prose around it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is touched, in the patch's order."""
        return tuple(path for change in self.changes for path in change.touched)


def parse_patch(text: str) -> Patch:
    """Read a unified diff in git's form; in linear time, and without raising on any text."""
    reader = _Reader(text.removesuffix("\n").split("\n"))
    faults: tuple[PatchFault, ...] = ()
    try:
        reader.read()
    except _FaultError as fault:
        faults = (PatchFault(min(reader.at, len(reader.lines) - 1) + 1, fault.words),)
    return Patch(tuple(reader.changes), faults, tuple(reader.brought), tuple(reader.stray))


class _FaultError(Exception):
    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(slots=True)
class _Header:
    """What the lines before a file's hunks say."""

    line: int
    named: str = ""
    """The path of `diff --git a/X b/X`; empty where its two paths differ or there is no such line."""
    is_git: bool = True
    said: dict[str, str] = field(default_factory=dict)
    added: int = 0
    removed: int = 0
    hunks: int = 0
    is_binary: bool = False
    has_binary_content: bool = False

    def say(self, what: str, value: str) -> None:
        if what in self.said:
            raise _FaultError("a header line stands twice")
        self.said[what] = value

    def mode(self, *names: str) -> int | None:
        said = (self.said.get(name, "").removeprefix(self.ids) for name in names)
        return next((int(mode, 8) for mode in said if mode), None)

    @property
    def ids(self) -> str:
        """The ids of the index line, without the mode behind them."""
        return self.said.get("index", "").partition(" ")[0]


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
                self._file(_Header(self.at + 1, is_git=False))
            elif line.startswith(("@@ ", "diff --cc ", "diff --combined ")):
                raise _FaultError("a hunk or a combined diff stands where a file's header should")
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
        if line == "-- ":  # what git format-patch signs with; the next line is git's version
            self.at += 1
            if self.at < len(self.lines):
                self._bring(self.lines[self.at])
        elif line.strip():
            self.stray.append(self.at + 1)
        self.at += 1

    def _git_header(self) -> _Header:
        header = _Header(self.at + 1)
        self._bring(self.lines[self.at])
        header.named = _same_name(_bare(self.lines[self.at])[len("diff --git ") :])
        self.at += 1
        while self.at < len(self.lines):
            line = _bare(self.lines[self.at])
            for prefix, (what, check) in _EXTENDED.items():
                if line.startswith(prefix):
                    self._bring(line)
                    header.say(what, check(line[len(prefix) :]))
                    self.at += 1
                    break
            else:
                break
        return header

    def _file(self, header: _Header) -> None:
        line = _bare(self._peek(0))
        if line.startswith("--- "):
            self._names(header)
        elif line == "GIT binary patch":
            self._binary(header)
        elif line.startswith("Binary files ") and line.endswith(" differ"):
            self._bring(line)
            header.is_binary = True
            self.at += 1
        elif line.strip() and line != "-- " and not line.startswith("diff --git "):
            raise _FaultError("a line of a file's header is none that git writes now")
        begin, self.at = self.at, header.line - 1  # a fault of the header is shown at its first line
        change = _change(header)
        self.at = begin
        self.changes.append(change)

    def _names(self, header: _Header) -> None:
        for what, prefix in (("---", "a/"), ("+++", "b/")):
            line = _bare(self._peek(0))
            if not line.startswith(f"{what} "):
                raise _FaultError("a line with +++ has to follow the line with ---")
            self._bring(line)
            header.say(what, _name(line[4:].removesuffix("\t"), prefix, is_nothing_allowed=True))
            self.at += 1
        while self._peek(0).startswith("@@ "):
            self._hunk(header)
        if not header.hunks:
            raise _FaultError("a hunk, which begins with @@, has to follow the line with +++")
        if self._peek(0)[:1] in ("+", "-", " ", "\\") and not self._is_next_file():
            raise _FaultError("a hunk has more lines than its first line says")

    def _is_next_file(self) -> bool:
        line = self._peek(0)
        return line == "-- " or not line.strip() or (line.startswith("--- ") and self._peek(1).startswith("+++ "))

    def _hunk(self, header: _Header) -> None:
        match = _HUNK.fullmatch(_bare(self.lines[self.at]))
        if match is None:
            raise _FaultError("the first line of a hunk has to read @@ -LINE,COUNT +LINE,COUNT @@")
        old, new = (1 if count is None else int(count) for count in match.groups())
        header.hunks += 1
        self.at += 1
        while old > 0 or new > 0:
            if self.at >= len(self.lines):
                raise _FaultError("a hunk has fewer lines than its first line says")
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
                    raise _FaultError("a line of a hunk has to begin with a space, + or -")
            if old < 0 or new < 0:
                raise _FaultError("a hunk's lines do not add up to what its first line says")
            self.at += 1
        if self._peek(0).startswith("\\ "):
            self._bring(self._peek(0))
            self.at += 1

    def _binary(self, header: _Header) -> None:
        if _WHOLE_IDS.fullmatch(header.ids) is None:
            raise _FaultError("a binary patch needs an index line with whole ids, as git diff --binary writes it")
        header.is_binary = header.has_binary_content = True
        self._bring(self._take())
        for is_first in (True, False):  # the way forth, and the way back
            if _BINARY_SIZE.fullmatch(_bare(self._peek(0))) is None:
                if is_first:
                    raise _FaultError("a binary patch has to begin with literal or delta and a size")
                return
            self.at += 1
            while _BINARY_LINE.fullmatch(_bare(self._peek(0))):
                self.at += 1
            if self.at < len(self.lines) and _bare(self._take()):
                self.at -= 1
                raise _FaultError("a line of a binary patch is not what git writes")


def _change(header: _Header) -> FileChange:
    said = header.said
    paths = {"old": said.get("---", header.named), "new": said.get("+++", header.named)}
    kind, old_path = ChangeKind.EDITED, ""
    is_new, is_deleted = "new file mode" in said, "deleted file mode" in said
    moves = [verb for verb in ("rename", "copy") if f"{verb} from" in said or f"{verb} to" in said]
    if len(moves) + is_new + is_deleted > 1:
        raise _FaultError("a file is said to be several of new, deleted, renamed and copied")
    if moves:
        old_path, new_path = said.get(f"{moves[0]} from", ""), said.get(f"{moves[0]} to", "")
        if (
            not old_path
            or not new_path
            or (said.get("---", old_path), said.get("+++", new_path))
            != (
                old_path,
                new_path,
            )
        ):
            raise _FaultError("the lines of a rename or a copy name different paths")
        kind = ChangeKind.RENAMED if moves[0] == "rename" else ChangeKind.COPIED
        paths = {"old": old_path, "new": new_path}
    elif _NOTHING in (paths["old"], paths["new"]) or is_new or is_deleted:
        kind = _made_or_deleted(header, paths)
    elif paths["old"] != paths["new"] or not paths["new"]:
        raise _FaultError("the lines of a file name different paths, and none says that it is renamed")
    if header.named and (moves or header.named != paths["old" if kind is ChangeKind.DELETED else "new"]):
        raise _FaultError("the lines of a file name different paths")
    if ("old mode" in said) != ("new mode" in said):
        raise _FaultError("a change of mode needs both its lines, old mode and new mode")
    is_made = kind is ChangeKind.ADDED
    if not (said.keys() - {"index", "similarity", "dissimilarity"}) and not header.is_binary:
        raise _FaultError("a file's header says nothing of what changes")
    return FileChange(
        kind=kind,
        path=paths["old" if kind is ChangeKind.DELETED else "new"],
        line=header.line,
        old_path=old_path,
        old_mode=None if is_made else header.mode("old mode", "deleted file mode", "index"),
        new_mode=None if kind is ChangeKind.DELETED else header.mode("new mode", "new file mode", "index"),
        added=header.added,
        removed=header.removed,
        is_binary=header.is_binary,
        has_binary_content=header.has_binary_content,
    )


def _made_or_deleted(header: _Header, paths: dict[str, str]) -> ChangeKind:
    """Tell a new file from a deleted one; in git's form both its header and /dev/null have to say so."""
    is_new, is_deleted = "new file mode" in header.said, "deleted file mode" in header.said
    if "---" in header.said:
        from_nothing, to_nothing = paths["old"] == _NOTHING, paths["new"] == _NOTHING
        if from_nothing == to_nothing:
            raise _FaultError("a new file has --- /dev/null and a deleted one +++ /dev/null")
        if header.is_git and (is_new, is_deleted) != (from_nothing, to_nothing):
            raise _FaultError("after diff --git a new file needs `new file mode`, a deleted one `deleted file mode`")
        return ChangeKind.ADDED if from_nothing else ChangeKind.DELETED
    if not header.named:
        raise _FaultError("the lines of a file name different paths")
    return ChangeKind.ADDED if is_new else ChangeKind.DELETED


def _bare(line: str) -> str:
    return line.removesuffix("\r")


def _same_name(names: str) -> str:
    """Return X of `a/X b/X`; empty where the two differ, as in a rename: then other lines have to name them."""
    if names.startswith('"'):
        first, _, second = names.partition('" "')
        if not second:
            return ""
        old, new = _name(first + '"', "a/"), _name('"' + second, "b/")
        return old if old == new else ""
    middle = len(names) // 2
    old, new = names[:middle], names[middle + 1 :]
    if len(names) % 2 == 0 or names[middle] != " " or old[2:] != new[2:]:
        return ""
    _name(new, "b/")
    return _name(old, "a/")


def _name(raw: str, prefix: str, *, is_nothing_allowed: bool = False) -> str:
    if raw == _NOTHING and is_nothing_allowed:
        return raw
    name = _unquoted(raw)
    if not name.startswith(prefix) or name == prefix:
        raise _FaultError("paths have to be written as a/PATH and b/PATH, with nothing after them")
    return name.removeprefix(prefix)


def _unquoted(raw: str) -> str:
    """Return a name that git quotes when it holds anything but printable ASCII."""
    if "\t" in raw or not raw:
        raise _FaultError("paths have to be written as a/PATH and b/PATH, with nothing after them")
    if not raw.startswith('"'):
        return raw
    if len(raw) < 3 or not raw.endswith('"'):
        raise _FaultError("the quotes around a path do not match")
    inner = raw[1:-1].encode("utf-8", "surrogatepass")
    if b"\\" in (rest := _ESCAPE.sub(b"", inner)) or b'"' in rest:
        raise _FaultError("the quotes around a path do not match")
    try:
        return _ESCAPE.sub(_escaped, inner).decode()
    except UnicodeDecodeError:
        raise _FaultError("a path is not UTF-8") from None


def _escaped(match: re.Match[bytes]) -> bytes:
    octal, letter = match.groups()
    return bytes((int(octal, 8) if octal else _ESCAPES[letter.decode()],))


def _mode(text: str) -> str:
    if _MODE.fullmatch(text) is None:
        raise _FaultError("a file mode has to be 100644, 100755, 120000 or 160000")
    return text


def _index(text: str) -> str:
    if _INDEX.fullmatch(text) is None:
        raise _FaultError("the index line is not what git writes")
    return text


def _percent(text: str) -> str:
    if _PERCENT.fullmatch(text) is None:
        raise _FaultError("a similarity has to be a percentage")
    return text


_EXTENDED: dict[str, tuple[str, Callable[[str], str]]] = {
    "old mode ": ("old mode", _mode),
    "new mode ": ("new mode", _mode),
    "new file mode ": ("new file mode", _mode),
    "deleted file mode ": ("deleted file mode", _mode),
    "rename from ": ("rename from", _unquoted),
    "rename to ": ("rename to", _unquoted),
    "copy from ": ("copy from", _unquoted),
    "copy to ": ("copy to", _unquoted),
    "similarity index ": ("similarity", _percent),
    "dissimilarity index ": ("dissimilarity", _percent),
    "index ": ("index", _index),
}
