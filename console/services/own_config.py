"""The user's own config file: the one from which programs may be named."""

import os
import stat
from pathlib import Path


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
    try:
        status = own.stat()
    except OSError:
        return "this one cannot be looked at"
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "another user owns this one or may write it"
    return None
