"""Whether a repository can take a patch on a new branch. Git is only asked; nothing is written."""

from collections.abc import Mapping
from pathlib import Path

from console.domain.problem import ProblemKind
from console.domain.text.safe import safe
from console.services.candidate.index_lock import ApplyError, held, lock_of
from console.services.git.checkout import Checkout
from console.services.git.command import ask_git, run_own_git
from console.services.system.private_file import shown

_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
"""What is in git's directory while a command of the operator's is not finished."""
_TAKEN_BY_GIT = ("@", "HEAD")
"""What git reads as the commit that is checked out, whatever branches there are."""


async def require_ready(
    checkout: Checkout, root: Path, commit: str, branch: str, environment: Mapping[str, str]
) -> str:
    """Check a repository and the name of a new branch; return the branch that is checked out, or nothing.

    Args:
        checkout: Where the repository keeps its index.
        root: The root of its working tree.
        commit: The commit that has to be checked out.
        branch: The new branch.
        environment: Gives PATH, and HOME, where git reads whose repositories the operator trusts.

    Raises:
        ApplyError: A patch cannot be applied there now; the message says what to do.

    """
    head, before = await checked_out(root, environment)
    lock = lock_of(checkout.index)
    if before == branch:
        raise _applied_before(branch, lock if lock.exists() else None)
    if lock.exists():
        raise held(lock)
    if head != commit:
        raise ApplyError(
            f"the repository is at commit {head[:12] or 'none'}, and the run pinned {commit[:12]}. Check that one"
            f" out, with: git switch --detach {commit}; or take the patch out with run candidate"
        )
    git_dir = checkout.index.parent
    if unfinished := next((each for each in _UNFINISHED if (git_dir / each).exists()), None):
        raise ApplyError(f"a git command is not finished in the repository ({unfinished}): finish or abort it first")
    if checkout.sparse.exists():
        raise ApplyError("the repository has a sparse checkout, which may lack files of the patch: use run candidate")
    await _require_free(root, branch, environment)
    return before


async def checked_out(root: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the commit and the branch that are checked out; each is empty if there is none."""
    head = await _ask(root, environment, "rev-parse", "--verify", "--quiet", "HEAD")
    named = await _ask(root, environment, "rev-parse", "--symbolic-full-name", "HEAD")
    return head, named.removeprefix("refs/heads/") if named.startswith("refs/heads/") else ""


def _applied_before(branch: str, lock: Path | None) -> ApplyError:
    """Return what to do if the branch is checked out; a lock that is held means that its run apply was killed."""
    shown_branch = shown(Path(branch))
    if lock is None:
        return ApplyError(
            f"the branch {shown_branch} exists and was not changed: it is checked out, and the candidate was applied"
            " there. To apply it once more, go back with: git switch -, and name another branch with --branch",
            ProblemKind.USAGE,
        )
    return ApplyError(
        f"{safe(str(lock))} exists and the branch {shown_branch} is checked out: run apply is at work there, or was"
        " killed. If it was killed, put all changes into a stash and go back with:"
        f" rm {shown(lock)} && git stash --include-untracked && git switch - && git branch -D {shown_branch}"
    )


async def _require_free(root: Path, branch: str, environment: Mapping[str, str]) -> None:
    """Check that a branch does not exist, and that no branch is in the way of its name."""
    name_shown = safe(branch, limit=200)
    form = await run_own_git({}, environment, Path("/"), "check-ref-format", f"refs/heads/{branch}")
    if branch.startswith("-") or branch in _TAKEN_BY_GIT or not form.is_success:
        raise ApplyError(f"{name_shown} cannot be the name of a branch; name another with --branch", ProblemKind.USAGE)
    steps = branch.split("/")
    for depth in range(1, len(steps) + 1):
        name = "/".join(steps[:depth])
        if await _ask(root, environment, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            raise ApplyError(
                f"the branch {safe(name, limit=200)} exists and was not changed; name another with --branch",
                ProblemKind.USAGE,
            )
    if await _ask(root, environment, "rev-parse", f"--glob=refs/heads/{branch}/*"):
        raise ApplyError(f"branches below {name_shown}/ exist; name another with --branch", ProblemKind.USAGE)


async def _ask(root: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Return git's answer without its last line feed; empty if it fails."""
    report = await ask_git(root, environment, *arguments)
    return report.tail.decode("utf-8", "replace").removesuffix("\n") if report.is_success else ""
