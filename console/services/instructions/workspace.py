"""The workspace: where a tool is started, and the labels of its files on screen and in records."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a tool is started. All directories are real paths, without symbolic links."""

    repository: Path
    directory: Path
    """The tool's working directory: the repository or below it."""
    home: Path
    environment: Mapping[str, str]
    managed: Path
    """Where an administrator's instructions are, by default /etc."""

    @property
    def codex_home(self) -> Path:
        """Codex's own directory."""
        return self._named("CODEX_HOME") or self.home / ".codex"

    @property
    def claude_home(self) -> Path:
        """Claude Code's own directory."""
        return self._named("CLAUDE_CONFIG_DIR") or self.home / ".claude"

    @property
    def copilot_home(self) -> Path:
        """Copilot CLI's own directory."""
        return self._named("COPILOT_HOME") or self.home / ".copilot"

    @property
    def gemini_home(self) -> Path:
        """Gemini CLI's own directory."""
        return (self._named("GEMINI_CLI_HOME") or self.home) / ".gemini"

    def _named(self, variable: str) -> Path | None:
        named = self.environment.get(variable, "")
        return Path(named) if named.startswith("/") else None

    @property
    def chain(self) -> tuple[Path, ...]:
        """The directories from the repository's root down to the working directory."""
        parents = (self.directory, *self.directory.parents)
        return tuple(reversed(parents[: parents.index(self.repository) + 1]))

    @property
    def ancestors(self) -> tuple[Path, ...]:
        """The directories from / down to the working directory."""
        return tuple(reversed((self.directory, *self.directory.parents)))

    def holds(self, path: Path) -> bool:
        """Return whether a path is in the repository, judging by its name only."""
        return path.is_relative_to(self.repository)

    def relative(self, path: Path) -> str:
        """Return a path of the repository relative to its root."""
        return path.relative_to(self.repository).as_posix()

    def label(self, path: Path) -> str:
        """Return a path's label on screen and in records; it never reveals where the user's home is."""
        if self.holds(path):
            return self.relative(path)
        if path.is_relative_to(self.home):
            return f"~/{path.relative_to(self.home).as_posix()}"
        if path.is_relative_to(self.managed):
            return str(path)
        above = next((each for each in path.parents if each in self.ancestors), path)
        inside = path.relative_to(above).parts
        if len(inside) == 1 or (inside and inside[0].startswith(".")):
            return Path(os.path.relpath(path, self.repository)).as_posix()
        return f"(outside)/{path.name}"

    def scope(self, directory: Path) -> str:
        """Return the glob of all files in and below a directory; of all files if it is outside the repository."""
        inside = self.relative(directory) if self.holds(directory) else "."
        return "**" if inside == "." else f"{inside}/**"
