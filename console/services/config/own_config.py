"""Whose config file it is: programs are named by the user's own alone, and tokens by none that others may write."""

import os
import shlex
import stat
from pathlib import Path

from console.domain.text.safe import safe


def why_not_own(path: Path | None, own: Path | None) -> str | None:
    """Say why a config file is not the user's own, or return None where it is.

    A config that came with a repository may name routes and addresses, but no program to run.

    Args:
        path: The file that is read; None means the built-in sample.
        own: The user's config file, where there is one.

    """
    if path is None or own is None or path.absolute() != own.absolute():
        return "it belongs into ~/.config/gateway-console/config.toml"
    if any((parent / ".git").exists() for parent in own.absolute().parents):
        return "this one is inside a git repository"
    return why_shared(own)


def why_shared(path: Path) -> str | None:
    """Say why others may have written a config file, with the command that mends it, or return None.

    Whoever writes it says where a token is sent. A file of root's is the machine's own.
    """
    try:
        status = path.stat()
    except OSError:
        return "this file cannot be looked at"
    shown = shlex.quote(safe(str(path)))
    if status.st_uid not in (os.geteuid(), 0):
        return (
            f"another user owns this file; make a copy of your own: cp {shown} YOUR-CONFIG, and chmod 600 YOUR-CONFIG"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others may write this file; run: chmod go-w {shown}"
    return None
