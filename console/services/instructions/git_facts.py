"""Git facts: what is tracked, and what is in HEAD and the base branch, read so that no code of the repository runs.

Only the index and trees are read. Git never compares the working tree, since that would run the filters that a
repository may name; blob ids are computed here from the bytes that were read.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instructions.source import GitState
from console.services.git.command import NoGitError, ask_git
from console.services.instructions.file_cache import exists
from console.services.instructions.workspace import Workspace

TIMEOUT_S = 5.0
"""The longest that one git command may take."""
_PATHS_AT_ONCE = 200
_DEFAULT_BASE = "refs/remotes/origin/HEAD"


class BaseBranchError(Exception):
    """The named base branch is not a commit of the repository."""


@dataclass(frozen=True, slots=True)
class GitFacts:
    """What git knows about some paths of a repository, all relative to its root."""

    state: GitState
    object_format: str = "sha1"
    tracked: frozenset[str] = frozenset()
    head: Mapping[str, str] = field(default_factory=dict)
    """The blob ids in HEAD, by path."""
    base_commit: str | None = None
    base: Mapping[str, str] = field(default_factory=dict)
    """The blob ids in the base branch, by path."""

    @property
    def is_read(self) -> bool:
        """Whether git answered."""
        return self.state is GitState.READ

    def blob_id(self, data: bytes) -> str:
        """Return git's blob id for these bytes."""
        digest = hashlib.new(self.object_format, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def holds(self, tree: Mapping[str, str], path: str, data: bytes) -> bool:
        """Return whether a tree has these bytes at a path, ignoring CRLF line ends."""
        return tree.get(path) in (self.blob_id(data), self.blob_id(data.replace(b"\r\n", b"\n")))


async def read_git_facts(workspace: Workspace, paths: Sequence[str], base_branch: str | None) -> GitFacts:
    """Ask git about paths of a repository.

    Args:
        workspace: Where the repository is, and the environment.
        paths: Relative to the repository; they need not be files.
        base_branch: What to compare with; None means the default branch of origin, if known.

    Raises:
        BaseBranchError: The base branch is not a commit.

    """
    try:
        return await _Git(workspace).facts(paths, base_branch)
    except NoGitError:
        return GitFacts(GitState.NO_PROGRAM)
    except _GitError:
        has_repository = any(exists(each / ".git") for each in (workspace.repository, *workspace.repository.parents))
        return GitFacts(GitState.UNREADABLE if has_repository else GitState.NO_REPOSITORY)


class _GitError(Exception):
    """Git failed or timed out."""


@dataclass(frozen=True, slots=True)
class _Git:
    workspace: Workspace

    async def facts(self, paths: Sequence[str], base_branch: str | None) -> GitFacts:
        """Return all facts about these paths."""
        said = await self._ask(self.workspace.repository, "rev-parse", "--show-object-format", "--show-prefix")
        object_format, _, prefix = said.partition(b"\n")
        inside = os.fsdecode(prefix.removesuffix(b"\n"))
        top = Path(str(self.workspace.repository).removesuffix(f"/{inside}".rstrip("/")) or "/")
        head = await self._commit(top, "HEAD")
        base = await self._commit(top, base_branch or _DEFAULT_BASE)
        if base is None and base_branch is not None:
            raise BaseBranchError
        asked = [inside + path for path in paths]

        async def blobs(*command: str) -> dict[str, str]:
            found = await self._blobs(top, asked, *command)
            return {path.removeprefix(inside): blob for path, blob in found.items()}

        return GitFacts(
            GitState.READ,
            object_format.decode(),
            frozenset(await blobs("ls-files", "--stage")),
            await blobs("ls-tree", "--full-tree", head) if head else {},
            base,
            await blobs("ls-tree", "--full-tree", base) if base else {},
        )

    async def _commit(self, top: Path, name: str) -> str | None:
        if name.startswith("-"):
            return None
        try:
            said = await self._ask(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except _GitError:
            return None
        return said.decode().strip()

    async def _blobs(self, top: Path, paths: Sequence[str], *command: str) -> dict[str, str]:
        """Return the blob ids of paths from `ls-files --stage` or `ls-tree`."""
        entries = {}
        for start in range(0, len(paths), _PATHS_AT_ONCE):
            some = paths[start : start + _PATHS_AT_ONCE]
            for line in (await self._ask(top, command[0], "-z", *command[1:], "--", *some)).split(b"\0"):
                about, has_path, path = line.partition(b"\t")
                if has_path:
                    words = about.decode().split()
                    entries[os.fsdecode(path)] = words[2] if command[0] == "ls-tree" else words[1]
        return entries

    async def _ask(self, directory: Path, *arguments: str) -> bytes:
        report = await ask_git(directory, self.workspace.environment, *arguments, timeout_s=TIMEOUT_S)
        if not report.is_success:
            raise _GitError
        return report.tail


def links_on_the_way(workspace: Workspace, path: Path) -> Iterable[Path]:
    """Yield the symbolic links that a path of the repository goes through, including itself."""
    for each in (path, *path.parents):
        if each == workspace.repository:
            return
        if os.path.islink(each):  # noqa: PTH114  # False if it cannot be inspected
            yield each
