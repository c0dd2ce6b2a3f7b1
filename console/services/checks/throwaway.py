"""A throwaway repository: a pinned commit with a patch on it, while the operator's own repository stays untouched.

It is a scratch repository that only borrows the operator's objects. So nothing is written in the operator's repository:
no worktree, no index, no reference, no lock. The patch goes into an index; no file is created before the index is
checked.

Git LFS and other filters do not run: files that they would change stay as in the commit. Objects that a partial clone
has not fetched are missing, and nothing is fetched.
"""

import asyncio
import contextlib
import errno
import itertools
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.artifacts.file_change import FileChange, FileChangeKind
from console.domain.artifacts.unified_diff import as_git_reads_it
from console.domain.finding import Finding, Severity
from console.services.git.checkout import NoCheckoutError, find_checkout
from console.services.git.command import NoGitError
from console.services.git.copy import make_copy
from console.services.git.scratch import Scratch, ScratchError, scratch
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildReport

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RAW = re.compile(rb":([0-7]{6}) ([0-7]{6}) [0-9a-f]+ [0-9a-f]+ ([A-Z])[0-9]*")
_FAILED_AT = re.compile(rb"^error: patch failed: .*:([0-9]{1,9})$", re.MULTILINE)
_SUBMODULE = b"160000 "
_KINDS = {b"A": FileChangeKind.ADDED, b"D": FileChangeKind.DELETED}


