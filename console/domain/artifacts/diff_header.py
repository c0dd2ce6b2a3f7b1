"""The header of a file in a unified diff: its lines, its names in git's quoting, and the resulting change."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from console.domain.artifacts.file_change import FileChange, FileChangeKind

_MODE = re.compile(r"100644|100755|120000|160000")
_INDEX = re.compile(r"[0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: (?:100644|100755|120000|160000))?")
_WHOLE_IDS = re.compile(r"[0-9a-f]{40}\.\.[0-9a-f]{40}|[0-9a-f]{64}\.\.[0-9a-f]{64}")
_PERCENT = re.compile(r"[0-9]{1,3}%")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPE = re.compile(rb'\\(?:([0-3][0-7]{2})|([abtnvfr"\\]))')
_NOTHING = "/dev/null"


class DiffFaultError(Exception):
    """A diff is malformed; the message is our own."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(slots=True)
class FileHeader:
    """The lines before a file's hunks."""

    line: int
    named: str = ""
    """The path of `diff --git a/X b/X`; empty if its two paths differ or there is no such line."""
    is_git: bool = True
    said: dict[str, str] = field(default_factory=dict)
    added: int = 0
    removed: int = 0
    hunks: int = 0
    is_binary: bool = False
    has_binary_content: bool = False

    def say(self, what: str, value: str) -> None:
        """Record a line.

        Raises:
            DiffFaultError: The line occurs twice.

        """
        if what in self.said:
            raise DiffFaultError("a header line occurs twice")
        self.said[what] = value

    def mode(self, *names: str) -> int | None:
        """Return the mode of the first of these lines that has one."""
        said = (self.said.get(name, "").removeprefix(self.ids) for name in names)
        return next((int(mode, 8) for mode in said if mode), None)

    @property
    def has_whole_ids(self) -> bool:
        """Whether the index line has both full ids, as a binary patch needs."""
        return _WHOLE_IDS.fullmatch(self.ids) is not None

    @property
    def ids(self) -> str:
        """The ids of the index line, without the mode after them."""
        return self.said.get("index", "").partition(" ")[0]


def read_change(header: FileHeader) -> FileChange:
    """Return the change that a header describes.

    Raises:
        DiffFaultError: Its lines contradict each other, or do not say what changes.

    """
    said = header.said
    paths = {"old": said.get("---", header.named), "new": said.get("+++", header.named)}
    kind, old_path = FileChangeKind.EDITED, ""
    is_new, is_deleted = "new file mode" in said, "deleted file mode" in said
    moves = [verb for verb in ("rename", "copy") if f"{verb} from" in said or f"{verb} to" in said]
    if len(moves) + is_new + is_deleted > 1:
        raise DiffFaultError("a file is marked as more than one of new, deleted, renamed and copied")
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
            raise DiffFaultError("the lines of a rename or a copy name different paths")
        kind = FileChangeKind.RENAMED if moves[0] == "rename" else FileChangeKind.COPIED
        paths = {"old": old_path, "new": new_path}
    elif _NOTHING in (paths["old"], paths["new"]) or is_new or is_deleted:
        kind = _made_or_deleted(header, paths)
    elif paths["old"] != paths["new"] or not paths["new"]:
        raise DiffFaultError("the lines of a file name different paths, but there is no rename line")
    if header.named and (moves or header.named != paths["old" if kind is FileChangeKind.DELETED else "new"]):
        raise DiffFaultError("the lines of a file name different paths")
    if ("old mode" in said) != ("new mode" in said):
        raise DiffFaultError("a mode change needs both lines, old mode and new mode")
    is_made = kind is FileChangeKind.ADDED
    if not (said.keys() - {"index", "similarity", "dissimilarity"}) and not header.is_binary:
        raise DiffFaultError("a file's header does not say what changes")
    return FileChange(
        kind=kind,
        path=paths["old" if kind is FileChangeKind.DELETED else "new"],
        line=header.line,
        old_path=old_path,
        old_mode=None if is_made else header.mode("old mode", "deleted file mode", "index"),
        new_mode=None if kind is FileChangeKind.DELETED else header.mode("new mode", "new file mode", "index"),
        added=header.added,
        removed=header.removed,
        is_binary=header.is_binary,
        has_binary_content=header.has_binary_content,
    )


