"""How a tool's own settings change where it looks. They are read, never written, and nothing else in them is kept."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from console.domain.instructions.json_comments import without_json_comments
from console.domain.instructions.rule import CODEX_BUDGET
from console.domain.instructions.source import Conflict, ConflictCode, Tool
from console.services.instructions.file_cache import FileCache, exists
from console.services.instructions.workspace import Workspace

_PLUGIN = "agents-md@builtin"
"""The part of Claude Code that reads AGENTS.md."""
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


class ProjectInstructions(StrEnum):
    """Claude Code's setting "Project instructions": which files it reads."""

    CLAUDE_MD = "claude-md"
    CLAUDE_MD_OR_AGENTS_MD = "claude-md-or-agents-md"
    CLAUDE_MD_AND_AGENTS_MD = "claude-md-and-agents-md"
    MANAGED_ONLY = "managed-only"


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """The settings of a tool that decide which instructions it reads."""

    more_names: tuple[str, ...] = ()
    """Codex's `project_doc_fallback_filenames`: used if a directory has none of the usual names."""
    names: tuple[str, ...] = ()
    """Gemini's `context.fileName`: used as well as GEMINI.md, and read before it."""
    directories: tuple[Path, ...] = ()
    """Gemini's `context.includeDirectories`."""
    root_markers: tuple[str, ...] = (".git",)
    budget: int = CODEX_BUDGET
    project: ProjectInstructions = ProjectInstructions.CLAUDE_MD_OR_AGENTS_MD
    excluded: tuple[str, ...] = ()
    """Claude Code's `claudeMdExcludes`: globs of absolute paths that it does not read."""
    has_import_limit: bool = True
    """Whether imports are followed only so deep; Gemini's `context.importFormat = "flat"` lifts the limit."""
    conflicts: tuple[Conflict, ...] = ()


def read_settings(tool: Tool, workspace: Workspace, cache: FileCache) -> ToolSettings:
    """Read a tool's settings; defaults replace missing and invalid ones."""
    match tool:
        case Tool.CODEX:
            return _codex(workspace, cache)
        case Tool.GEMINI:
            return _gemini(_Files(workspace, cache))
        case Tool.CLAUDE_CODE:
            return _claude_code(_Files(workspace, cache))
        case _:
            return ToolSettings()


def _codex(workspace: Workspace, cache: FileCache) -> ToolSettings:
    path = workspace.codex_home / "config.toml"
    if not exists(path):
        return ToolSettings()
    try:
        table: Mapping[str, object] = tomllib.loads(_text_of(path, cache, "utf-8-sig"))
    except ValueError:
        return ToolSettings(conflicts=(_unreadable(path, workspace),))
    usual = ToolSettings()
    budget = table.get("project_doc_max_bytes")
    markers = _words(table.get("project_root_markers"))
    return ToolSettings(
        more_names=tuple(name for name in _words(table.get("project_doc_fallback_filenames")) or () if _is_name(name)),
        root_markers=usual.root_markers if markers is None else markers,
        budget=budget if isinstance(budget, int) and budget >= 0 else usual.budget,
    )


@dataclass(slots=True)
class _Files:
    """The settings files of one tool, which are JSON objects."""

    workspace: Workspace
    cache: FileCache
    conflicts: list[Conflict] = field(default_factory=list)

    def read(self, path: Path, *, may_have_comments: bool = False) -> Mapping[str, object]:
        """Return the object in a file; nothing if there is none, or if it is not one, which is a conflict."""
        if not exists(path):
            return {}
        try:
            text = _text_of(path, self.cache, "utf-8")
            table = json.loads(without_json_comments(text) if may_have_comments else text)
        except (ValueError, RecursionError):
            table = None
        if not isinstance(table, dict):
            self.tell(path)
            return {}
        return table

    def tell(self, path: Path) -> None:
        self.conflicts.append(_unreadable(path, self.workspace))


