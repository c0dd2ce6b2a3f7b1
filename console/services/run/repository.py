"""The repository of a run: its root, and its name in records."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from console.domain.problem import Problem, ProblemKind
from console.domain.run.pinned import Repository
from console.domain.text.safe import safe
from console.domain.text.secret_scan import find_secrets
from console.services.git.checkout import Checkout, EmbeddedBareError, NoCheckoutError, find_checkout
from console.services.git.command import NoGitError, ask_git
from console.services.git.scratch import ScratchError
from console.services.git.working_tree import is_dirty
from console.services.system.process import ChildEnding

TIMEOUT_S = 20.0
"""The longest that one git command may take, in seconds."""


class RepositoryError(Problem):
    """A run cannot work in this directory; the message says why and what to do."""

    kind = ProblemKind.USAGE


async def find_root(directory: Path, environment: Mapping[str, str]) -> Path:
    """Return the root of the repository that a directory is in.

    Raises:
        RepositoryError: There is none, or git failed.

    """
    return (await _checkout(directory, environment)).root


async def read_repository(root: Path, environment: Mapping[str, str]) -> Repository:
    """Return what a record keeps about a repository: no user and no local path.

    Raises:
        RepositoryError: It has no commit, or git fails.

    """
    checkout = await _checkout(root, environment)
    commit = await read_commit(root, environment)
    remote = await _ask(root, environment, "config", "--get", "remote.origin.url")
    host, owner, name = _named(remote.decode("utf-8", "replace"), root.name)
    try:
        return Repository(host, owner, name, commit, is_dirty=await is_dirty(checkout, commit, environment))
    except (NoGitError, ScratchError) as error:
        raise RepositoryError(f"{safe(str(root), limit=200)}: {error}") from None


async def read_commit(root: Path, environment: Mapping[str, str]) -> str:
    """Return the id of a working tree's commit.

    Raises:
        RepositoryError: There is none, or git failed.

    """
    commit = (await _ask(root, environment, "rev-parse", "--verify", "--quiet", "HEAD")).decode("ascii", "replace")
    if not commit:
        raise RepositoryError(
            f"{safe(str(root), limit=200)} has no commit, so a run cannot record what it worked on; make one first"
        )
    return commit


async def _checkout(directory: Path, environment: Mapping[str, str]) -> Checkout:
    shown = safe(str(directory), limit=200)
    if not os.path.isdir(directory):  # noqa: PTH112, ASYNC240  # one look at the disk, as git itself does
        raise RepositoryError(f"{shown} is not a directory; name one in a git repository")
    try:
        return await find_checkout(directory, environment)
    except NoGitError as error:
        raise RepositoryError(f"{error}; a run needs it to record what it worked on") from None
    except EmbeddedBareError as error:
        raise RepositoryError(
            f"{safe(str(error.place), limit=200)} is a bare repository among the files of another one: git would read"
            " its settings from those files. Name the root of the working tree with --repo"
        ) from None
    except NoCheckoutError:
        raise RepositoryError(
            f"{shown} is not in a git repository that git trusts, so no patch can be checked there. Run: git -C"
            " DIRECTORY rev-parse --show-toplevel. For a new repository: git init, then commit"
        ) from None


def _named(remote: str, directory_name: str) -> tuple[str, str, str]:
    """Return host, owner and name of a remote, or just the directory's name if there is none."""
    fallback = "", "", _word(directory_name)
    if not remote:
        return fallback
    if "://" not in remote and ":" in remote:  # user@host:owner/name.git
        host, _, path = remote.rpartition("@")[2].partition(":")
    else:
        try:
            parts = urlsplit(remote)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return fallback
    steps = [step for step in path.removesuffix(".git").split("/") if step]
    if not steps or not host:
        return fallback
    return _word(host), _word("/".join(steps[:-1])), _word(steps[-1])


def _word(text: str) -> str:
    """Return a name that is safe to record; empty if it looks like a secret."""
    shown = safe(text, limit=100)
    return "" if find_secrets(shown) else shown


async def _ask(directory: Path, environment: Mapping[str, str], *arguments: str) -> bytes:
    """Return git's output without its last line feed; empty if git fails."""
    try:
        report = await ask_git(directory, environment, *arguments, timeout_s=TIMEOUT_S)
    except NoGitError as error:
        raise RepositoryError(f"{error}; a run needs it to record what it worked on") from None
    if report.ending is not ChildEnding.EXITED:
        raise RepositoryError(
            f"git did not answer in {safe(str(directory), limit=200)} ({report.ending}); try: git rev-parse"
        )
    return report.tail.removesuffix(b"\n") if report.is_success else b""
