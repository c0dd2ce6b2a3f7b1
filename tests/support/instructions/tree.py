"""A real git repository with instruction files, in a home of its own."""

import os
import shutil
import subprocess
from pathlib import Path

from console.domain.instructions.source import Conflict, InstructionSet, Tool
from console.services.instructions.find import check_pinned, find_instructions


class Tree:
    """A repository under `home/projects/shop`, a home, and a place for what an administrator lays down."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.managed = base / "etc"
        self.root = self.home / "projects" / "shop"
        self.root.mkdir(parents=True)
        self.managed.mkdir()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}

    def add(self, *paths: str, text: str | bytes = "") -> "Tree":
        """Write files into the repository; each says its own name unless told otherwise."""
        for path in paths:
            self.put(self.root / path, text or f"Rules of {path}.\n")
        return self

    def personal(self, *paths: str, text: str | bytes = "") -> "Tree":
        """Write files into the home."""
        for path in paths:
            self.put(self.home / path, text or f"Wishes of {path}.\n")
        return self

    def put(self, path: Path, text: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(text) if isinstance(text, str) else text)

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "init.defaultBranch=main")
        program = shutil.which("git")
        assert program is not None
        return subprocess.run(
            [program, *identity, *arguments],
            cwd=self.root,
            env=self.environment | {"GIT_CONFIG_NOSYSTEM": "1"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self) -> "Tree":
        """Commit all that is there."""
        if not (self.root / ".git").exists():
            self.git("init", "--quiet")
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "state")
        return self

    async def find(
        self, tool: Tool = Tool.CODEX, at: str = ".", *, base: str | None = None, **environment: str
    ) -> InstructionSet:
        """Find what a tool reads in a directory of the repository."""
        return await find_instructions(
            tool,
            self.root,
            self.root / at,
            environment=self.environment | environment,
            managed=self.managed,
            base_branch=base,
        )

    async def check(self, pinned: InstructionSet, at: str = ".") -> tuple[Conflict, ...]:
        """Compare a pinned set with what is there now."""
        return await check_pinned(pinned, self.root, self.root / at, environment=self.environment, managed=self.managed)


def loads(found: InstructionSet) -> list[tuple[str, str]]:
    """Return path and load of each source, in the order in which the tool reads them."""
    return [(source.path, source.load.value) for source in found.sources]


def codes(found: InstructionSet) -> list[str]:
    return [conflict.code.value for conflict in found.conflicts]


def told(found: InstructionSet, code: str) -> list[Conflict]:
    return [conflict for conflict in found.conflicts if conflict.code.value == code]
