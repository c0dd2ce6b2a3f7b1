"""Discovery: a tool's table of rules, applied to the directories' contents."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.conflict import Neighbour
from console.domain.instructions.source import Conflict, ConflictCode, Load, Tool
from console.domain.instructions.text import front_matter
from console.services.instructions.file_cache import TOO_MANY, FileCache, exists, is_file
from console.services.instructions.import_graph import ImportGraph
from console.services.instructions.instruction_file import ADVICE, InstructionFile
from console.services.instructions.rule import NEIGHBOURS, RULES, Pick, SearchRule, Where
from console.services.instructions.tool_settings import ToolSettings, codex_home, read_settings
from console.services.instructions.workspace import Workspace

DIRECTORIES_LIMIT = 20_000
"""The most directories to search below the tool's working directory."""
_NOT_ENTERED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__"})
"""Not the repository's own: files that packages bring along are not instructions."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a tool finds, before git is asked."""

    found: tuple[InstructionFile, ...]
    conflicts: tuple[Conflict, ...]
    neighbours: tuple[Neighbour, ...]
    missing: tuple[str, ...]
    """Paths of the repository where a rule looked for a file and found none."""
    budget: int | None


def discover(tool: Tool, workspace: Workspace) -> Discovery:
    """Find what a tool reads. This reads files, so call it where blocking is allowed."""
    cache = FileCache()
    settings = read_settings(tool, workspace, cache)
    search = _Search(tool, workspace, cache, settings)
    search.conflicts += settings.conflicts
    for rule in RULES[tool]:
        search.apply(rule)
    search.look_for_case_variants()
    graph = ImportGraph(tool, workspace, cache)
    found = tuple(graph.with_imports(search.found.values()))
    return Discovery(
        found,
        (*search.conflicts, *graph.conflicts),
        tuple(_neighbours(workspace, cache)),
        tuple(search.missing),
        settings.budget if tool is Tool.CODEX else None,
    )


