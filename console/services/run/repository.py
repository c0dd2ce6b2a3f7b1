"""The repository of a run: where its root is, and what its record calls it."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from console.domain.guard import find_secrets, safe
from console.domain.run_event import Repository
from console.services.tokens.child import TooMuchOutputError, run_child

TIMEOUT_S = 20.0
_LIMIT = 4 * 1024 * 1024
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME")
_QUIET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ASKPASS": os.devnull,
    "GIT_PAGER": "cat",
}


class RepositoryError(Exception):
    """A run cannot work in this directory; the message says why and what to do."""


async def find_root(directory: Path, environment: Mapping[str, str]) -> Path:
    """Return the root of the repository that a directory is in.

    Raises:
        RepositoryError: There is none, or git cannot say.

    """
    shown = safe(str(directory), limit=200)
    if not os.path.isdir(directory):  # noqa: PTH112, ASYNC240  # one look at the disk, as git itself takes
        raise RepositoryError(f"{shown} is no directory; name one that is in a git repository")
    root = await _ask(directory, environment, "rev-parse", "--show-toplevel")
    if not root:
        raise RepositoryError(
            f"{shown} is in no git repository, so no patch can be checked on it; run: git init, and commit"
        )
    return Path(os.fsdecode(root))


async def read_repository(root: Path, environment: Mapping[str, str]) -> Repository:
    """Return what a record keeps of a repository: no user, no path of this machine.

    Raises:
        RepositoryError: It has no commit, or git cannot say.

    """
    commit = (await _ask(root, environment, "rev-parse", "--verify", "--quiet", "HEAD")).decode("ascii", "replace")
    if not commit:
        raise RepositoryError(
            f"{safe(str(root), limit=200)} has no commit, so a run cannot say what it worked on; make one first"
        )
    status = await _ask(root, environment, "status", "--porcelain", "--untracked-files=normal")
    remote = await _ask(root, environment, "config", "--get", "remote.origin.url")
    host, owner, name = _named(remote.decode("utf-8", "replace"), root.name)
    return Repository(host, owner, name, commit, is_dirty=bool(status))


def _named(remote: str, directory_name: str) -> tuple[str, str, str]:
    """Return host, owner and name of a remote, or the directory's name where it has none."""
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
    """Return a name fit for a record: one that looks like a secret is not kept."""
    shown = safe(text, limit=100)
    return "" if find_secrets(shown) else shown


async def _ask(directory: Path, environment: Mapping[str, str], *arguments: str) -> bytes:
    kept = {name: value for name in _KEPT if (value := environment.get(name))}
    command = ["git", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-C", str(directory)]
    try:
        ended = await run_child([*command, *arguments], environment=kept | _QUIET, timeout_s=TIMEOUT_S, limit=_LIMIT)
    except FileNotFoundError:
        raise RepositoryError("git is not installed; a run needs it to say what it worked on") from None
    except (OSError, TimeoutError, TooMuchOutputError) as error:
        raise RepositoryError(
            f"git did not answer in {safe(str(directory), limit=200)} ({type(error).__name__}); try: git status"
        ) from None
    return ended.output.strip() if ended.code == 0 else b""
