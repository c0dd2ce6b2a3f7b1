"""A copy: one commit's files as a repository for an agent, with one commit and no history."""

import asyncio
from pathlib import Path

from console.services.git.scratch import Scratch, ScratchError

_BRANCH = "refs/heads/work"
_IDENTITY = ("-c", "user.name=gateway-console", "-c", "user.email=gateway-console@localhost")
_CONFIG = "\n[user]\n\tname = gateway-console\n\temail = gateway-console@localhost\n[commit]\n\tgpgSign = false\n"
_MESSAGE = "The commit at which the run began"


async def make_copy(own: Scratch, commit: str) -> None:
    """Make the scratch repository's files a repository that knows no other: one commit, no remote, no hook.

    Whoever works there may change it as they like. Git must never run with it as its repository again: its
    configuration can name programs.

    Raises:
        NoGitError: Git cannot be started.
        OSError: Nothing can be written.
        ScratchError: Git cannot make it, for example because not all of the commit was fetched.

    """
    tree = await _said(own, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
    format_ = await _said(own, "rev-parse", "--show-object-format")
    copy = own.files / ".git"
    await _said(own, "init", "--quiet", "--template=", f"--object-format={format_}", str(own.files), inside=copy)
    wanted = own.root / "wanted"
    await asyncio.to_thread(wanted.write_bytes, f"{tree}\n".encode())
    packs = copy / "objects" / "pack"
    await asyncio.to_thread(packs.mkdir, parents=True, exist_ok=True)
    await _said(own, "pack-objects", "--quiet", "--revs", str(packs / "pack"), given=wanted)
    made = await _said(own, *_IDENTITY, "commit-tree", tree, "-m", _MESSAGE, inside=copy)
    await _said(own, "update-ref", _BRANCH, made, inside=copy)
    await _said(own, "symbolic-ref", "HEAD", _BRANCH, inside=copy)
    await _said(own, "read-tree", made, inside=copy)
    config = copy / "config"
    await asyncio.to_thread(config.write_text, await asyncio.to_thread(config.read_text) + _CONFIG)


async def _said(own: Scratch, *arguments: str, inside: Path | None = None, given: Path | None = None) -> str:
    """Run git, in the copy or in the scratch repository, and return its one line of output."""
    report = await own.git(*arguments, repository=inside, given=given)
    if not report.is_success:
        name = next(each for each in arguments if each not in _IDENTITY)
        raise ScratchError(
            f"git {name} cannot copy the commit's files for the agent. Check that the temporary directory has"
            " space, and that the repository has all objects of the commit"
        )
    return report.tail.decode().strip()
