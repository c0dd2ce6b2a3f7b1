"""The change of one file, as a patch or git describes it."""

from dataclasses import dataclass
from enum import StrEnum

SYMLINK, SUBMODULE, EXECUTABLE = 0o120000, 0o160000, 0o100755


class FileChangeKind(StrEnum):
    """The kind of change to a file."""

    EDITED = "edited"
    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class FileChange:
    """The change of one file."""

    kind: FileChangeKind
    path: str
    """The path after the change; for a deleted file its old path."""
    line: int
    """The line in the patch, counted from 1; 0 if it was not read from a patch."""
    old_path: str = ""
    """The old path of a renamed or copied file."""
    old_mode: int | None = None
    new_mode: int | None = None
    """The modes in the patch; None if it has none."""
    added: int = 0
    removed: int = 0
    is_binary: bool = False
    has_binary_content: bool = False
    """Whether a binary change contains its data, so that it can be applied."""

    @property
    def touched(self) -> tuple[str, ...]:
        """The paths whose content or existence changes; a copy does not touch its source."""
        return (self.old_path, self.path) if self.kind is FileChangeKind.RENAMED else (self.path,)
