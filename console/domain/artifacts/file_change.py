"""What a patch does to one file, as the patch says it or as git does."""

from dataclasses import dataclass
from enum import StrEnum

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
