"""Git facts: what is tracked, and what HEAD and the base branch hold; asked so that nothing of the repository runs.

Only the index and trees are read. Git is never asked to compare the working tree, since that would run the filters that
a repository may name; blob ids are computed here from the bytes that were read.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.instruction import GitState
from console.services.run.instruction.place import Place
from console.services.run.instruction.shelf import exists
from console.services.tokens.child import TooMuchOutputError, run_child

TIMEOUT_S = 5.0
"""The longest that one question to git may take."""
_OUTPUT_LIMIT = 4 * 1024 * 1024
_PATHS_AT_ONCE = 200
_DEFAULT_BASE = "refs/remotes/origin/HEAD"
_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "diff.external="),
)
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""What git needs of the environment: where it is, and where its user says which repositories are safe."""
_SET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it has not; older programs know no other way
    "GIT_ASKPASS": os.devnull,
    "GIT_PAGER": "cat",
}


class BaseBranchError(Exception):
    """The base branch that was named is no commit of the repository."""


@dataclass(frozen=True, slots=True)
class GitFacts:
    """What git knows of some paths of a repository, all of them relative to its root."""

    state: GitState
    object_format: str = "sha1"
    tracked: frozenset[str] = frozenset()
    head: Mapping[str, str] = field(default_factory=dict)
    """The blob ids that HEAD holds."""
    base_commit: str | None = None
    base: Mapping[str, str] = field(default_factory=dict)
    """The blob ids that the base branch holds."""

    @property
    def is_read(self) -> bool:
        """Tell whether git answered."""
        return self.state is GitState.READ

    def blob_id(self, data: bytes) -> str:
        """Return the id that git gives to these bytes."""
        digest = hashlib.new(self.object_format, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def holds(self, tree: Mapping[str, str], path: str, data: bytes) -> bool:
        """Tell whether a tree holds these bytes at a path, be it with other line ends."""
        return tree.get(path) in (self.blob_id(data), self.blob_id(data.replace(b"\r\n", b"\n")))


async def read_git_facts(place: Place, paths: Sequence[str], base_branch: str | None) -> GitFacts:
    """Ask git about paths of a repository.

    Args:
        place: Where the repository is, and the environment.
        paths: Relative to the repository; those that are no files are allowed.
        base_branch: What to compare with; None takes the default branch of origin where it is known.

    Raises:
        BaseBranchError: The base branch is no commit.

    """
    program = shutil.which("git", path=place.environment.get("PATH", os.defpath))
    if program is None:
        return GitFacts(GitState.NO_PROGRAM)
    git = _Git(program, place)
    try:
        return await git.facts(paths, base_branch)
    except (_GitError, TimeoutError, TooMuchOutputError, OSError):
        has_repository = any(exists(each / ".git") for each in (place.repository, *place.repository.parents))
        return GitFacts(GitState.UNREADABLE if has_repository else GitState.NO_REPOSITORY)


class _GitError(Exception):
    """Git ended with an error."""


@dataclass(frozen=True, slots=True)
class _Git:
    program: str
    place: Place

    async def facts(self, paths: Sequence[str], base_branch: str | None) -> GitFacts:
        """Ask for all there is to know of these paths."""
        said = await self._ask(self.place.repository, "rev-parse", "--show-object-format", "--show-prefix")
        object_format, _, prefix = said.partition(b"\n")
        inside = os.fsdecode(prefix.removesuffix(b"\n"))
        top = Path(str(self.place.repository).removesuffix(f"/{inside}".rstrip("/")) or "/")
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
        """Return the blob ids of paths, as `ls-files --stage` and `ls-tree` tell them."""
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
        kept = {name: value for name in _KEPT if (value := self.place.environment.get(name))}
        ended = await run_child(
            [self.program, "-C", str(directory), *_OPTIONS, *arguments],
            environment=kept | _SET,
            timeout_s=TIMEOUT_S,
            limit=_OUTPUT_LIMIT,
        )
        if ended.code != 0:
            raise _GitError
        return ended.output


def links_on_the_way(place: Place, path: Path) -> Iterable[Path]:
    """Yield the symbolic links that a path of the repository passes, itself included."""
    for each in (path, *path.parents):
        if each == place.repository:
            return
        if os.path.islink(each):  # noqa: PTH114  # one that may not be looked at is none
            yield each