class ThrowawayError(Exception):
    """The throwaway repository cannot be created or used; the finding says why."""

    def __init__(self, finding_id: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(finding_id, Severity.FAIL, message)


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of applying a patch."""

    is_applied: bool
    failed_at: tuple[int, ...]
    """The lines of the repository's files where hunks did not apply."""
    said: bytes
    """Git's own output; it contains text from outside."""


class Throwaway:
    """A private repository at one commit."""

    def __init__(self, own: Scratch, commit: str) -> None:
        self._own = own
        self._commit = commit

    @property
    def files(self) -> Path:
        """The directory for the files."""
        return self._own.files

    @property
    def home(self) -> Path:
        """An empty home directory for commands in the tree."""
        return self._own.home

    @property
    def temporary(self) -> Path:
        """An empty directory for temporary files of commands in the tree."""
        return self._own.temporary

    async def apply(self, patch: bytes, paths: Collection[str]) -> Applied:
        """Apply a patch to the index only: no file is written, and it applies as a whole or not at all.

        If the patch's last line has no line feed, one is added: git does not read it without.

        If git creates an object that already exists in a repository it borrows from, it updates the object's time
        stamp. So the contents that the patch needs are copied first, and nothing is borrowed while it applies.

        Args:
            patch: The patch.
            paths: The paths that it reads from and changes.

        Raises:
            ThrowawayError: There is no space for it, or git cannot start.

        """
        file, set_aside = self._own.root / "patch", self._own.root / "alternates"
        try:
            await self._copy_contents({path.encode() for path in paths})
            await asyncio.to_thread(file.write_bytes, as_git_reads_it(patch))
            await asyncio.to_thread(self._own.alternates.rename, set_aside)
            report = await self._git("apply", "--cached", "--whitespace=nowarn", "-p1", "--", str(file))
            await asyncio.to_thread(set_aside.rename, self._own.alternates)
        except OSError as error:
            raise _not_made(error) from None
        failed_at = tuple(int(number) for number in _FAILED_AT.findall(report.tail))
        return Applied(report.is_success, failed_at, report.tail)

    async def changes(self) -> tuple[FileChange, ...]:
        """Return the differences between the commit and the index, as git reports them; a rename is two changes.

        Raises:
            ThrowawayError: Git fails.

        """
        return tuple(_read_change(about, path) for about, path in await self._differences())

    async def take_back(self, is_taken: Callable[[str], bool]) -> None:
        """Give changed paths in the index the content that they have in the commit; what the commit lacks is removed.

        Args:
            is_taken: Returns whether a path is one of them.

        Raises:
            ThrowawayError: Git fails, or nothing can be written.

        """
        lines = [
            about.removeprefix(b":").split()[0] + b" " + about.split()[2] + b"\t" + path + b"\0"
            for about, path in await self._differences()
            if is_taken(path.decode(errors="replace"))
        ]
        wanted = self._own.root / "wanted"
        try:
            await asyncio.to_thread(wanted.write_bytes, b"".join(lines))
        except OSError as error:
            raise _not_made(error) from None
        await self._require("update-index", "-z", "--index-info", given=wanted)

    async def _differences(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return what git says of each path that the commit and the index have differently, with the path."""
        report = await self._require(
            *("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff"),
            *("--ignore-submodules=none", self._commit),
        )
        fields = report.tail.split(b"\0")
        return tuple(zip(fields[0:-1:2], fields[1:-1:2], strict=True))

    async def write_files(self) -> None:
        """Write the files of the index.

        Raises:
            ThrowawayError: They cannot be written.

        """
        await self._require("checkout-index", "--all", "--force", "--quiet", "--index")

    async def make_copy(self) -> None:
        """Make the files a repository for an agent; see `make_copy`.

        Raises:
            ThrowawayError: It cannot be made.

        """
        try:
            await make_copy(self._own, self._commit)
        except (NoGitError, ScratchError) as error:
            raise ThrowawayError("CHK-04", f"{error}.") from None
        except OSError as error:
            raise _not_made(error) from None

    async def patch(self) -> ChildReport:
        """Take what is in the files into the index, and return the patch that leads to it from the commit.

        Files that git ignores are not in it. A repository among the files is none any more: its files are files.

        Raises:
            ThrowawayError: Git cannot read the files.

        """
        set_aside = self._own.root / "alternates"
        try:
            await asyncio.to_thread(_set_repositories_aside, self.files, self._own.root)
        except OSError as error:
            reason = os_reason(error)
            raise ThrowawayError("CHK-04", f"the files that the agent left cannot be read: {reason}.") from None
        touched = await self._require("diff-files", "--name-only", "-z", "--ignore-submodules=all")
        try:  # git would update the time stamp of each borrowed object that a file equals
            await self._copy_contents(set(touched.tail.split(b"\0")))  # which say what line ends the commit has
            await asyncio.to_thread(self._own.alternates.rename, set_aside)
            added = await self._git("add", "--all")
            await asyncio.to_thread(set_aside.rename, self._own.alternates)
        except OSError as error:
            raise _not_made(error) from None
        if not added.is_success:
            raise ThrowawayError("CHK-04", "git cannot read the files that the agent left.")
        return await self._git(
            *("diff-index", "--cached", "--patch", "--binary", "--full-index", "--no-renames", "--no-color"),
            *("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", self._commit),
            is_stderr_kept=False,
        )

    async def begin(self) -> None:
        """Read the commit's files into the index.

        Raises:
            ThrowawayError: The commit does not exist, or git cannot read it.

        """
        try:
            has_commit = await self._own.has_commit(self._commit)
        except NoGitError as error:
            raise ThrowawayError("CHK-04", f"{error}.") from None
        if not has_commit:
            raise ThrowawayError("CHK-03", "The pinned commit is not in the repository. Fetch it, or begin a new run.")
        await self._require("read-tree", f"{self._commit}^{{tree}}")

    async def _copy_contents(self, paths: Collection[bytes]) -> None:
        entries = (await self._require("ls-files", "--stage", "-z")).tail.split(b"\0")[:-1]
        ids = [
            about.split()[1]
            for about, _, path in (entry.partition(b"\t") for entry in entries)
            if path in paths and not about.startswith(_SUBMODULE)
        ]
        if ids:
            wanted = self._own.root / "wanted"
            await asyncio.to_thread(wanted.write_bytes, b"\n".join(ids) + b"\n")
            pack = self._own.repository / "objects" / "pack" / "pack"
            await self._require("pack-objects", "--quiet", str(pack), given=wanted)

    async def _require(self, *arguments: str, given: Path | None = None) -> ChildReport:
        report = await self._git(*arguments, is_stderr_kept=False, given=given)
        if not report.is_success:
            raise ThrowawayError(
                "CHK-04",
                f"git {arguments[0]} failed in the throwaway repository. Check that the temporary directory has space,"
                " and that the repository has all objects of the commit.",
            )
        return report

    async def _git(self, *arguments: str, is_stderr_kept: bool = True, given: Path | None = None) -> ChildReport:
        try:
            return await self._own.git(*arguments, is_stderr_kept=is_stderr_kept, given=given)
        except NoGitError as error:
            raise ThrowawayError("CHK-04", f"{error}.") from None


@contextlib.asynccontextmanager
async def throwaway(
    repository: Path, commit: str, *, environment: Mapping[str, str], place: Path | None = None
) -> AsyncIterator[Throwaway]:
    """Create a throwaway repository at a commit, and remove it with all its contents at the end.

    Args:
        repository: The operator's working tree, or a directory in it. Nothing is written there.
        commit: The commit's full id.
        environment: Gives PATH, and HOME, where git's settings say whose repositories the operator trusts.
        place: Where to create the temporary directory; by default in the system's.

    Raises:
        ThrowawayError: The repository or the commit does not exist, or nothing can be created.

    """
    if _COMMIT.fullmatch(commit) is None:
        raise ThrowawayError("CHK-03", "The pinned commit is not a full commit id.")
    try:
        checkout = await find_checkout(repository, environment)
    except NoCheckoutError:
        why = "The directory is not a git repository, or git does not trust it"
        message = f"{why}. Run: git -C DIRECTORY rev-parse --show-toplevel"
        raise ThrowawayError("CHK-02", message) from None
    except NoGitError:
        raise ThrowawayError("CHK-01", "git cannot be started. Install it, or put it on PATH.") from None
    try:
        async with scratch(checkout, environment, place) as own:
            tree = Throwaway(own, commit)
            await tree.begin()
            yield tree
    except (NoGitError, ScratchError) as error:
        raise ThrowawayError("CHK-04", str(error)) from None


def _set_repositories_aside(files: Path, root: Path) -> None:
    """Move each `.git` out of the files: git would run in what looks like a submodule, with that one's own settings."""
    if files.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "replaced by a link")
    place = root / "set-aside"
    place.mkdir()
    numbers = itertools.count()
    left = [str(files)]
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.name == ".git":
                    os.rename(entry.path, place / str(next(numbers)))  # noqa: PTH104
                elif entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)


def _read_change(about: bytes, path: bytes) -> FileChange:
    match = _RAW.fullmatch(about)
    if match is None:
        raise ThrowawayError("CHK-04", "git reports the patch's changes in an unknown format.")
    old, new = (int(mode, 8) or None for mode in match.groups()[:2])
    kind = _KINDS.get(match.group(3), FileChangeKind.EDITED)
    return FileChange(kind, path.decode(errors="replace"), 0, old_mode=old, new_mode=new)


def _not_made(error: OSError) -> ThrowawayError:
    reason = os_reason(error)
    return ThrowawayError("CHK-04", f"The throwaway repository cannot be created in the temporary directory: {reason}.")
