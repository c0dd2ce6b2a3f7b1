"""The one place that starts git: as a child that never prompts, fetches or runs foreign programs, and always ends."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from console.services.system.hardening import operators_umask
from console.services.system.process import ChildReport, run_bounded

GIT_TIMEOUT_S = 60.0
"""The longest one git command may take, in seconds."""
OUTPUT_BYTES = 64_000_000
"""The most that one git command may write."""
MEMORY_BYTES = 2 * 1024**3
"""The most memory that one git command may use: the unpacked size that a patch claims is not trusted."""
ASKED_ANYWHERE = frozenset({"config", "ls-files", "ls-tree", "rev-parse"})
"""The commands that may run in a foreign repository. None of them compares contents, so none runs a filter."""

MOVES_REFERENCES = frozenset({"symbolic-ref", "update-ref"})
"""The commands that change a reference in the operator's repository. They run hooks, and so none."""

_QUIET = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", "core.protectHFS=true"),
    *("-c", "core.protectNTFS=true"),
    *("-c", "core.sshCommand=false"),
    *("-c", "credential.helper="),
    *("-c", "diff.external="),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit"),
)
_SET = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",  # overrides protocol.* in any configuration; older versions know only this
    "GIT_ASKPASS": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",  # https://git-scm.com/docs/git#Documentation/git.txt-codeGITNOLAZYFETCHcode
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": os.devnull,
}
_OPERATORS = ("HOME", "XDG_CONFIG_HOME")
"""Where git reads which repositories its user trusts (`safe.directory`)."""
_NO_CONFIGURATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class NoGitError(Exception):
    """Git cannot be started: it is not installed, not on PATH, or the system refuses."""


async def ask_git(
    directory: Path, environment: Mapping[str, str], *arguments: str, timeout_s: float = GIT_TIMEOUT_S
) -> ChildReport:
    """Ask git about a foreign repository, whose configuration git reads.

    Args:
        directory: In the repository.
        environment: The source of PATH and of HOME, where git reads which repositories the operator trusts.
        arguments: One of the commands that may run anywhere, and its arguments.
        timeout_s: The longest it may take, in seconds.

    Raises:
        NoGitError: It cannot be started.
        ValueError: The command may not run there.

    """
    if arguments[0] not in ASKED_ANYWHERE:
        raise ValueError(f"git {arguments[0]} must not run in a foreign repository")
    kept = {name: value for name in _OPERATORS if (value := environment.get(name))}
    return await _run(("-C", str(directory), *arguments), environment, kept, Path("/"), timeout_s)


async def move_reference(directory: Path, environment: Mapping[str, str], *arguments: str) -> ChildReport:
    """Change a reference of the operator's repository, because they said so. No hook of it runs.

    Args:
        directory: In the repository.
        environment: As in `ask_git`.
        arguments: One of the commands that change a reference, and its arguments.

    Raises:
        NoGitError: It cannot be started.
        ValueError: The command changes something else.

    """
    if arguments[0] not in MOVES_REFERENCES:
        raise ValueError(f"git {arguments[0]} does not change a reference")
    kept = {name: value for name in _OPERATORS if (value := environment.get(name))}
    return await _run(("-C", str(directory), *arguments), environment, kept, Path("/"), GIT_TIMEOUT_S)


async def run_own_git(
    inside: Mapping[str, str],
    environment: Mapping[str, str],
    directory: Path,
    *arguments: str,
    given: Path | None = None,
    is_stderr_kept: bool = False,
) -> ChildReport:
    """Run git in one of our own repositories. It reads no other configuration than that repository's.

    Args:
        inside: Where the repository is, in git's variables such as GIT_DIR; and HOME.
        environment: The source of PATH.
        directory: Where git works.
        arguments: The command and its arguments.
        given: A file that git reads from stdin.
        is_stderr_kept: Whether stderr counts as output; if not, it is discarded.

    Raises:
        NoGitError: It cannot be started.

    """
    own = _NO_CONFIGURATION | dict(inside)
    return await _run(arguments, environment, own, directory, GIT_TIMEOUT_S, given=given, is_stderr_kept=is_stderr_kept)


def has_git(environment: Mapping[str, str]) -> bool:
    """Return whether there is a git on PATH."""
    return _program(environment) is not None


def _program(environment: Mapping[str, str]) -> str | None:
    return shutil.which("git", path=environment.get("PATH", os.defpath))


async def _run(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    more: Mapping[str, str],
    directory: Path,
    timeout_s: float,
    *,
    given: Path | None = None,
    is_stderr_kept: bool = False,
) -> ChildReport:
    program = _program(environment)
    if program is None:
        raise NoGitError("git is not installed, or not on PATH")
    try:
        return await run_bounded(
            (program, *_QUIET, *arguments),
            environment={"PATH": environment.get("PATH", os.defpath), **_SET, **more},
            directory=directory,
            timeout_s=timeout_s,
            limit_bytes=OUTPUT_BYTES,
            is_stderr_kept=is_stderr_kept,
            given=given,
            memory_bytes=MEMORY_BYTES,
            umask=operators_umask(),  # what it writes is the operator's, or below a directory of theirs alone
        )
    except (OSError, ValueError) as error:
        raise NoGitError(f"git cannot be started ({type(error).__name__})") from None
