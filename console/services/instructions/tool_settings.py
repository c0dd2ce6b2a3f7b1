"""How a tool's own settings change where it looks. They are read, never written, and nothing else in them is kept."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.instructions.source import Conflict, ConflictCode, Tool
from console.services.instructions.file_cache import FileCache, exists
from console.services.instructions.rule import CODEX_BUDGET
from console.services.instructions.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """The settings of a tool that decide which instructions it reads."""

    more_names: tuple[str, ...] = ()
    """Codex's `project_doc_fallback_filenames`: used if a directory has none of the usual names."""
    names: tuple[str, ...] = ()
    """Gemini's `context.fileName`: used instead of GEMINI.md; empty if it is not set."""
    root_markers: tuple[str, ...] = (".git",)
    budget: int = CODEX_BUDGET
    conflicts: tuple[Conflict, ...] = ()


def codex_home(workspace: Workspace) -> Path:
    """Return Codex's own directory."""
    named = workspace.environment.get("CODEX_HOME", "")
    return Path(named) if named.startswith("/") else workspace.home / ".codex"


def read_settings(tool: Tool, workspace: Workspace, cache: FileCache) -> ToolSettings:
    """Read a tool's settings; defaults replace missing and invalid ones."""
    if tool is Tool.CODEX:
        return _codex(workspace, cache)
    return _gemini(workspace, cache) if tool is Tool.GEMINI else ToolSettings()


def _codex(workspace: Workspace, cache: FileCache) -> ToolSettings:
    path = codex_home(workspace) / "config.toml"
    if not exists(path):
        return ToolSettings()
    try:
        table: Mapping[str, object] = tomllib.loads(_text_of(path, cache))
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


def _gemini(workspace: Workspace, cache: FileCache) -> ToolSettings:
    names: tuple[str, ...] = ()
    conflicts = []
    for folder in dict.fromkeys((workspace.home, workspace.repository)):  # the nearer one wins
        path = folder / ".gemini" / "settings.json"
        if not exists(path):
            continue
        try:
            table = json.loads(_text_of(path, cache))
        except (ValueError, RecursionError):
            conflicts.append(_unreadable(path, workspace))
            continue
        context = table.get("context") if isinstance(table, dict) else None
        named = context.get("fileName") if isinstance(context, dict) else None
        words = (named,) if isinstance(named, str) else _words(named)
        names = tuple(name for name in words if _is_name(name)) if words else names
    return ToolSettings(names=names, conflicts=tuple(conflicts))


def _text_of(path: Path, cache: FileCache) -> str:
    file = cache.read(path)
    if file.why_not:
        raise ValueError(file.why_not)
    return file.data.decode("utf-8-sig")


def _unreadable(path: Path, workspace: Workspace) -> Conflict:
    return Conflict(
        ConflictCode.UNREADABLE,
        "cannot be read, but decides which instructions the tool reads. Fix it; this check used the defaults",
        workspace.label(path),
    )


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else None


def _is_name(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..")
