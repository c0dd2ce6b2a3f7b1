"""The import graph: what instruction files import as `@path`, followed as deep as the tool does."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.source import Conflict, ConflictCode, Load, Tool
from console.domain.instructions.text import imports_in
from console.services.instructions.file_cache import FileCache, is_file
from console.services.instructions.instruction_file import ADVICE, InstructionFile
from console.services.instructions.rule import IMPORT_HOPS
from console.services.instructions.workspace import Workspace

_PUNCTUATION = ".,;:!?)]'\""
"""Punctuation that may follow a path in a sentence, and is then read as part of it."""


@dataclass(slots=True)
class ImportGraph:
    """The imports of one search's files."""

    tool: Tool
    workspace: Workspace
    cache: FileCache
    conflicts: list[Conflict] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)

    def with_imports(self, all_found: Iterable[InstructionFile]) -> list[InstructionFile]:
        """Return the files found, each followed by its imports; a file that two import appears once.

        A file that is always read makes its imports always read too, even if their own rule would not load them.
        """
        all_found = tuple(all_found)
        always = [found for found in all_found if found.load is Load.ALWAYS]
        others = [found for found in all_found if found.load is not Load.ALWAYS and found.load.is_read]
        own = {found.file.real for found in always}
        self.seen |= own
        imported = {id(found): list(self._from(found)) for found in always}
        kept = [found for found in all_found if found.load is Load.ALWAYS or found.file.real not in self.seen - own]
        self.seen.update(found.file.real for found in others)
        imported |= {id(found): list(self._from(found)) for found in others if found in kept}
        return [each for found in kept for each in (found, *imported.get(id(found), ()))]

    def _from(self, found: InstructionFile) -> Iterator[InstructionFile]:
        if self.tool in IMPORT_HOPS:
            yield from self._follow(found, IMPORT_HOPS[self.tool], (found.file.real,))

    def _follow(self, found: InstructionFile, hops: int, trail: tuple[Path, ...]) -> Iterator[InstructionFile]:
        paths = [path for path in self._paths(found) if self._can_follow(path, found, hops, trail)]
        for path in paths:
            file = self.cache.read(path)
            if file.real in self.seen:
                continue
            self.seen.add(file.real)
            if file.why_not:
                self._tell(f"{file.why_not}. {ADVICE}", self.workspace.label(path), ConflictCode.UNREADABLE)
            size = 0 if file.is_blank else len(file.data)
            is_from_inside = found.is_from_inside or self.workspace.holds(path)
            imported = InstructionFile(file, self.workspace.label(path), found.scope, found.load, size, is_from_inside)
            yield imported
            yield from self._follow(imported, hops - 1, (*trail, file.real))

    def _paths(self, found: InstructionFile) -> list[Path]:
        """Return the files that a source imports, and record their labels in it."""
        paths = []
        for written in imports_in(found.file.text):
            folder, name = (self.workspace.home, written[2:]) if written.startswith("~/") else (None, written)
            path = Path(os.path.normpath((folder or found.file.path.parent) / name))
            if is_file(path):
                paths.append(path)
            elif path.name.rstrip(_PUNCTUATION).endswith((".md", ".txt")):
                # Other words that begin with @ are mostly names of people and packages.
                self._tell(f"imports {self.workspace.label(path)}, which is not a file and is not read", found.label)
        found.imports = tuple(self.workspace.label(path) for path in paths)
        return paths

    def _can_follow(self, path: Path, found: InstructionFile, hops: int, trail: tuple[Path, ...]) -> bool:
        label, real = self.workspace.label(path), Path(os.path.realpath(path))
        if real in trail:
            self._tell(f"imports {label} in a cycle. Remove one of the imports", found.label)
            return False
        if hops == 0:
            deep = IMPORT_HOPS[self.tool]
            self._tell(
                f"imports {label} {deep + 1} hops deep: {self.tool.product} stops at {deep}, it is not read",
                found.label,
            )
            return False
        if found.is_from_inside and not self.workspace.holds(real):
            self._tell(
                f"imports {label} from outside the repository, so others do not have it. Copy it in", found.label
            )
        return True

    def _tell(self, words: str, label: str, code: ConflictCode = ConflictCode.IMPORT) -> None:
        self.conflicts.append(Conflict(code, words, label))
