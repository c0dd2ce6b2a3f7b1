"""The one place that starts git: as a child that asks no one, fetches nothing, runs nothing of others, and ends."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from console.services.system.process import ChildReport, run_bounded

GIT_TIMEOUT_S = 60.0
"""The longest one git may take, in seconds."""
OUTPUT_BYTES = 64_000_000
"""The most that one git may write."""
MEMORY_BYTES = 2 * 1024**3
"""The most memory that one git may have: what a patch says that it unpacks to is not believed."""
ASKED_ANYWHERE = frozenset({"config", "ls-files", "ls-tree", "rev-parse"})
"""What may be asked in a repository of others. None of it compares contents, and so none of it runs a filter."""

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
    "GIT_ALLOW_PROTOCOL": "none",  # overrules protocol.* of any configuration; older programs know only this
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
    """Ask git about a repository of others, where it reads that repository's configuration.

    Args:
        directory: In the repository.
        environment: Where PATH is from, and HOME, in which git reads whose repositories the operator trusts.
        arguments: One of the commands that may be asked anywhere, and what it takes.
        timeout_s: The longest it may take, in seconds.

    Raises:
        NoGitError: It cannot be started.
        ValueError: It may not be asked there.

    """
    if arguments[0] not in ASKED_ANYWHERE:
        raise ValueError(f"git {arguments[0]} is not asked in a repository of others")
    kept = {name: value for name in _OPERATORS if (value := environment.get(name))}
    return await _run(("-C", str(directory), *arguments), environment, kept, Path("/"), timeout_s)


async def run_own_git(
    inside: Mapping[str, str],
    environment: Mapping[str, str],
    directory: Path,
    *arguments: str,
    given: Path | None = None,
    is_stderr_kept: bool = False,
) -> ChildReport:
    """Run git in a repository of our own. It reads no configuration but that repository's.

    Args:
        inside: Where the repository is, as git's variables say it: GIT_DIR and others; and HOME.
        environment: Where PATH is from.
        directory: Where git works.
        arguments: The command, and what it takes.
        given: A file that git reads from stdin.
        is_stderr_kept: Whether stderr counts as output; else it goes nowhere.

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
        )
    except (OSError, ValueError) as error:
        raise NoGitError(f"git cannot be started ({type(error).__name__})") from None
