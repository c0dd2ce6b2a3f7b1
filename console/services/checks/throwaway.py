"""A throwaway repository: a pinned commit, a patch on it, and the operator's own repository left as it is.

It is a scratch repository that only borrows the operator's objects. So nothing is written where the operator works: no
worktree, no index, no reference, no lock. The patch goes into an index; no file is made until the index was looked at.

Git LFS and other filters do not run: files that they would change are as they are in the commit. Objects that a
partial clone has not fetched are missing, and nothing is fetched.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.artifacts.file_change import ChangeKind, FileChange
from console.domain.finding import Finding, Severity
from console.services.git.checkout import NoCheckoutError, find_checkout
from console.services.git.command import NoGitError
from console.services.git.scratch import Scratch, ScratchError, scratch
from console.services.system.process import ChildReport

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RAW = re.compile(rb":([0-7]{6}) ([0-7]{6}) [0-9a-f]+ [0-9a-f]+ ([A-Z])[0-9]*")
_FAILED_AT = re.compile(rb"^error: patch failed: .*:([0-9]{1,9})$", re.MULTILINE)
_SUBMODULE = b"160000 "
_KINDS = {b"A": ChangeKind.ADDED, b"D": ChangeKind.DELETED}


class ThrowawayError(Exception):
    """No throwaway repository can be made; the finding says why."""

    def __init__(self, finding_id: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(finding_id, Severity.FAIL, message)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of applying a patch."""

    is_applied: bool
    failed_at: tuple[int, ...]
    """The lines of the repository's files at which hunks did not fit."""
    said: bytes
    """Git's own words; they hold text from outside."""


class Throwaway:
    """A private repository at one commit."""

    def __init__(self, own: Scratch, commit: str) -> None:
        self._own = own
        self._commit = commit

    @property
    def files(self) -> Path:
        """Where the files are written."""
        return self._own.files

    @property
    def home(self) -> Path:
        """An empty home directory for what runs in the tree."""
        return self._own.home

    @property
    def temporary(self) -> Path:
        """An empty directory for temporary files of what runs in the tree."""
        return self._own.temporary

    async def apply(self, patch: bytes, paths: Collection[str]) -> Applied:
        """Apply a patch to the index alone: no file is written, and it applies as a whole or not at all.

        A line feed is added where the patch's last line has none, which git does not read otherwise.

        Git renews the time stamp of an object that it makes and finds in a repository that it borrows from. So the
        contents that the patch needs are copied first, and nothing is borrowed while it applies.

        Args:
            patch: The patch.
            paths: The paths that it reads from and changes.

        Raises:
            ThrowawayError: There is no space for it, or git cannot be started.

        """
        file, set_aside = self._own.root / "patch", self._own.root / "alternates"
        try:
            await self._copy_contents({path.encode() for path in paths})
            await asyncio.to_thread(file.write_bytes, patch if patch.endswith(b"\n") else patch + b"\n")
            await asyncio.to_thread(self._own.alternates.rename, set_aside)
            report = await self._git("apply", "--cached", "--whitespace=nowarn", "-p1", "--", str(file))
            await asyncio.to_thread(set_aside.rename, self._own.alternates)
        except OSError as error:
            raise _not_made(error) from None
        failed_at = tuple(int(number) for number in _FAILED_AT.findall(report.tail))
        return Applied(report.is_success, failed_at, report.tail)

    async def changes(self) -> tuple[FileChange, ...]:
        """Return what differs between the commit and the index, as git says it; a rename is two changes.

        Raises:
            ThrowawayError: Git does not say.

        """
        report = await self._require(
            *("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff"),
            *("--ignore-submodules=none", self._commit),
        )
        fields = report.tail.split(b"\0")
        return tuple(_read_change(about, path) for about, path in zip(fields[0:-1:2], fields[1:-1:2], strict=True))

    async def write_files(self) -> None:
        """Write the files of the index.

        Raises:
            ThrowawayError: They cannot be written.

        """
        await self._require("checkout-index", "--all", "--force", "--quiet")

    async def begin(self) -> None:
        """Read the commit's files into the index.

        Raises:
            ThrowawayError: The commit is not there, or git cannot read it.

        """
        try:
            has_commit = await self._own.has_commit(self._commit)
        except NoGitError as error:
            raise ThrowawayError("CHK-04", f"{error}.") from None
        if not has_commit:
            raise ThrowawayError("CHK-03", "The pinned commit is not in the repository: fetch it, or begin a new run.")
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
                f"git {arguments[0]} did not succeed in the throwaway repository: is there space in the temporary"
                " directory, and has the repository all objects of the commit?",
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
    """Make a throwaway repository at a commit, and remove it with all that is in it at the end.

    Args:
        repository: The operator's working tree, or a directory in it. Nothing is written there.
        commit: The commit's full id.
        environment: Where PATH is from, and HOME, in which git reads whose repositories the operator trusts.
        place: Where the temporary directory is made; by default in the system's.

    Raises:
        ThrowawayError: The repository or the commit is not there, or nothing can be made.

    """
    if _COMMIT.fullmatch(commit) is None:
        raise ThrowawayError("CHK-03", "The pinned commit is not a full commit id.")
    try:
        checkout = await find_checkout(repository, environment)
    except NoCheckoutError:
        why = "The directory is not a git repository, or one that git does not trust"
        message = f"{why}: see git -C DIRECTORY rev-parse --show-toplevel."
        raise ThrowawayError("CHK-02", message) from None
    except NoGitError:
        raise ThrowawayError("CHK-01", "git cannot be started: install it, or put it on PATH.") from None
    try:
        async with scratch(checkout, environment, place) as own:
            tree = Throwaway(own, commit)
            await tree.begin()
            yield tree
    except (NoGitError, ScratchError) as error:
        raise ThrowawayError("CHK-04", str(error)) from None


def _read_change(about: bytes, path: bytes) -> FileChange:
    match = _RAW.fullmatch(about)
    if match is None:
        raise ThrowawayError("CHK-04", "git says in an unknown form what the patch changes.")
    old, new = (int(mode, 8) or None for mode in match.groups()[:2])
    kind = _KINDS.get(match.group(3), ChangeKind.EDITED)
    return FileChange(kind, path.decode(errors="replace"), 0, old_mode=old, new_mode=new)


def _not_made(error: OSError) -> ThrowawayError:
    reason = error.strerror or "input/output error"
    return ThrowawayError("CHK-04", f"The throwaway repository cannot be made in the temporary directory: {reason}.")
