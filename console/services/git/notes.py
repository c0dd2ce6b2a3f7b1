"""Git notes: a text attached to a commit of the operator's repository, because they said so. No file of it changes.

The note is made in a scratch repository; the operator's own one gets its objects and one reference.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from pathlib import Path

from console.services.git.checkout import find_checkout
from console.services.git.command import ask_git, move_reference
from console.services.git.content import tree_of_commit
from console.services.git.patching import hand_over_objects
from console.services.git.scratch import ScratchError, scratch
from console.services.system.process import ChildReport

_IDENTITY = ("-c", "user.name=gateway-console", "-c", "user.email=gateway-console@localhost")


async def add_note(root: Path, name: str, revision: str, text: str, environment: Mapping[str, str]) -> str:
    """Attach a text to a commit, in place of an earlier one of this name; return the commit's id.

    Args:
        root: In the repository.
        name: The note's reference, below `refs/notes/`.
        revision: The commit's id, or a name that git resolves to one.
        text: The note.
        environment: Gives PATH, and HOME, where git reads whose repositories the operator trusts.

    Raises:
        NoCheckoutError: The directory is in no repository that git may be asked about.
        NoGitError: Git cannot be started.
        OSError: Nothing can be written to the temporary directory.
        ScratchError: The repository has no such commit, or the note cannot be stored.

    """
    commit, _ = await tree_of_commit(root, revision, environment)
    if not commit:
        raise ScratchError("the repository has no such commit; name one with --commit")
    reference = f"refs/notes/{name}"
    checkout = await find_checkout(root, environment)
    found = await ask_git(root, environment, "rev-parse", "--quiet", "--verify", reference)
    before = found.tail.decode("ascii", "replace").strip() if found.is_success else ""
    async with scratch(checkout, environment) as own:
        file = own.root / "note"
        await asyncio.to_thread(file.write_text, text, encoding="utf-8")
        if before:
            await _said(own.git("update-ref", reference, before))
        blob = await _said(own.git("hash-object", "-w", "--no-filters", str(file)))
        await _said(own.git(*_IDENTITY, "notes", "--ref", reference, "add", "-f", "-C", blob, commit))
        made = await _said(own.git("rev-parse", "--verify", reference))
        await hand_over_objects(own, checkout, environment)
    moved = await move_reference(root, environment, "update-ref", reference, made, before or "0" * len(made))
    if not moved.is_success:
        raise ScratchError(f"another git command changed {reference} meanwhile, and the note was not added; try again")
    return commit


async def _said(asked: Awaitable[ChildReport]) -> str:
    report = await asked
    if not report.is_success:
        raise ScratchError("git cannot make the note; see: git fsck --connectivity-only")
    return report.tail.decode("ascii", "replace").strip()
