"""Applying a sealed patch to the operator's repository, on a new branch, because they said so.

The repository's configuration, attributes and hooks are not trusted here either. So everything that compares or writes
contents happens in a scratch repository, which has a copy of the index and reads no configuration: no filter, monitor,
external diff or merge driver can run. Git runs in the repository itself only to change two references, without hooks.
What is not finished is undone, so that the repository is as it was before.
"""

import asyncio
import contextlib
import filecmp
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from console.domain.artifacts.file_change import SUBMODULE, FileChange
from console.domain.artifacts.unified_diff import as_git_reads_it, parse_patch
from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.domain.text.secret_scan import scrub
from console.services.candidate.index_lock import ApplyError, fill, index_lock
from console.services.candidate.ready import checked_out, require_ready
from console.services.git.checkout import Checkout, NoCheckoutError, find_checkout
from console.services.git.command import NoGitError, move_reference
from console.services.git.patching import (
    Author,
    apply_to_files,
    apply_to_index,
    author_of,
    commit_index,
    endings_of,
    hand_over_objects,
)
from console.services.git.scratch import Scratch, ScratchError, scratch
from console.services.git.working_tree import copy_index
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildReport

_SAID_LINES = 5


@dataclass(frozen=True, slots=True)
class PatchOrder:
    """What to apply, where."""

    root: Path
    """The root of the working tree."""
    commit: str
    """The commit that the patch was made for, which has to be checked out."""
    patch: bytes
    branch: str
    """The new branch."""
    message: str = ""
    """The message of the commit; empty commits nothing."""
    author: Author | None = None
    """The author of the commit."""


@dataclass(frozen=True, slots=True)
class PatchApplied:
    """A patch that was applied."""

    branch: str
    before: str
    """The branch that was checked out before; empty if there was none."""
    commit: str | None
    """The new commit; None if nothing was committed."""
    changes: tuple[FileChange, ...]


async def require_author(root: Path, environment: Mapping[str, str]) -> Author:
    """Return who commits.

    Raises:
        ApplyError: Git does not know who the operator is.

    """
    try:
        author = await author_of(root, environment)
    except NoGitError as error:
        raise ApplyError(str(error), ProblemKind.FAILED) from None
    if author is None:
        raise ApplyError(
            "git does not know who you are, so nothing can be committed. Set user.name and user.email with git config,"
            " or leave out --commit",
            ProblemKind.USAGE,
        )
    return author


async def apply_patch(order: PatchOrder, environment: Mapping[str, str]) -> PatchApplied:
    """Apply a patch to the index and the working tree, on a new branch.

    Args:
        order: What to apply, where.
        environment: Gives PATH, and HOME, where git reads whose repositories the operator trusts.

    Raises:
        ApplyError: It was not applied; nothing has changed.

    """
    try:
        checkout = await find_checkout(order.root, environment)
        before = await require_ready(checkout, order.root, order.commit, order.branch, environment)
        async with scratch(checkout, environment) as own:
            changes = await _parse(order.patch)
            work = _Work(checkout, own, order, environment, changes)
            await work.check()
            commit = await work.build()
            await work.apply(commit, before)
    except NoCheckoutError:
        raise ApplyError(
            f"{safe(str(order.root))} is not a git repository that git trusts; it was one when the run began. Take the"
            " patch out with run candidate"
        ) from None
    except (NoGitError, ScratchError) as error:
        raise ApplyError(str(error), ProblemKind.FAILED) from None
    except OSError as error:
        raise ApplyError(
            f"{safe(str(order.root))} cannot be changed: {os_reason(error)}; nothing was applied", ProblemKind.FAILED
        ) from None
    return PatchApplied(order.branch, before, commit, changes)


async def _parse(patch: bytes) -> tuple[FileChange, ...]:
    parsed = await asyncio.to_thread(parse_patch, patch.decode(errors="replace"))
    if parsed.faults or not parsed.changes:
        raise ApplyError("the candidate is not a patch that can be applied as a whole; look at it with run show")
    if any(SUBMODULE in (each.old_mode, each.new_mode) for each in parsed.changes):
        raise ApplyError("the patch changes a submodule; take it out with run candidate, and apply it yourself")
    return parsed.changes


