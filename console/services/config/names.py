"""The names in a config, for the completion of shells: profiles and route keys, never a value."""

import re
from pathlib import Path

from console.domain.text.secret_scan import looks_like_secret
from console.services.config.toml_text import ConfigError, TomlText, read_text

_NAME = re.compile("[A-Za-z0-9_-]{1,40}")


def profile_names(path: Path) -> tuple[str, ...]:
    """Return the names of a config's profiles; none if it cannot be read."""
    return tuple(name for name, table in _tables(_read(path), "profiles").items() if isinstance(table, dict))


def route_keys(path: Path, profile: str | None) -> tuple[str, ...]:
    """Return the keys of a profile's routes; none if the config cannot be read.

    Args:
        path: The config.
        profile: The profile; None means the config's default one, or all profiles if it names none.

    """
    document = _read(path)
    wanted = profile or document.get("default_profile")
    found: dict[str, None] = {}
    for name, table in _tables(document, "profiles").items():
        if wanted in (None, name) and isinstance(table, dict):
            for role, route in _tables(table, "routes").items():
                if isinstance(route, dict):
                    found |= {role: None} if "model" in route else {}
                    found |= {f"{role}.{key}": None for key, inner in _tables(route).items() if isinstance(inner, dict)}
    return tuple(found)


def _read(path: Path) -> dict[str, object]:
    try:
        return TomlText(read_text(path, "") if path.is_file() else "", "").parse()
    except (ConfigError, OSError):
        return {}


def _tables(document: dict[str, object], key: str | None = None) -> dict[str, object]:
    """Return what stands under a key by its name, without what cannot be a name."""
    found = document if key is None else document.get(key)
    items = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in items if _NAME.fullmatch(name) and looks_like_secret(name) is None}
