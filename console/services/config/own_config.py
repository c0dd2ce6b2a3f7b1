"""Whose config file it is: only the user's own may name programs, and none that others can write may name tokens."""

import os
import shlex
import stat
from pathlib import Path

from console.domain.text.safe import safe


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


def why_shared(path: Path) -> str | None:
    """Return why others may have written a config file, with the command that fixes it, or None.

    Whoever writes it decides where a token is sent. A file owned by root is the machine's own.
    """
    try:
        status = path.stat()
    except OSError:
        return "this file cannot be inspected"
    shown = shlex.quote(safe(str(path)))
    if status.st_uid not in (os.geteuid(), 0):
        return (
            f"another user owns this file; make a copy of your own: cp {shown} YOUR-CONFIG, and chmod 600 YOUR-CONFIG"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others can write this file; run: chmod go-w {shown}"
    return None
