"""A patch on its way into the operator's repository: made in a scratch repository, whose objects are then handed over.

Nothing here reads the configuration of the operator's repository, except how lines end in its files and who commits.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.services.git.checkout import Checkout
from console.services.git.command import ask_git, run_own_git
from console.services.git.scratch import Scratch, ScratchError
from console.services.system.process import ChildReport

_ENDINGS = {"autocrlf": {"true", "false", "input"}, "eol": {"lf", "crlf", "native"}}
"""The settings that say how lines end in the files of a repository, with their values."""
_APPLY = ("-c", "core.splitIndex=false", "apply", "--whitespace=nowarn", "-p1")


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits."""

    name: str
    email: str


async def author_of(root: Path, environment: Mapping[str, str]) -> Author | None:
    """Return the operator as their environment or their git names them; None if neither does.

    Raises:
        NoGitError: Git cannot be started.

    """
    name = environment.get("GIT_AUTHOR_NAME") or await _setting(root, environment, "user.name")
    email = environment.get("GIT_AUTHOR_EMAIL") or await _setting(root, environment, "user.email")
    return Author(name, email) if name and email else None


async def endings_of(root: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return git's options for how lines end in the files of a repository. Raises `NoGitError`."""
    values = {name: await _setting(root, environment, f"core.{name}") for name in _ENDINGS}
    return tuple(
        word for name, value in values.items() if value in _ENDINGS[name] for word in ("-c", f"core.{name}={value}")
    )


async def _setting(root: Path, environment: Mapping[str, str], name: str) -> str:
    report = await ask_git(root, environment, "config", "--get", name)
    return report.tail.decode("utf-8", "replace").removesuffix("\n") if report.is_success else ""


async def apply_to_index(own: Scratch, patch: Path) -> ChildReport:
    """Apply a patch to the scratch repository's index alone. Raises `NoGitError`."""
    return await own.git(*_APPLY, "--cached", "--", str(patch), is_stderr_kept=True)


async def apply_to_files(
    own: Scratch, patch: Path, tree: Path, endings: tuple[str, ...], *, is_tried: bool = False
) -> ChildReport:
    """Apply a patch to the scratch repository's index and to the files of a working tree, if all of it applies.

    Git compares their times with the index only, so the contents of those with another time are compared before.

    Args:
        own: The scratch repository, with the index of the working tree.
        patch: The patch.
        tree: The root of the working tree.
        endings: How lines end there.
        is_tried: Whether to say only if it would apply.

    Raises:
        NoGitError: Git cannot be started.

    """
    await own.git(*endings, "update-index", "-q", "--ignore-submodules", "--refresh", tree=tree)
    tried = ("--check",) if is_tried else ()
    return await own.git(*endings, *_APPLY, "--index", *tried, "--", str(patch), tree=tree, is_stderr_kept=True)


async def commit_index(own: Scratch, environment: Mapping[str, str], parent: str, message: str, author: Author) -> str:
    """Commit the scratch repository's index, unsigned and without a hook; return the commit.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: Git cannot make the commit.

    """
    tree = await own.git("write-tree")
    inside = {"GIT_DIR": str(own.repository), "HOME": str(own.home)}
    for who in ("AUTHOR", "COMMITTER"):
        inside |= {f"GIT_{who}_NAME": author.name, f"GIT_{who}_EMAIL": author.email}
    file = own.root / "message"
    await asyncio.to_thread(file.write_text, message, encoding="utf-8")
    arguments = ("commit-tree", tree.tail.decode("ascii").strip(), "-p", parent, "-F", str(file))
    made = await run_own_git(inside, environment, own.files, *arguments) if tree.is_success else tree
    if not made.is_success:
        raise ScratchError("git cannot make the commit; check user.name and user.email. Nothing was applied")
    return made.tail.decode("ascii").strip()


async def hand_over_objects(own: Scratch, checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Copy the objects that were made in a scratch repository to the one that it borrows from.

    Raises:
        NoGitError: Git cannot be started.
        ScratchError: They cannot be stored.

    """
    store = own.repository / "objects"
    ids = await asyncio.to_thread(lambda: [f"{each.parent.name}{each.name}\n" for each in store.glob("??/*")])
    if not ids:
        return
    wanted, pack = own.root / "wanted", own.root / "made"
    await asyncio.to_thread(wanted.write_text, "".join(ids), encoding="ascii")
    packed = await own.git("pack-objects", "--quiet", str(pack), given=wanted)
    given = pack.with_name(f"{pack.name}-{packed.tail.decode('ascii', 'replace').strip()}.pack")
    inside = {
        "GIT_DIR": str(own.repository),
        "GIT_OBJECT_DIRECTORY": str(checkout.objects),
        "HOME": str(own.home),
    }
    arguments = ("unpack-objects", "-q", "--strict")
    stored = await run_own_git(inside, environment, own.files, *arguments, given=given) if packed.is_success else packed
    if not stored.is_success:
        raise ScratchError("git cannot store the patched files in the repository; is there space? Nothing was applied")
