"""The search: looks through every byte written for the canary and anything that reveals it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.domain.text.safe import safe
from console.services.leak_drill.canary import Canary, Scratch
from console.services.leak_drill.child import without_sequences

_CHUNK, _OVERLAP = 4 * 1024 * 1024, 4096


@dataclass(slots=True)
class Search:
    """A search in progress, and its findings."""

    canary: Canary
    files: int = 0
    size_bytes: int = 0
    hits: tuple[str, ...] = ()
    """Where the canary was found: names of files and streams, never the match."""
    unread: tuple[str, ...] = ()
    """What could not be searched."""

    def search_bytes(self, name: str, data: bytes) -> None:
        """Search the output of a process, as it is and as a terminal shows it."""
        self.files += 1
        self.size_bytes += len(data)
        if self.canary.is_in(data) or self.canary.is_in(without_sequences(data)):
            self._note(name)

    def search_tree(self, scratch: Scratch) -> None:
        """Search every file below a scratch directory: names, link targets and contents."""
        for path in _paths(scratch.root):
            name = path.relative_to(scratch.root).as_posix()
            if self.canary.is_in(os.fsencode(name)):
                self._note(name)
            try:
                if path.is_symlink():
                    self.search_bytes(name, os.fsencode(path.readlink()))
                elif path.is_file():
                    self._search_file(name, path, scratch.planted.get(path))
            except OSError:
                self.unread += (safe(self.canary.redact(name)),)

    def _search_file(self, name: str, path: Path, planted: bytes | None) -> None:
        self.files += 1
        has_it, before, size = False, b"", 0
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                size += len(data)
                has_it = has_it or self.canary.is_in(before + data)
                before = data[-_OVERLAP:]
        self.size_bytes += size
        if has_it and (planted is None or size != len(planted) or path.read_bytes() != planted):
            self._note(name)

    def _note(self, name: str) -> None:
        shown = safe(self.canary.redact(name), limit=200)
        if shown not in self.hits:
            self.hits += (shown,)


def _paths(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield Path(folder) / name
