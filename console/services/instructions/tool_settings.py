"""What a tool's own settings change about where it looks: read, never written, and nothing else of them is kept."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.instructions.source import Conflict, ConflictCode, Tool
from console.services.instructions.file_cache import Shelf, exists
from console.services.instructions.place import Place
from console.services.instructions.rule import CODEX_BUDGET


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What of a tool's settings decides which instructions it reads."""

    more_names: tuple[str, ...] = ()
    """Codex's `project_doc_fallback_filenames`: taken where a directory has none of the usual names."""
    names: tuple[str, ...] = ()
    """Gemini's `context.fileName`: taken in place of GEMINI.md; empty means that it is not set."""
    root_markers: tuple[str, ...] = (".git",)
    budget: int = CODEX_BUDGET
    conflicts: tuple[Conflict, ...] = ()


def codex_home(place: Place) -> Path:
    """Return where Codex keeps its own."""
    named = place.environment.get("CODEX_HOME", "")
    return Path(named) if named.startswith("/") else place.home / ".codex"


def read_settings(tool: Tool, place: Place, shelf: Shelf) -> ToolSettings:
    """Read what a tool's settings change; the defaults hold for what they leave out or get wrong."""
    if tool is Tool.CODEX:
        return _codex(place, shelf)
    return _gemini(place, shelf) if tool is Tool.GEMINI else ToolSettings()


def _codex(place: Place, shelf: Shelf) -> ToolSettings:
    path = codex_home(place) / "config.toml"
    if not exists(path):
        return ToolSettings()
    try:
        table: Mapping[str, object] = tomllib.loads(_text_of(path, shelf))
    except ValueError:
        return ToolSettings(conflicts=(_unreadable(path, place),))
    usual = ToolSettings()
    budget = table.get("project_doc_max_bytes")
    markers = _words(table.get("project_root_markers"))
    return ToolSettings(
        more_names=tuple(name for name in _words(table.get("project_doc_fallback_filenames")) or () if _is_name(name)),
        root_markers=usual.root_markers if markers is None else markers,
        budget=budget if isinstance(budget, int) and budget >= 0 else usual.budget,
    )


def _gemini(place: Place, shelf: Shelf) -> ToolSettings:
    names: tuple[str, ...] = ()
    conflicts = []
    for folder in dict.fromkeys((place.home, place.repository)):  # the nearer one has the last word
        path = folder / ".gemini" / "settings.json"
        if not exists(path):
            continue
        try:
            table = json.loads(_text_of(path, shelf))
        except (ValueError, RecursionError):
            conflicts.append(_unreadable(path, place))
            continue
        context = table.get("context") if isinstance(table, dict) else None
        named = context.get("fileName") if isinstance(context, dict) else None
        words = (named,) if isinstance(named, str) else _words(named)
        names = tuple(name for name in words if _is_name(name)) if words else names
    return ToolSettings(names=names, conflicts=tuple(conflicts))


def _text_of(path: Path, shelf: Shelf) -> str:
    file = shelf.read(path)
    if file.why_not:
        raise ValueError(file.why_not)
    return file.data.decode("utf-8-sig")


def _unreadable(path: Path, place: Place) -> Conflict:
    return Conflict(
        ConflictCode.UNREADABLE,
        "cannot be read, and it says which instructions the tool reads. Put it right; its defaults were taken here",
        place.label(path),
    )


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else None


def _is_name(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and name not in (".", "..")
