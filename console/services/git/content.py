"""Content: the tree of a commit, and the one that a patch makes of it. Nothing is written in the repository."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from console.services.git.checkout import find_checkout
from console.services.git.command import ask_git
from console.services.git.patching import apply_to_index
from console.services.git.scratch import scratch

_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


async def tree_of_patch(root: Path, commit: str, patch: bytes, environment: Mapping[str, str]) -> str:
    """Return the id of the tree that a patch makes of a commit; empty if it does not apply.

    Raises:
        NoCheckoutError: The directory is in no repository that git may be asked about.
        NoGitError: Git cannot be started.
        ScratchError: The temporary directory has no space.
        OSError: Nothing can be written to the temporary directory.

    """
    checkout = await find_checkout(root, environment)
    async with scratch(checkout, environment) as own:
        file = own.root / "patch"
        await asyncio.to_thread(file.write_bytes, patch)
        read = await own.git("read-tree", commit)
        if not read.is_success or not (await apply_to_index(own, file)).is_success:
            return ""
        return _id((await own.git("write-tree")).tail)


async def tree_of_commit(root: Path, name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the ids of a commit and of its tree; both empty if the repository has no such commit.

    Args:
        root: In the repository.
        name: A commit's id, or a name that git resolves to one.
        environment: As in `ask_git`.

    Raises:
        NoGitError: Git cannot be started.

    """
    wanted = [f"{name}^{{commit}}", f"{name}^{{tree}}"]
    found = [
        await ask_git(root, environment, "rev-parse", "--quiet", "--verify", "--end-of-options", each)
        for each in wanted
    ]
    commit, tree = (_id(each.tail) if each.is_success else "" for each in found)
    return (commit, tree) if commit and tree else ("", "")


def _id(data: bytes) -> str:
    text = data.decode("ascii", "replace").strip()
    return text if _ID.fullmatch(text) else ""
