"""The documents of `config`. A token is never in them, only its reference."""

from dataclasses import dataclass
from typing import Literal

from console.services.config.settings import ConfigLayer


@dataclass(frozen=True)
class ConfigValueDocument:
    """A setting of the profile."""

    key: str
    """Within the profile, such as gateway.deadline_s."""
    value: str | int | float | bool | tuple[str, ...] | None
    """A header that seems to hold a secret is hidden."""
    source: str
    """The file, an environment variable, the operator's own config, or default."""
    line: int | None
    """In the file; null if the value is not written there, or on a line of its own."""


@dataclass(frozen=True, kw_only=True)
class ConfigShowDocument:
    """The effective profile."""

    schema: Literal["gateway-console/config-show/v1"] = "gateway-console/config-show/v1"
    profile: str
    profile_named_by: ConfigLayer | None
    """Null if the file's default is used."""
    config: str | None
    """The file; null for the built-in sample."""
    config_named_by: ConfigLayer
    is_of_repository: bool
    """Whether the file is a repository's config, which is not trusted."""
    lender: str | None
    """The operator's own profile whose gateway a repository's profile uses."""
    values: tuple[ConfigValueDocument, ...]


@dataclass(frozen=True, kw_only=True)
class ConfigFileDocument:
    """A place that may have the config."""

    layer: ConfigLayer
    path: str | None
    """Null for the built-in sample."""
    exists: bool
    is_read: bool
    """Whether the profile may come from it."""
    is_used: bool
    """Whether it has the profile that is used."""


@dataclass(frozen=True, kw_only=True)
class ConfigPathDocument:
    """Where the config may be, the place that counts most first."""

    schema: Literal["gateway-console/config-path/v1"] = "gateway-console/config-path/v1"
    files: tuple[ConfigFileDocument, ...]


@dataclass(frozen=True)
class ConfigFaultDocument:
    """Something that is wrong with a config."""

    line: int | None
    key: str
    """Empty if it is about the file as a whole."""
    message: str


@dataclass(frozen=True, kw_only=True)
class ConfigValidateDocument:
    """Whether a config can be used."""

    schema: Literal["gateway-console/config-validate/v1"] = "gateway-console/config-validate/v1"
    config: str | None
    """The file; null for the built-in sample."""
    is_valid: bool
    profiles: tuple[str, ...]
    """Empty if the file cannot be used."""
    faults: tuple[ConfigFaultDocument, ...]
    warnings: tuple[str, ...]
    """What the file may not do because of where it is, or who can write it."""
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class ConfigChangeDocument:
    """A change of a config file."""

    schema: Literal["gateway-console/config-change/v1"] = "gateway-console/config-change/v1"
    action: Literal["fix", "undo"]
    config: str
    diff: tuple[str, ...]
    """The lines that go and come, each with its number."""
    backup: str | None
    """What the file was before; null after an undo, which needs none."""
