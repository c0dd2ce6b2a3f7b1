"""Places: the files that an agent's facts name, on this machine."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.domain.agent_settings.reading_facts import LayerFact
from console.services.instructions.workspace import Workspace

_PLACE = re.compile(r"<([a-z_]+|\$[A-Z_]+)>")


@dataclass(frozen=True, slots=True)
class Place:
    """A file that an agent may read."""

    path: Path
    fact: LayerFact


def files_of(layers: tuple[LayerFact, ...], workspace: Workspace) -> Iterator[Place]:
    """Yield the files of layers, the weakest first; each once, and none that an unset variable would name."""
    seen: set[Path] = set()
    for fact in layers:
        for path in _paths(fact, workspace):
            normal = Path(os.path.normpath(path))
            if normal not in seen:
                seen.add(normal)
                yield Place(normal, fact)


def _paths(fact: LayerFact, workspace: Workspace) -> Iterator[Path]:
    names = [fact.path, *([fact.stronger] if fact.stronger else [])]
    if not fact.each:
        for name in names:
            path = place(name, workspace)
            if path is not None:
                yield path
        return
    folders = {
        "here": (workspace.directory,),
        "root": (workspace.repository,),
        "chain": workspace.chain,
        "up": workspace.ancestors,
    }[fact.each]
    for folder in folders:
        for name in names:
            yield folder / name


def place(name: str, workspace: Workspace) -> Path | None:
    """Return a path with its places put in; None if a variable that it needs is not set."""
    match = _PLACE.match(name)
    if match is None:
        return None
    folder = _folder(match[1], workspace)
    return None if folder is None else Path(f"{folder}{name[match.end() :]}")


def _folder(word: str, workspace: Workspace) -> Path | None:
    environment, home = workspace.environment, workspace.home

    def named(variable: str, default: Path | None) -> Path | None:
        value = environment.get(variable, "")
        return workspace.directory / value if value else default

    cline = named("CLINE_DIR", home / ".cline") or home
    match word:
        case "home":
            return home
        case "managed":
            return workspace.managed
        case "config":
            return named("XDG_CONFIG_HOME", home / ".config")
        case "data":
            return named("XDG_DATA_HOME", home / ".local" / "share")
        case "codex_home":
            return workspace.codex_home
        case "claude_home":
            return workspace.claude_home
        case "copilot_home":
            return workspace.copilot_home
        case "gemini_home":
            return workspace.gemini_home
        case "gemini_parent":
            return workspace.gemini_home.parent
        case "continue_home":
            return named("CONTINUE_GLOBAL_DIR", home / ".continue")
        case "cline_data":
            return named("CLINE_DATA_DIR", cline / "data")
        case _:
            return named(word.removeprefix("$"), None)
