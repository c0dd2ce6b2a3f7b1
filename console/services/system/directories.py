"""The state directory: where the console keeps files for its user alone."""

from collections.abc import Mapping
from pathlib import Path

from console.services.system.private_file import PrivateFileError


def state_directory(environment: Mapping[str, str]) -> Path:
    """Return where state is kept: `$XDG_STATE_HOME/gateway-console`, by default in `~/.local/state`.

    Raises:
        PrivateFileError: Neither XDG_STATE_HOME nor HOME names an absolute path.

    """
    base, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME", "")
    if base.startswith("/"):  # the XDG specification has relative paths ignored
        return Path(base) / "gateway-console"
    if home.startswith("/"):
        return Path(home) / ".local" / "state" / "gateway-console"
    raise PrivateFileError("there is no place for state: set XDG_STATE_HOME or HOME to an absolute path")
