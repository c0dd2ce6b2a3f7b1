"""Places: the console's own directories for what concerns tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console keeps the vault, the fingerprint key and the audit log. Nothing is made by asking."""

    data: Path
    """`$XDG_DATA_HOME/gateway-console`, by default `~/.local/share/gateway-console`."""
    state: Path
    """`$XDG_STATE_HOME/gateway-console`, by default `~/.local/state/gateway-console`."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return the places that an environment names; a path that is not absolute is no place."""
        home = _home(environment)

        def base(variable: str, default: str) -> Path:
            named = Path(environment.get(variable, ""))
            return (named if named.is_absolute() else home / default) / "gateway-console"

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
    def audit(self) -> Path:
        """The audit log."""
        return self.state / "token-audit.jsonl"


def _home(environment: Mapping[str, str]) -> Path:
    named = Path(environment.get("HOME", ""))
    try:
        return named if named.is_absolute() else Path.home()
    except RuntimeError:  # a user without a home, as in some containers
        return Path("/nonexistent")