# --- The work ---------------------------------------------------------------------------------------------------------


class _Work:
    """One patch on its way into one repository."""

    def __init__(
        self,
        checkout: Checkout,
        own: Scratch,
        order: PatchOrder,
        environment: Mapping[str, str],
        changes: Sequence[FileChange],
    ) -> None:
        self._checkout = checkout
        self._own = own
        self._order = order
        self._environment = environment
        self._touched = sorted({path for change in changes for path in change.touched})
        self._patch = own.root / "patch"
        self._endings: tuple[str, ...] = ()

    async def check(self) -> None:
        """Check that the files of the patch are as in the commit, and that no filter has to change them."""
        await asyncio.to_thread(self._patch.write_bytes, as_git_reads_it(self._order.patch))
        self._endings = await endings_of(self._order.root, self._environment)
        await self._take_index()
        await self._require_unfiltered()
        staged = await self._require("diff-index", "--cached", "--name-only", "-z", "--no-renames", self._order.commit)
        changed = set(_names(staged.tail)) & set(self._touched)
        if changed:
            raise ApplyError(
                f"{_listed(changed)}: staged changes. Commit or unstage them, then check out the run's commit"
            )
        linked = await asyncio.to_thread(_linked, self._checkout.root, self._touched)
        if linked:  # git looks for tracked links alone
            raise ApplyError(f"{_listed(linked)}: below a symbolic link. Remove the link, then try again")
        checked = await self._apply_to_files(is_tried=True)
        if not checked.is_success:
            raise _not_applied(checked)

    async def _take_index(self) -> None:
        """Copy the repository's index to ours, and say which commit is checked out."""
        await asyncio.to_thread(copy_index, self._checkout, self._own)
        head = self._own.repository / "HEAD"
        await asyncio.to_thread(head.write_text, f"{self._order.commit}\n", encoding="ascii")

    async def _require_unchanged(self, before: str) -> None:
        """Check, once no other git can write the index, that none has since our copy of it was made."""
        is_there = await checked_out(self._order.root, self._environment) == (self._order.commit, before)
        if not is_there or not await asyncio.to_thread(_is_same, self._checkout.index, self._own.index):
            raise ApplyError(
                "another git command changed the repository meanwhile, and nothing was applied. Wait for its end, then"
                " try again",
                ProblemKind.FAILED,
            )

    async def _require_unfiltered(self) -> None:
        wanted = self._own.root / "wanted"
        await asyncio.to_thread(wanted.write_bytes, b"".join(path.encode() + b"\0" for path in self._touched))
        report = await self._require("check-attr", "--stdin", "-z", "filter", tree=self._checkout.root, given=wanted)
        fields = _names(report.tail)
        found = {path: value for path, _, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False)}
        filtered = [path for path, value in found.items() if value not in ("unspecified", "unset")]
        if filtered:
            raise ApplyError(
                f"{_listed(filtered)}: a filter of the repository's attributes changes it, such as Git LFS, and no"
                " program of a repository is run here. Take the patch out with run candidate, and apply it with git"
            )

    async def build(self) -> str | None:
        """Store the patched files in the repository's objects, and with a message their commit; return the commit."""
        await self._require("read-tree", self._order.commit)
        applied = await apply_to_index(self._own, self._patch)
        if not applied.is_success:
            raise _not_applied(applied)
        commit = None
        if self._order.message:
            author = self._order.author or await require_author(self._order.root, self._environment)
            commit = await commit_index(self._own, self._environment, self._order.commit, self._order.message, author)
        await hand_over_objects(self._own, self._checkout, self._environment)
        await self._take_index()
        return commit

    async def apply(self, commit: str | None, before: str) -> None:
        """Create the branch, check it out and patch the files; all of it, or nothing."""
        reference = f"refs/heads/{self._order.branch}"
        async with AsyncExitStack() as undo:
            lock = undo.enter_context(index_lock(self._checkout.index))
            await self._require_unchanged(before)
            await self._move("update-ref", reference, commit or self._order.commit, "")
            undo.push_async_callback(self._move, "update-ref", "-d", reference)
            back = ("symbolic-ref", "-m", "gateway-console: undone", "HEAD", f"refs/heads/{before}")
            undo.push_async_callback(self._move, *(back if before else self._detached))
            moving = (
                f"checkout: moving from {before or self._order.commit} to {self._order.branch}"  # as git switch says
            )
            await self._move("symbolic-ref", "-m", moving, "HEAD", reference)
            kept = self._own.root / "index-before"
            await asyncio.to_thread(shutil.copy2, self._own.index, kept)
            undo.push_async_callback(self._restore_files, kept)
            applied = await self._apply_to_files()
            if not applied.is_success:
                raise _not_applied(applied)
            await asyncio.to_thread(fill, lock, self._own.index, self._checkout.index)
            lock.replace(self._checkout.index)
            undo.pop_all()

    @property
    def _detached(self) -> tuple[str, ...]:
        return "update-ref", "--no-deref", "HEAD", self._order.commit

    async def _restore_files(self, kept: Path) -> None:
        """Give the files of the patch the contents that they have in the index of before; remove new ones."""
        await asyncio.to_thread(shutil.copy2, kept, self._own.index)
        known = set(_names((await self._require("ls-files", "-z")).tail))
        old = [path for path in self._touched if path in known]
        wanted = self._own.root / "wanted"
        await asyncio.to_thread(wanted.write_bytes, b"".join(path.encode() + b"\0" for path in old))
        await self._own.git(
            *self._endings, "checkout-index", "--force", "-z", "--stdin", tree=self._checkout.root, given=wanted
        )
        await asyncio.to_thread(_remove_files, self._checkout.root, [p for p in self._touched if p not in known])

    async def _apply_to_files(self, *, is_tried: bool = False) -> ChildReport:
        return await apply_to_files(self._own, self._patch, self._checkout.root, self._endings, is_tried=is_tried)

    async def _move(self, *arguments: str) -> None:
        report = await move_reference(self._order.root, self._environment, *arguments)
        if not report.is_success:
            raise ApplyError(
                f"git {arguments[0]} failed in the repository: is another git command running? Nothing was applied",
                ProblemKind.FAILED,
            )

    async def _require(self, *arguments: str, tree: Path | None = None, given: Path | None = None) -> ChildReport:
        report = await self._own.git(*arguments, tree=tree, given=given)
        if not report.is_success:
            raise ApplyError(
                f"git {arguments[0]} failed on the repository's objects; see: git fsck --connectivity-only",
                ProblemKind.FAILED,
            )
        return report


