"""The console's directories, as the XDG specification defines them, and the files with fixed names in them."""

import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.services.system.private_file import PrivateFileError

_NAME = "gateway-console"
_NO_HOME = Path("/nonexistent")


def account_home() -> str:
    """Return the user's home directory according to the system; empty if it has none, as in some containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


@dataclass(frozen=True, slots=True)
class Directories:
    """Where the console keeps its files. Asking creates nothing, and works even if nothing can be stored."""

    data: Path
    """`$XDG_DATA_HOME/gateway-console`, by default `~/.local/share/gateway-console`."""
    state: Path
    """`$XDG_STATE_HOME/gateway-console`, by default `~/.local/state/gateway-console`."""

    @classmethod
    def of(cls, environment: Mapping[str, str], account_home: Callable[[], str] = account_home) -> Self:
        """Return the directories that an environment names; relative paths are ignored, as the specification demands.

        Args:
            environment: The environment variables of this process.
            account_home: Returns the user's home directory if HOME does not; empty if there is none.

        """

        def base(variable: str, default: str) -> Path:
            named = environment.get(variable, "")
            return (Path(named) if named.startswith("/") else _home(environment, account_home) / default) / _NAME

        return cls(base("XDG_DATA_HOME", ".local/share"), base("XDG_STATE_HOME", ".local/state"))

    @property
    def vault(self) -> Path:
        """The encrypted token file."""
        return self.data / "vault.json"

    @property
    def fingerprint_key(self) -> Path:
        """The random key of this installation's fingerprints."""
        return self.data / "fingerprint.key"

    @property
    def token_audit(self) -> Path:
        """The log of token actions."""
        return self.state / "token-audit.jsonl"


def absolute(path: Path, kind: ProblemKind = ProblemKind.USAGE) -> Path:
    """Return a path from the root on, with `~` and `~user` as the shell reads them.

    Args:
        path: The path.
        kind: What sort of fault it is where there is no such path.

    Raises:
        Problem: It is relative and the working directory was deleted, or names a user that does not exist.

    """
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        user = safe(path.parts[0], limit=200)
        raise Problem(f"{user}: no home directory is known; write the path from / on", kind) from None
    except OSError:
        raise Problem("the working directory was deleted; change to another", kind) from None


def _home(environment: Mapping[str, str], account_home: Callable[[], str]) -> Path:
    named = environment.get("HOME", "")
    if not named.startswith("/"):
        named = account_home()  # only if needed: the system may have to ask a server
    return Path(named) if named.startswith("/") else _NO_HOME


def state_directory(environment: Mapping[str, str], account_home: Callable[[], str] = account_home) -> Path:
    """Return where state is kept: `Directories.state`.

    Raises:
        PrivateFileError: Neither the environment nor the system names a home directory.

    """
    state = Directories.of(environment, account_home).state
    if state.is_relative_to(_NO_HOME):
        raise PrivateFileError("there is no directory for state: set XDG_STATE_HOME or HOME to an absolute path")
    return state
