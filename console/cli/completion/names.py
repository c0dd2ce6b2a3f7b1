"""The names in a config, for the completion of shells: profiles and route keys, never a value."""

import re
from pathlib import Path

from console.domain.text.secret_scan import looks_like_secret
from console.services.config.precedence import Request, choose, config_files, text_of
from console.services.config.toml_text import ConfigError

_NAME = re.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,39}")
"""No name that would be an option."""


def profile_names(request: Request) -> tuple[str, ...]:
    """Return the names of all profiles that a command line can choose; none of a file that cannot be read."""
    try:
        places = [each.path for each in config_files(request) if each.is_read]
    except ConfigError:  # a shell has no place for what is wrong
        return ()
    tables = [_tables(_read(path), "profiles") for path in places]
    return tuple(dict.fromkeys(name for each in tables for name, table in each.items() if isinstance(table, dict)))


def route_keys(request: Request) -> tuple[str, ...]:
    """Return the keys of the chosen profile's routes, or of all profiles' if no profile is the default one.

    None if the config cannot be read.
    """
    try:
        chosen = choose(request)
    except ConfigError:
        return ()
    document = _read(chosen.path)
    wanted = chosen.profile or document.get("default_profile")
    found: dict[str, None] = {}
    for name, table in _tables(document, "profiles").items():
        if wanted in (None, name) and isinstance(table, dict):
            for role, route in _tables(table, "routes").items():
                if isinstance(route, dict):
                    found |= {role: None} if "model" in route else {}
                    found |= {f"{role}.{key}": None for key, inner in _tables(route).items() if isinstance(inner, dict)}
    return tuple(found)


def _read(path: Path | None) -> dict[str, object]:
    """Return a config's tables, and none of what is not a regular file; None means the built-in sample."""
    try:
        return text_of(path).parse() if path is None or path.is_file() else {}
    except (ConfigError, OSError):
        return {}


def _tables(document: dict[str, object], key: str | None = None) -> dict[str, object]:
    """Return what stands under a key by its name, without what cannot be a name."""
    found = document if key is None else document.get(key)
    items = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in items if _NAME.fullmatch(name) and looks_like_secret(name) is None}
