"""Whose config file it is: only the user's own may name programs, and none that others can write may name tokens."""

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from console.domain.text.safe import safe

REPOSITORY_CONFIG = ".gateway-console.toml"
"""The name of a repository's config, at the root of its working tree."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a config file may not do because of where it is: each reason is None if it may."""

    why_no_programs: str | None = None
    """Why it may not name programs, in `cmd:` or as the policy's checks."""
    why_no_tokens: str | None = None
    """Why it may not name a token that is not bound to an origin."""
    is_repository: bool = False
    """Whether it is a repository's config: then `repository_config` says which references it may use."""


def trust_of(path: Path | None, own: Path | None) -> Trust:
    """Return what a config file may do.

    Args:
        path: The file; None means the built-in sample.
        own: The user's config file, if there is one.

    """
    if path is not None and is_repository_config(path):
        return Trust("a repository's config names no program; it belongs in your own config", is_repository=True)
    return Trust(why_not_own(path, own), None if path is None else why_shared(path))


def is_repository_config(path: Path) -> bool:
    """Return whether a file is a repository's config, whoever names it, and through whatever link."""
    names = (path.name, os.path.basename(os.path.realpath(path)))  # noqa: PTH119  # of a text
    return REPOSITORY_CONFIG in (name.casefold() for name in names)  # some file systems ignore case


def why_not_own(path: Path | None, own: Path | None) -> str | None:
    """Return why a config file is not the user's own, or None if it is.

    A config that came with a repository may name routes and base URLs, but no program to run.

    Args:
        path: The file to read; None means the built-in sample.
        own: The user's config file, if there is one.

    """
    if path is None or own is None or path.absolute() != own.absolute():
        return "it belongs in ~/.config/gateway-console/config.toml"
    if any((parent / ".git").exists() for parent in own.absolute().parents):
        return "this one is inside a git repository"
    return why_shared(own)


def why_not_editable(path: Path | None) -> str | None:
    """Return why the console does not change a config file, or None if it does; None means the built-in sample."""
    if path is None:
        return "the built-in sample is never changed; write a config of your own with: gateway-console init"
    if is_repository_config(path):
        return "a repository's config is not changed from here; edit it as any file of the repository"
    return why_shared(path)


def why_shared(path: Path) -> str | None:
    """Return why others may have written a config file, with the command that fixes it, or None.

    Whoever writes it decides where a token is sent. A file owned by root is the machine's own.
    """
    try:
        status = path.stat()
    except OSError:
        return "this file cannot be inspected"
    return why_shared_by(status, path)


def why_shared_by(status: os.stat_result, path: Path) -> str | None:
    """Return the same from what the system says of the file, such as of one that is open."""
    shown = shlex.quote(safe(str(path)))
    if status.st_uid not in (os.geteuid(), 0):
        return (
            f"another user owns this file; make a copy of your own: cp {shown} YOUR-CONFIG, and chmod 600 YOUR-CONFIG"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others can write this file; run: chmod go-w {shown}"
    return None
