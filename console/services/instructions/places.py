"""Places: the directories that a tool's rules search."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.rule import Where
from console.domain.instructions.source import Tool
from console.services.instructions.file_cache import exists
from console.services.instructions.tool_settings import ToolSettings
from console.services.instructions.workspace import Workspace

DIRECTORIES_LIMIT = 20_000
"""The most directories to search below the tool's working directory."""
_NOT_ENTERED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__"})
"""Not the repository's own: files that packages bring along are not instructions."""
_FINDS_ITS_ROOT = frozenset({Tool.CODEX, Tool.COPILOT, Tool.GEMINI})
"""These look for the project's root themselves; where there is none, they read only the working directory."""


@dataclass(slots=True)
class Places:
    """The directories of one search, by the words of the rules."""

    tool: Tool
    workspace: Workspace
    settings: ToolSettings
    is_cut: bool = False
    """Whether there were more directories below than are searched."""
    below: list[Path] = field(default_factory=list)

    def of(self, where: Where) -> tuple[Path, ...]:
        """Return the directories that a rule searches, in the order in which the tool reads them."""
        workspace = self.workspace
        match where:
            case Where.MANAGED:
                return (workspace.managed,)
            case Where.CODEX_HOME:
                return (workspace.codex_home,)
            case Where.CLAUDE_HOME:
                return (workspace.claude_home,)
            case Where.COPILOT_HOME:
                return (workspace.copilot_home,)
            case Where.GEMINI_HOME:
                return (workspace.gemini_home,)
            case Where.COPILOT_DIRECTORIES:
                named = workspace.environment.get("COPILOT_CUSTOM_INSTRUCTIONS_DIRS", "")
                return _normal(workspace.directory / each.strip() for each in named.split(",") if each.strip())
            case Where.GEMINI_DIRECTORIES:
                return _normal(
                    place
                    for each in self.settings.directories
                    for place in self._chain_to(Path(os.path.realpath(each)))
                )
            case Where.ANCESTORS:
                return workspace.ancestors
            case Where.ROOT:
                return self.chain[:1]
            case Where.CHAIN:
                return self.chain
            case Where.BETWEEN:
                return self.chain[1:-1]
            case Where.HERE:
                return (workspace.directory,)
            case Where.BELOW:
                return self._below()

    @property
    def chain(self) -> tuple[Path, ...]:
        """The directories from the project's root, as the tool finds it, down to the working directory."""
        if self.tool in _FINDS_ITS_ROOT:
            return self._chain_to(self.workspace.directory)
        return self.workspace.chain

    def root_of(self, directory: Path) -> Path:
        """Return the nearest directory upwards that has one of the markers of a root; the directory itself if none."""
        upwards = (directory, *directory.parents)
        markers = self.settings.root_markers
        return next((each for each in upwards if any(exists(each / marker) for marker in markers)), directory)

    def _chain_to(self, directory: Path) -> tuple[Path, ...]:
        upwards = (directory, *directory.parents)
        return tuple(reversed(upwards[: upwards.index(self.root_of(directory)) + 1]))

    def _below(self) -> tuple[Path, ...]:
        if not self.below:
            for folder, names, _ in os.walk(self.workspace.directory):
                names[:] = sorted(name for name in names if name not in _NOT_ENTERED)
                if len(self.below) > DIRECTORIES_LIMIT:
                    self.is_cut = True
                    break
                self.below.append(Path(folder))
        return tuple(self.below[1:])


def _normal(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(os.path.normpath(path)) for path in paths))