def _made_or_deleted(header: FileHeader, paths: dict[str, str]) -> FileChangeKind:
    """Tell a new file from a deleted one; in git's format both the header and /dev/null have to agree."""
    is_new, is_deleted = "new file mode" in header.said, "deleted file mode" in header.said
    if "---" in header.said:
        from_nothing, to_nothing = paths["old"] == _NOTHING, paths["new"] == _NOTHING
        if from_nothing == to_nothing:
            raise DiffFaultError("a new file needs --- /dev/null, a deleted one +++ /dev/null")
        if header.is_git and (is_new, is_deleted) != (from_nothing, to_nothing):
            raise DiffFaultError("after diff --git a new file needs `new file mode`, a deleted one `deleted file mode`")
        return FileChangeKind.ADDED if from_nothing else FileChangeKind.DELETED
    if not header.named:
        raise DiffFaultError("the lines of a file name different paths")
    return FileChangeKind.ADDED if is_new else FileChangeKind.DELETED


def bare_line(line: str) -> str:
    """Return a line without the carriage return, which git ignores in a header."""
    return line.removesuffix("\r")


def same_name(names: str) -> str:
    """Return X of `a/X b/X`; empty if the two differ, as in a rename, where other lines have to name them."""
    if names.startswith('"'):
        first, _, second = names.partition('" "')
        if not second:
            return ""
        old, new = read_name(first + '"', "a/"), read_name('"' + second, "b/")
        return old if old == new else ""
    middle = len(names) // 2
    old, new = names[:middle], names[middle + 1 :]
    if len(names) % 2 == 0 or names[middle] != " " or old[2:] != new[2:]:
        return ""
    read_name(new, "b/")
    return read_name(old, "a/")


def read_name(raw: str, prefix: str, *, is_nothing_allowed: bool = False) -> str:
    """Return the path of a name such as a/PATH, which may be quoted.

    Raises:
        DiffFaultError: It is not such a name.

    """
    if raw == _NOTHING and is_nothing_allowed:
        return raw
    name = _unquoted(raw)
    if not name.startswith(prefix) or name == prefix:
        raise DiffFaultError("paths have to be written as a/PATH and b/PATH, with nothing after them")
    return name.removeprefix(prefix)


def _unquoted(raw: str) -> str:
    """Return a name without the quotes that git adds if it is not printable ASCII."""
    if "\t" in raw or not raw:
        raise DiffFaultError("paths have to be written as a/PATH and b/PATH, with nothing after them")
    if not raw.startswith('"'):
        return raw
    if len(raw) < 3 or not raw.endswith('"'):
        raise DiffFaultError("the quotes around a path do not match")
    inner = raw[1:-1].encode("utf-8", "surrogatepass")
    if b"\\" in (rest := _ESCAPE.sub(b"", inner)) or b'"' in rest:
        raise DiffFaultError("the quotes around a path do not match")
    try:
        return _ESCAPE.sub(_escaped, inner).decode()
    except UnicodeDecodeError:
        raise DiffFaultError("a path is not UTF-8") from None


def _escaped(match: re.Match[bytes]) -> bytes:
    octal, letter = match.groups()
    return bytes((int(octal, 8) if octal else _ESCAPES[letter.decode()],))


def _mode(text: str) -> str:
    if _MODE.fullmatch(text) is None:
        raise DiffFaultError("a file mode has to be 100644, 100755, 120000 or 160000")
    return text


def _index(text: str) -> str:
    if _INDEX.fullmatch(text) is None:
        raise DiffFaultError("the index line is not what git writes")
    return text


def _percent(text: str) -> str:
    if _PERCENT.fullmatch(text) is None:
        raise DiffFaultError("a similarity has to be a percentage")
    return text


EXTENDED_LINES: dict[str, tuple[str, Callable[[str], str]]] = {
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
