"""Where the demo keeps its things: a directory of its own in the state directory, which can be removed."""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.demo.story import story
from console.services.git.command import NoGitError
from console.services.git.example import commit_all
from console.services.system.directories import state_directory
from console.services.system.os_reason import os_reason

_DEMO = "demo"
_REPOSITORY = "sample-shop"
_STORE, _LOCAL = "GATEWAY_CONSOLE_STORE", "local"
"""What keeps runs in this machine's own files, whatever store the operator's config names."""


class DemoError(Problem):
    """The demo's sample repository cannot be made or removed; the message says why and what to do."""

    kind = ProblemKind.CONFIG


class NoGitForDemoError(DemoError):
    """Git is not installed: the sample cannot be a repository."""


def demo_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment in which the demo works: the same, but its runs are kept apart from the operator's own.

    Raises:
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    return {**environment, "XDG_STATE_HOME": str(state_directory(environment) / _DEMO), _STORE: _LOCAL}


def make_place(environment: Mapping[str, str]) -> None:
    """Make the directories above the demo's state, open to no other user; what uses them says if that failed.

    Raises:
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    with contextlib.suppress(OSError):
        _make_private(state_directory(environment) / _DEMO)


def sample_repository(environment: Mapping[str, str]) -> Path:
    """Return where the sample repository is in the demo's environment, made or not.

    Raises:
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    return state_directory(environment) / _REPOSITORY


async def make_sample(environment: Mapping[str, str]) -> Path:
    """Make the sample repository if it is not there yet, and return its path.

    It is made beside its place and moved there whole: an interrupted one is not taken for a repository.

    Raises:
        NoGitForDemoError: Git is not installed.
        DemoError: The files cannot be written.
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    place = sample_repository(environment)
    if await asyncio.to_thread((place / ".git").exists):
        return place
    made = place.with_name(f".{_REPOSITORY}-{secrets.token_hex(4)}")
    try:
        await asyncio.to_thread(_write, made)
        await commit_all(made, environment)
        await asyncio.to_thread(_move, made, place)
    except NoGitError as error:
        raise NoGitForDemoError(f"a run needs a repository, and {safe(str(error))}; install git") from None
    except OSError as error:
        raise DemoError(f"the sample repository cannot be made at {_shown(place)}: {os_reason(error)}") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
    return place


def remove_demo(environment: Mapping[str, str]) -> Path | None:
    """Remove the sample repository and the demo's runs; return what was removed, None if there was nothing.

    Raises:
        DemoError: It cannot be removed.
        PrivateFileError: XDG_STATE_HOME and HOME name no directory.

    """
    place = state_directory(environment) / _DEMO
    if not os.path.lexists(place):
        return None
    try:
        shutil.rmtree(place)  # refuses a symbolic link
    except OSError as error:
        raise DemoError(f"{_shown(place)} cannot be removed: {os_reason(error)}") from None
    return place


def _make_private(directory: Path) -> None:
    for each in (*reversed(directory.parents), directory):
        each.mkdir(mode=0o700, exist_ok=True)


def _write(root: Path) -> None:
    _make_private(root)
    for path, text in story().files.items():
        file = root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _move(made: Path, place: Path) -> None:
    """Move the repository to its place, unless another console was faster."""
    try:
        made.rename(place)
    except OSError:
        if not (place / ".git").exists():
            raise


def _shown(path: Path) -> str:
    return safe(str(path), limit=200)
