"""The import graph: what instruction files import as `@path`, followed as deep as the tool does."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.imports import imports_of
from console.domain.instructions.path_glob import matches
from console.domain.instructions.rule import ImportRule, Outside, import_rules
from console.domain.instructions.source import Basis, Conflict, ConflictCode, Load, Tool
from console.services.instructions.file_cache import FileCache, is_file
from console.services.instructions.file_size import size_for_model
from console.services.instructions.instruction_file import ADVICE, InstructionFile
from console.services.instructions.places import Places
from console.services.instructions.tool_settings import ToolSettings
from console.services.instructions.workspace import Workspace

_PUNCTUATION = ".,;:!?)]'\""
"""Punctuation that may follow a path in a sentence, and is then read as part of it."""
_NO_LIMIT = 1_000
"""More hops than there are files in one search."""


@dataclass(slots=True)
class ImportGraph:
    """The imports of one search's files."""

    tool: Tool
    workspace: Workspace
    cache: FileCache
    places: Places
    settings: ToolSettings
    conflicts: list[Conflict] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)

    def with_imports(self, all_found: Iterable[InstructionFile]) -> list[InstructionFile]:
        """Return the files found, each followed by its imports; a file that two import appears once.

        A file that is always read makes its imports always read too, even if their own rule would not load them.
        """
        all_found = tuple(all_found)
        for found in all_found:
            self._check_link(found)
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
        rule = import_rules().get(self.tool)
        if rule is not None and found.has_imports:
            hops = rule.hops if self.settings.has_import_limit else _NO_LIMIT
            trusted = self._trusted(rule, found)
            yield from self._follow(_Step(rule, found, hops, (found.file.real,), trusted))

    def _trusted(self, rule: ImportRule, found: InstructionFile) -> Path | None:
        """Return the directory out of which an import is not simply read; None if there is none."""
        if rule.is_within_directory:
            return None if found.is_users_own else self.workspace.directory
        if self.tool is Tool.GEMINI or found.is_users_own:  # the root of the project that the file itself is in
            return Path(os.path.realpath(self.places.root_of(found.file.path.parent)))
        return self.places.chain[0]

    def _follow(self, step: "_Step") -> Iterator[InstructionFile]:
        found = step.found
        for path in [path for path in self._paths(step) if self._can_follow(path, step)]:
            file = self.cache.read(path)
            if file.real in self.seen:
                continue
            self.seen.add(file.real)
            if file.why_not:
                self._tell(f"{file.why_not}. {ADVICE}", self.workspace.label(path), ConflictCode.UNREADABLE)
            imported = InstructionFile(
                file,
                self.workspace.label(path),
                found.scope,
                found.load,
                size_for_model(self.tool, file),
                found.is_from_inside or self.workspace.holds(path),
                self._basis(path, step),
                found.has_imports,
                found.is_users_own,
            )
            yield imported
            yield from self._follow(_Step(step.rule, imported, step.hops - 1, (*step.trail, file.real), step.trusted))

    def _basis(self, path: Path, step: "_Step") -> Basis:
        if step.rule.imports_ending(path.name):
            return step.found.basis
        basis = step.found.basis
        self._tell(
            f"imports {self.workspace.label(path)}, which the documentation allows, but {self.tool.product}"
            f" {basis.version} did not read a file with this ending when it was tried. Give it the ending .md",
            step.found.label,
        )
        return step.rule.other_endings

    def _paths(self, step: "_Step") -> list[Path]:
        """Return the files that a source imports and the tool may read, and record their labels in it."""
        found, paths = step.found, []
        for written in imports_of(self.tool, found.file.text):
            home, name = (self.workspace.home, written[2:]) if written.startswith("~/") else (None, written)
            path = Path(os.path.normpath((home or found.file.path.parent) / name))
            label = self.workspace.label(path)
            if not is_file(path):
                if path.name.rstrip(_PUNCTUATION).endswith((".md", ".txt")):
                    # Other words that begin with @ are mostly names of people and packages.
                    self._tell(f"imports {label}, which is not a file and is not read", found.label)
            elif any(matches(glob, path.as_posix()) for glob in self.settings.excluded):
                self._tell(f"imports {label}, which the setting claudeMdExcludes leaves out", found.label)
            elif self._is_outside(path, step) and step.rule.outside is Outside.REFUSES:
                self._tell(
                    f"imports {label} from outside the project: {self.tool.product} does not read it. Copy it in",
                    found.label,
                )
            else:
                paths.append(path)
        found.imports = tuple(self.workspace.label(path) for path in paths)
        return paths

    def _is_outside(self, path: Path, step: "_Step") -> bool:
        return step.trusted is not None and not Path(os.path.realpath(path)).is_relative_to(step.trusted)

    def _can_follow(self, path: Path, step: "_Step") -> bool:
        found = step.found
        label, real = self.workspace.label(path), Path(os.path.realpath(path))
        if real in step.trail:
            self._tell(f"imports {label} in a cycle. Remove one of the imports", found.label)
            return False
        if step.hops == 0:
            deep = step.rule.hops
            self._tell(
                f"imports {label} {deep + 1} hops deep: {self.tool.product} stops at {deep}, it is not read",
                found.label,
            )
            return False
        if found.is_from_inside and not self.workspace.holds(real):
            self._tell(
                f"imports {label} from outside the repository, so others do not have it. Copy it in", found.label
            )
        if self._is_outside(path, step):
            self._tell_approval(f"imports {label}, which", found.label)
        return True

    def _check_link(self, found: InstructionFile) -> None:
        """Tell where a rule of the project is a link that leaves the working directory (I18)."""
        rule = import_rules().get(self.tool)
        asks = rule is not None and rule.outside is Outside.ASKS and not found.is_users_own
        is_rule = "/rules/" in f"/{found.file.path.parent.as_posix()}/"
        is_link = found.file.real != found.file.path and not found.file.real.is_relative_to(self.workspace.directory)
        is_at_hand = found.file.path.is_relative_to(self.workspace.directory)
        if asks and is_rule and is_link and is_at_hand and found.load.is_read:
            self._tell_approval("is a link to a file that", found.label)

    def _tell_approval(self, words: str, label: str) -> None:
        self._tell(
            f"{words} is outside the agent's working directory: {self.tool.product} reads it only after its user has"
            " approved such files for this project. Start the agent in the directory that holds both, or copy it in",
            label,
            ConflictCode.NEEDS_APPROVAL,
        )

    def _tell(self, words: str, label: str, code: ConflictCode = ConflictCode.IMPORT) -> None:
        self.conflicts.append(Conflict(code, words, label))


@dataclass(frozen=True, slots=True)
class _Step:
    """A file whose imports are followed, and how it was reached."""

    rule: ImportRule
    found: InstructionFile
    hops: int
    """How many more hops the tool follows."""
    trail: tuple[Path, ...]
    trusted: Path | None