def _linked(root: Path, paths: Collection[str]) -> list[str]:
    """Return the paths that are below a link in the working tree, and so maybe outside of it."""
    return [path for path in paths if any((root / above).is_symlink() for above in Path(path).parents)]


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two files have the same content, or neither exists."""
    if one.exists() and other.exists():
        return filecmp.cmp(one, other, shallow=False)
    return one.exists() == other.exists()


def _remove_files(root: Path, paths: Collection[str]) -> None:
    """Remove new files, and the directories that are empty then."""
    for path in paths:
        file = root / path
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            file.unlink()
        with contextlib.suppress(OSError):  # it holds something else
            for parent in file.relative_to(root).parents[:-1]:
                (root / parent).rmdir()


def _not_applied(report: ChildReport) -> ApplyError:
    """Return why git does not apply the patch, in its own words, which name files."""
    said = scrub(report.tail.decode(errors="replace")).splitlines()[:_SAID_LINES]
    words = "; ".join(safe(each.removeprefix("error: "), limit=200) for each in said)
    if "failed to write" in words:
        return ApplyError(
            f"the patched files cannot be written: {words}. Nothing was applied; check the disk's space and the files'"
            " permissions, then try again",
            ProblemKind.FAILED,
        )
    return ApplyError(
        f"the patch does not apply to the files of the repository: {words}. Commit, move or stash your changes of these"
        " files, then try again"
    )


def _names(data: bytes) -> list[str]:
    return [each.decode(errors="replace") for each in data.split(b"\0")[:-1]]


def _listed(paths: Collection[str]) -> str:
    names = sorted(paths)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return safe(", ".join(names[:3])) + more
