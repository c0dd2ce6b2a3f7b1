"""Discovery: a tool's table of rules, applied to the directories' contents."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.conflict import Neighbour
from console.domain.instructions.imports import imports_of, model_text
from console.domain.instructions.path_glob import matches
from console.domain.instructions.rule import CLAUDE_FILES, NEIGHBOURS, Behind, Pick, SearchRule, Where, rules_of
from console.domain.instructions.source import Conflict, ConflictCode, Load, Tool, WhyNever
from console.services.instructions.file_cache import TOO_MANY, FileCache, exists, is_file
from console.services.instructions.file_size import size_for_model
from console.services.instructions.import_graph import ImportGraph
from console.services.instructions.instruction_file import ADVICE, InstructionFile
from console.services.instructions.places import DIRECTORIES_LIMIT, Places
from console.services.instructions.tool_settings import ProjectInstructions, ToolSettings, read_settings
from console.services.instructions.workspace import Workspace

_IGNORES_CASE = frozenset({Tool.COPILOT})
"""These find a name in any capitals, on every file system."""
_USERS_OWN = frozenset({Where.CLAUDE_HOME, Where.CODEX_HOME, Where.COPILOT_HOME, Where.GEMINI_HOME})


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
    places = Places(tool, workspace, settings)
    search = _Search(tool, workspace, cache, settings, places)
    search.conflicts += settings.conflicts
    for rules in _grouped(tool, settings):
        search.apply(rules)
    search.look_for_case_variants()
    graph = ImportGraph(tool, workspace, cache, places, settings)
    found = tuple(graph.with_imports(search.found.values()))
    for each in found:
        if each.load.is_read and not each.effective_bytes and not each.file.why_not:
            each.silence(WhyNever.NO_TEXT)
    return Discovery(
        found,
        (*search.conflicts, *graph.conflicts),
        tuple(_neighbours(workspace, cache)),
        tuple(search.missing),
        settings.budget if tool is Tool.CODEX else None,
    )


def _grouped(tool: Tool, settings: ToolSettings) -> Iterator[tuple[SearchRule, ...]]:
    """Yield a tool's rules; together where it reads what two find directory by directory."""
    rules = list(rules_of(tool))
    while rules:
        rule = rules.pop(0)
        is_joined = (
            settings.project is ProjectInstructions.CLAUDE_MD_AND_AGENTS_MD
            and rules
            and rules[0].behind
            and not rule.behind
        )
        yield (rule, rules.pop(0)) if is_joined else (rule,)