def _gemini(files: _Files) -> ToolSettings:
    workspace = files.workspace
    usual = ToolSettings()
    names: tuple[str, ...] = ()
    markers = usual.root_markers
    directories: list[Path] = []
    has_import_limit = True
    # The project's settings are those of the working directory, and they win.
    for folder in dict.fromkeys((workspace.gemini_home, workspace.directory / ".gemini")):
        path = folder / "settings.json"
        context = _table(files.read(path, may_have_comments=True).get("context"))
        named = context.get("fileName")
        words = (named,) if isinstance(named, str) else _words(named)
        if named is not None and words is None:
            files.tell(path)
        if words:
            names = tuple(name for name in (_expanded(each, workspace).strip() for each in words) if name)
        markers = _words(context.get("memoryBoundaryMarkers")) or markers
        if context.get("memoryBoundaryMarkers") == []:
            markers = ()
        directories += [_place(each, workspace) for each in _words(context.get("includeDirectories")) or ()]
        has_import_limit = context.get("importFormat", "tree" if has_import_limit else "flat") != "flat"
    return ToolSettings(
        names=tuple(name for name in names if "\0" not in name and not name.startswith("/")),
        root_markers=markers,
        directories=tuple(directories),
        has_import_limit=has_import_limit,
        conflicts=tuple(files.conflicts),
    )


def _claude_code(files: _Files) -> ToolSettings:
    workspace = files.workspace
    managed = files.read(workspace.managed / "claude-code" / "managed-settings.json")
    user = files.read(workspace.claude_home / "settings.json")
    local, shared = (
        files.read(workspace.directory / ".claude" / name) for name in ("settings.local.json", "settings.json")
    )
    project = ProjectInstructions.CLAUDE_MD_OR_AGENTS_MD
    for table in (user, managed):  # it ignores the key in the repository's settings
        project = _project_instructions(table) or project
    is_on = next(
        (said for table in (managed, local, shared, user) if (said := _has_plugin(table)) is not None),
        True,
    )
    if not is_on and project is not ProjectInstructions.MANAGED_ONLY:
        project = ProjectInstructions.CLAUDE_MD
    excluded = [
        each for table in (user, shared, local, managed) for each in _words(table.get("claudeMdExcludes")) or ()
    ]
    return ToolSettings(
        project=project, excluded=tuple(dict.fromkeys(excluded)), conflicts=tuple(dict.fromkeys(files.conflicts))
    )


def _project_instructions(table: Mapping[str, object]) -> ProjectInstructions | None:
    plugin = _table(_table(table.get("pluginConfigs")).get(_PLUGIN))
    value = _table(plugin.get("options")).get("instructionFiles")
    return next((each for each in ProjectInstructions if each.value == value), None)


def _has_plugin(table: Mapping[str, object]) -> bool | None:
    said = _table(table.get("enabledPlugins")).get(_PLUGIN)
    return said if isinstance(said, bool) else None


def _text_of(path: Path, cache: FileCache, encoding: str) -> str:
    file = cache.read(path)
    if file.why_not:
        raise ValueError(file.why_not)
    return file.data.decode(encoding)


def _unreadable(path: Path, workspace: Workspace) -> Conflict:
    return Conflict(
        ConflictCode.UNREADABLE,
        "cannot be read, but decides which instructions the tool reads. Fix it; this check used the defaults",
        workspace.label(path),
    )


def _expanded(text: str, workspace: Workspace) -> str:
    """Return a text of Gemini's settings with the environment's variables in it; an unknown one stays as it is."""
    return "".join(_expansions(text, workspace.environment))


def _expansions(text: str, environment: Mapping[str, str]) -> Iterator[str]:
    at = 0
    for match in _VARIABLE.finditer(text):
        yield text[at : match.start()]
        yield environment.get(match[1] or match[2], match[0])
        at = match.end()
    yield text[at:]


def _place(named: str, workspace: Workspace) -> Path:
    named = _expanded(named, workspace).strip()
    if named == "~" or named.startswith("~/"):
        return workspace.home / named[2:]
    return workspace.directory / named


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else None


def _is_name(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..")
