"""An example repository: created by the console, for its demo and its drill."""

from collections.abc import Mapping
from pathlib import Path

from console.services.git.command import NoGitError, run_own_git

_WHO = (
    *("-c", "user.name=gateway-console", "-c", "user.email=gateway-console@localhost"),
    *("-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"),
)


async def commit_all(root: Path, environment: Mapping[str, str]) -> None:
    """Turn a directory into a repository with all its files committed.

    Raises:
        NoGitError: Git cannot be started, or fails.

    """
    inside = {"HOME": str(root), "GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)}
    for command in (
        ("init", "--quiet", "--template="),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "An example"),
    ):
        if not (await run_own_git(inside, environment, root, *_WHO, *command)).is_success:
            raise NoGitError(f"git {command[0]} failed in {root.name}")