@dataclass(slots=True)
class _Search:
    """One search, which applies its rules one after the other."""

    tool: Tool
    workspace: Workspace
    cache: FileCache
    settings: ToolSettings
    places: Places
    found: dict[Path, InstructionFile] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left: int = 0
    capitals: dict[Path, dict[str, str]] = field(default_factory=dict)
    """The names in directories, by their small letters."""
    hiding: set[Path] = field(default_factory=set)
    """The directories with a CLAUDE.md that has text, below the working directory or not."""

    def apply(self, rules: Sequence[SearchRule]) -> None:
        """Search where rules say, directory by directory, and keep the files they find."""
        self.left = self.settings.budget
        taken: list[InstructionFile] = []
        for directory in self.places.of(rules[0].where):
            for rule in rules:
                taken += self._take(rule, directory, self._files(rule, directory))
        if self.places.is_cut:
            words = f"has more than {DIRECTORIES_LIMIT:,} directories; the rest were not searched"
            self._tell(ConflictCode.NOT_SEARCHED, words, self.workspace.directory)
        if rules[0].pick is Pick.NEAREST:
            for each in taken[:-1]:
                each.silence(WhyNever.OVERRIDDEN)

    def look_for_case_variants(self) -> None:
        """Report names that match only on file systems that ignore case (I13)."""
        names = {name for rule in rules_of(self.tool) if not rule.why_ignored for name in self._names(rule)}
        exact = {name.casefold(): name for name in names if "/" not in name}
        for directory in self.workspace.chain if self.tool not in _IGNORES_CASE else ():
            for entry in _entries(directory):
                name = exact.get(entry.casefold(), entry)
                if name != entry:
                    words = f"is not {name}: only file systems that ignore case find it. Rename it"
                    self._tell(ConflictCode.CASE_VARIANT, words, directory / entry)

    def _take(self, rule: SearchRule, directory: Path, files: list[Path]) -> Iterator[InstructionFile]:
        has_taken = False
        for path in files:
            if path in self.found:
                self._tell_only_on_demand(rule, self.found[path])
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
                file,
                self.workspace.label(path),
                self.workspace.scope(directory),
                rule.load,
                0,
                self._is_inside(path),
                rule.basis,
                rule.has_imports,
                rule.where in _USERS_OWN,
            )
            self.found[path] = found
            if why_not := rule.why_ignored or self._why_left_out(rule, path):
                found.silence(WhyNever.NOT_LOOKED_FOR)
                self._tell(ConflictCode.IGNORED, f"is never read: {why_not}", path)
            elif self._is_hidden(rule, directory) or (
                has_taken and rule.pick in (Pick.FIRST_EXISTING, Pick.FIRST_WITH_TEXT)
            ):
                found.silence(WhyNever.OVERRIDDEN)
            elif not (rule.pick is Pick.FIRST_WITH_TEXT and file.is_blank):
                has_taken = True
                self._load(rule, found)
                self._note_hiding(rule, directory, found)
            yield found

    def _tell_only_on_demand(self, rule: SearchRule, found: InstructionFile) -> None:
        """Tell of a file in the tool's own folder, which the tool reads as in any folder, and not at the start."""
        if rule.why_ignored and found.load is Load.ON_DEMAND:
            words = f"is read only when the agent works on a file in the same folder: {rule.why_ignored}"
            self._tell(ConflictCode.IGNORED, words, found.file.path)

    def _why_left_out(self, rule: SearchRule, path: Path) -> str:
        """Return which setting keeps the tool from reading a file; empty if none does."""
        real = Path(os.path.realpath(path))
        if rule.where is not Where.MANAGED and any(
            matches(glob, each.as_posix()) for glob in self.settings.excluded for each in (path, real)
        ):
            return "the setting claudeMdExcludes names it. Take it out there"
        is_only_managed = self.settings.project is ProjectInstructions.MANAGED_ONLY
        is_conditional = rule.loading is not None and rule.loading(self.cache.read(path).text).load is Load.CONDITIONAL
        is_at_start = rule.load is Load.ALWAYS and not is_conditional and rule.where is not Where.MANAGED
        is_off = self.settings.project is ProjectInstructions.CLAUDE_MD and bool(rule.behind)
        if is_off or (is_only_managed and (is_at_start or rule.behind)):
            return "Claude Code's setting for project instructions leaves it out"
        return ""

    def _is_hidden(self, rule: SearchRule, directory: Path) -> bool:
        if self.settings.project is ProjectInstructions.CLAUDE_MD_AND_AGENTS_MD:
            return False
        is_above = Behind.ABOVE in rule.behind and bool(self.hiding & set(self.workspace.ancestors))
        return is_above or (Behind.BESIDE in rule.behind and directory in self.hiding)

    def _note_hiding(self, rule: SearchRule, directory: Path, found: InstructionFile) -> None:
        is_project = rule.where in (Where.ANCESTORS, Where.BELOW) and set(rule.names) <= set(CLAUDE_FILES)
        if self.tool is Tool.CLAUDE_CODE and is_project and found.effective_bytes:
            self.hiding.add(directory)

    def _load(self, rule: SearchRule, found: InstructionFile) -> None:
        """Work out when a file is loaded, and how much of it."""
        if rule.loading is not None:
            loading = rule.loading(found.file.text)
            if loading.load is not Load.ALWAYS or rule.load is Load.ALWAYS:
                found.load = loading.load
            if loading.globs:
                found.scope = ",".join(loading.globs)
            if loading.load is Load.SHADOWED:
                found.silence(WhyNever.NOT_LOOKED_FOR)
                self._tell(ConflictCode.IGNORED, f"is never read: {loading.why_not}", found.file.path)
                return
            if loading.is_broken:
                words = "is read for all files: its front matter names some, but is not YAML. Put each glob in quotes"
                self._tell(ConflictCode.IGNORED, words, found.file.path)
        size = size_for_model(self.tool, found.file)
        if rule.has_budget:
            if size > self.left:
                found.load, size = Load.TRUNCATED, self.left
            if not found.file.data[:size].decode("utf-8", "replace").strip():
                if found.load is Load.TRUNCATED:
                    found.silence(WhyNever.OVER_BUDGET)
                return
            self.left -= size
        found.effective_bytes = size

    def _files(self, rule: SearchRule, directory: Path) -> list[Path]:
        """Return the files that a rule finds in a directory, in the order of its names."""
        files: list[Path] = []
        for name in self._names(rule):
            folder, is_tree, suffix = f"/{name}".partition("/**/*")
            if is_tree:
                files += self._tree(directory / folder[1:], suffix)
                continue
            path = self._named(directory, name)
            if exists(path, if_unknown=self._is_inside(directory)):
                files.append(path)
            elif not rule.why_ignored and rule.where is not Where.BELOW and self._is_inside(path):
                self.missing.append(self.workspace.relative(path))
        return files

    def _named(self, directory: Path, name: str) -> Path:
        """Return the path of a name in a directory, in the capitals that the tool finds."""
        path = Path(os.path.normpath(directory / name))
        if self.tool not in _IGNORES_CASE or exists(path):
            return path
        if path.parent not in self.capitals:  # backwards, so that of two the first stays
            self.capitals[path.parent] = {each.casefold(): each for each in reversed(_entries(path.parent))}
        return path.parent / self.capitals[path.parent].get(path.name.casefold(), path.name)

    def _tree(self, folder: Path, suffix: str) -> Iterator[Path]:
        """Yield the files below a folder whose names end with a suffix, sorted by name."""
        if self.tool in _IGNORES_CASE:
            return _tree(folder, lambda name: name.casefold().endswith(suffix.casefold()))
        return _tree(folder, lambda name: name.endswith(suffix))

    def _names(self, rule: SearchRule) -> tuple[str, ...]:
        if self.tool is Tool.GEMINI and not rule.why_ignored:
            return tuple(dict.fromkeys((*self.settings.names, *rule.names)))
        return (*rule.names, *self.settings.more_names) if rule.has_budget else rule.names

    def _is_inside(self, path: Path) -> bool:
        return self.workspace.holds(path)

    def _tell(self, code: ConflictCode, words: str, path: Path) -> None:
        conflict = Conflict(code, words, self.workspace.label(path))
        if conflict not in self.conflicts:
            self.conflicts.append(conflict)


def _tree(folder: Path, is_wanted: Callable[[str], bool]) -> Iterator[Path]:
    """Yield the wanted files below a folder; links to folders are followed, each folder once."""
    seen: set[str] = set()
    for where, directories, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:
            directories.clear()
            continue
        seen.add(real)
        directories.sort()
        yield from (Path(where) / name for name in sorted(names) if is_wanted(name))


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
                only = model_text(Tool.CLAUDE_CODE, file.text).strip()
                target = path.parent / only[1:] if only.startswith("@") and len(only.split()) == 1 else None
                points_to = workspace.label(Path(os.path.normpath(target))) if target else ""
                imports = tuple(
                    workspace.label(Path(os.path.normpath(path.parent / each)))
                    for each in imports_of(Tool.CLAUDE_CODE, file.text)
                )
                is_blank = not file.why_not and not size_for_model(Tool.CLAUDE_CODE, file)
                yield Neighbour(workspace.label(path), file.sha256, points_to, imports, is_blank)