@dataclass(slots=True)
class _Search:
    """One search, which applies its rules one after the other."""

    tool: Tool
    workspace: Workspace
    cache: FileCache
    settings: ToolSettings
    found: dict[Path, InstructionFile] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left: int = 0
    has_found: bool = False
    """Whether the rule before this one found a file."""
    below: list[Path] | None = None

    def apply(self, rule: SearchRule) -> None:
        """Search where a rule says, and keep the files it finds."""
        self.left = self.settings.budget
        is_shadowed = rule.is_stand_in and self.has_found
        self.has_found = False
        taken: list[InstructionFile] = []
        for directory in self._directories(rule.where):
            taken += self._take(rule, directory, self._files(rule, directory), is_shadowed=is_shadowed)
        if rule.pick is Pick.NEAREST:
            for each in taken[:-1]:
                each.load, each.effective_bytes = Load.SHADOWED, 0

    def look_for_case_variants(self) -> None:
        """Report names that match only on file systems that ignore case (I13)."""
        names = {name for rule in RULES[self.tool] if not rule.why_ignored for name in self._names(rule)}
        exact = {name.casefold(): name for name in names if "/" not in name}
        for directory in self.workspace.chain:
            for entry in _entries(directory):
                name = exact.get(entry.casefold(), entry)
                if name != entry:
                    words = f"is not {name}: only file systems that ignore case find it. Rename it"
                    self._tell(ConflictCode.CASE_VARIANT, words, directory / entry)

    def _take(
        self, rule: SearchRule, directory: Path, files: list[Path], *, is_shadowed: bool
    ) -> Iterator[InstructionFile]:
        has_taken = False
        for path in files:
            if path in self.found:
                continue
            file = self.cache.read(path)
            if file.why_not == TOO_MANY:  # reported once, however many there are
                words = f"has too many instruction files: {self.workspace.label(path)} {TOO_MANY}. Remove some"
                if not any(conflict.path == "." for conflict in self.conflicts):
                    self._tell(ConflictCode.UNREADABLE, words, self.workspace.repository)
                continue
            if file.why_not:
                self._tell(ConflictCode.UNREADABLE, f"{file.why_not}. {ADVICE}", path)
                if not file.is_file:  # the tools skip it
                    continue
            found = InstructionFile(
                file, self.workspace.label(path), self.workspace.scope(directory), rule.load, 0, self._is_inside(path)
            )
            self.found[path] = found
            self.has_found = True
            if rule.why_ignored:
                found.load = Load.SHADOWED
                self._tell(ConflictCode.IGNORED, f"is never read: {rule.why_ignored}", path)
            elif is_shadowed or (has_taken and rule.pick in (Pick.FIRST_EXISTING, Pick.FIRST_WITH_TEXT)):
                found.load = Load.SHADOWED
            elif not (rule.pick is Pick.FIRST_WITH_TEXT and file.is_blank):
                has_taken = True
                self._load(rule, found)
            yield found

    def _load(self, rule: SearchRule, found: InstructionFile) -> None:
        """Work out when a file is loaded, and how much of it."""
        if rule.loading is not None:
            loading = rule.loading(front_matter(found.file.text))
            found.load = loading.load
            if loading.globs:
                found.scope = ",".join(loading.globs)
            if loading.load is Load.SHADOWED:
                self._tell(
                    ConflictCode.IGNORED,
                    "has no applyTo in its front matter, so nothing loads it",
                    found.file.path,
                )
                return
        size = len(found.file.data)
        is_blank = found.file.is_blank
        if rule.has_budget:
            is_blank = not found.file.data[: self.left].strip()
            if size > self.left and not found.file.is_blank:
                found.load, size = Load.TRUNCATED, self.left
            self.left -= 0 if is_blank else size
        found.effective_bytes = 0 if is_blank else size

    def _directories(self, where: Where) -> tuple[Path, ...]:
        workspace = self.workspace
        match where:
            case Where.MANAGED:
                return (workspace.managed,)
            case Where.HOME:
                return (workspace.home,)
            case Where.CODEX_HOME:
                return (codex_home(workspace),)
            case Where.COPILOT_DIRECTORIES:
                named = workspace.environment.get("COPILOT_CUSTOM_INSTRUCTIONS_DIRS", "")
                return tuple(workspace.directory / each.strip() for each in named.split(",") if each.strip())
            case Where.ANCESTORS:
                return workspace.ancestors
            case Where.ROOT:
                return (workspace.repository,)
            case Where.CHAIN:
                return self._codex_chain() if self.tool is Tool.CODEX else workspace.chain
            case Where.HERE:
                return (workspace.directory,)
            case Where.BELOW:
                return self._below()

    def _codex_chain(self) -> tuple[Path, ...]:
        """Return the directories from the nearest root marker down; without a marker, only the working directory."""
        upwards = self.workspace.ancestors[::-1]
        markers = self.settings.root_markers
        root = next((each for each in upwards if any(exists(each / marker) for marker in markers)), upwards[0])
        return self.workspace.ancestors[self.workspace.ancestors.index(root) :]

    def _below(self) -> tuple[Path, ...]:
        if self.below is None:
            self.below = []
            for folder, names, _ in os.walk(self.workspace.directory):
                names[:] = sorted(name for name in names if name not in _NOT_ENTERED)
                if len(self.below) > DIRECTORIES_LIMIT:
                    words = f"has more than {DIRECTORIES_LIMIT:,} directories; the rest were not searched"
                    self._tell(ConflictCode.NOT_SEARCHED, words, self.workspace.directory)
                    break
                self.below.append(Path(folder))
        return tuple(self.below[1:])

    def _files(self, rule: SearchRule, directory: Path) -> list[Path]:
        """Return the files that a rule finds in a directory, in the order of its names."""
        files: list[Path] = []
        for name in self._names(rule):
            folder, is_tree, suffix = name.partition("/**/*")
            if is_tree:
                files += _tree(directory / folder, suffix)
            elif exists(path := directory / name, if_unknown=self._is_inside(directory)):
                files.append(path)
            elif not rule.why_ignored and rule.where is not Where.BELOW and self._is_inside(path):
                self.missing.append(self.workspace.relative(path))
        return files

    def _names(self, rule: SearchRule) -> tuple[str, ...]:
        if self.tool is Tool.GEMINI and self.settings.names:
            prefix = ".gemini/" if rule.where is Where.HOME else ""
            return tuple(prefix + name for name in self.settings.names)
        return (*rule.names, *self.settings.more_names) if rule.has_budget else rule.names

    def _is_inside(self, path: Path) -> bool:
        return self.workspace.holds(path)

    def _tell(self, code: ConflictCode, words: str, path: Path) -> None:
        conflict = Conflict(code, words, self.workspace.label(path))
        if conflict not in self.conflicts:
            self.conflicts.append(conflict)


def _tree(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files below a folder whose names end with a suffix, sorted by name."""
    for where, directories, names in os.walk(folder):
        directories.sort()
        yield from (Path(where) / name for name in sorted(names) if name.endswith(suffix))


def _entries(directory: Path) -> list[str]:
    try:
        return sorted(os.listdir(directory))  # noqa: PTH208  # only names are needed
    except OSError:
        return []


def _neighbours(workspace: Workspace, cache: FileCache) -> Iterator[Neighbour]:
    """Yield the instruction files of all tools, from the root down to the tool's working directory."""
    for directory in workspace.chain:
        for name in NEIGHBOURS:
            path = directory / name
            if is_file(path):
                file = cache.read(path)
                only = file.text.strip()
                target = path.parent / only[1:] if only.startswith("@") and len(only.split()) == 1 else None
                points_to = workspace.label(Path(os.path.normpath(target))) if target else ""
                yield Neighbour(workspace.label(path), file.sha256, points_to)
