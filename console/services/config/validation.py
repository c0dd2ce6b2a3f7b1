"""Validating a config file: everything that is wrong with it, and what it may not do because of where it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.services.config.load import default_config_path, read_file
from console.services.config.own_config import Trust, is_repository_config, trust_of, why_shared
from console.services.config.precedence import load_at, text_of
from console.services.config.toml_text import ConfigError, Fault, TomlText, decoded


@dataclass(frozen=True, slots=True)
class Validation:
    """What a config file holds, and what is wrong with it."""

    source: str
    profiles: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()


def validate_config(path: Path | None, environment: Mapping[str, str]) -> Validation:
    """Return everything that is wrong with a config file; None means the built-in sample."""
    own = default_config_path(environment)
    trust = trust_of(path, own)
    source = "built-in sample config" if path is None else str(path)
    try:
        text = text_of(path)
        source = text.source
        document = text.parse()
        read_file(text, trust, document)
        tables = document.get("profiles")
        names = tuple(tables) if isinstance(tables, dict) else ()
        faults = _repository_faults(path, names, environment)
    except ConfigError as error:
        return Validation(source, (), error.faults, _warnings(path, own))
    return Validation(source, names, faults, _warnings(path, own))


def validate_draft(data: bytes, source: str, trust: Trust) -> tuple[Fault, ...]:
    """Return everything that is wrong with a draft of a config file, under the name and the trust of that file."""
    try:
        read_file(TomlText(decoded(data, source), source), trust)
    except ConfigError as error:
        return error.faults
    return ()


def _repository_faults(path: Path | None, names: tuple[str, ...], environment: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return what each profile of a repository's config wants that it may not have."""
    if path is None or not is_repository_config(path):
        return ()
    found: dict[Fault, None] = {}
    for name in names:
        try:
            load_at(path, name, environment)
        except ConfigError as error:
            found |= dict.fromkeys(error.faults)
    return tuple(found)


def _warnings(path: Path | None, own: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    if is_repository_config(path):
        return (
            "a repository's config is not trusted: it names no program, no file of this machine and no new gateway",
        )
    if (shared := why_shared(path)) is not None:
        return (f"it may name no env:, file: or cmd: reference and no program: {shared}",)
    words = trust_of(path, own).why_no_programs
    return () if words is None else (f"it may name no program: {words}",)
