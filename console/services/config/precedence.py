"""Precedence: which config file and which profile are used, and what the file may do. Nothing else decides it.

A flag comes before an environment variable, this before the operator's own config, and this before the config of the
repository around the working directory. A flag or a variable names one file, and no other is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from console.domain.routes.model_facts import ModelFacts
from console.domain.text.safe import safe
from console.services.config.load import (
    BrokenProfile,
    default_config_path,
    load_profile,
    load_profiles,
    unknown_profile,
    user_config_path,
)
from console.services.config.own_config import is_repository_config, trust_of
from console.services.config.repository_config import load_repository_profile, read_repository_text, repository_config
from console.services.config.settings import ConfigLayer, Profile
from console.services.config.shipped import shipped
from console.services.config.toml_text import ConfigError, Fault, TomlText, read_text

CONFIG_VARIABLE = "GATEWAY_CONSOLE_CONFIG"
PROFILE_VARIABLE = "GATEWAY_CONSOLE_PROFILE"


@dataclass(frozen=True, slots=True)
class Request:
    """What may name a config and a profile."""

    environment: Mapping[str, str] = field(repr=False)
    config: Path | None = None
    """`--config`."""
    profile: str | None = None
    """`--profile`."""
    directory: Path | None = None
    """The working directory, if it exists."""

    @classmethod
    def here(cls, environment: Mapping[str, str], config: Path | None = None, profile: str | None = None) -> Self:
        """Return a request in this process's working directory. Raises `ConfigError` if it is gone and needed."""
        try:
            directory = Path.cwd()
        except OSError:  # it was deleted
            directory = None
            if config is not None and not config.is_absolute():
                raise ConfigError(
                    Fault("the working directory was deleted; change to another", safe(str(config)))
                ) from None
        return cls(environment, config, profile, directory)

    @property
    def named_profile(self) -> str | None:
        """The profile that a flag or a variable names."""
        return self.profile if self.profile is not None else self.environment.get(PROFILE_VARIABLE) or None

    @property
    def profile_layer(self) -> ConfigLayer | None:
        """What names the profile; None if the file's default is used."""
        if self.profile is not None:
            return ConfigLayer.FLAG
        return ConfigLayer.ENVIRONMENT if self.environment.get(PROFILE_VARIABLE) else None

    @property
    def own(self) -> Path | None:
        """The operator's own config, if there is one."""
        return default_config_path(self.environment)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file in the order in which they count."""

    layer: ConfigLayer
    path: Path | None
    """None means the built-in sample."""
    exists: bool
    is_read: bool
    """Whether the profile may come from it: nothing that counts more names or has one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The file and the profile that are used."""

    layer: ConfigLayer
    path: Path | None
    """None means the built-in sample."""
    profile: str | None
    """None means the file's default."""

    @property
    def is_of_repository(self) -> bool:
        """Whether the file is a repository's config, whoever named it."""
        return self.path is not None and is_repository_config(self.path)


def config_files(request: Request) -> tuple[ConfigFile, ...]:
    """Return all places that may have the config, the one that counts most first.

    Raises:
        ConfigError: The variable does not hold an absolute path.

    """
    named = [(ConfigLayer.FLAG, request.config), (ConfigLayer.ENVIRONMENT, _of_variable(request.environment))]
    found = [ConfigFile(layer, path, _exists(path), is_read=False) for layer, path in named if path is not None]
    own = user_config_path(request.environment)
    if own is not None:
        found.append(ConfigFile(ConfigLayer.USER, own, request.own is not None, is_read=False))
    if (path := _of_repository(request)) is not None:
        found.append(ConfigFile(ConfigLayer.REPOSITORY, path, _exists(path), is_read=False))
    found.append(ConfigFile(ConfigLayer.BUILT_IN, None, exists=True, is_read=False))
    if found[0].layer in (ConfigLayer.FLAG, ConfigLayer.ENVIRONMENT):
        return (replace(found[0], is_read=True), *found[1:])
    has_own = request.own is not None
    return tuple(replace(each, is_read=each.exists and (each.path is not None or not has_own)) for each in found)


def choose(request: Request) -> Choice:
    """Return which file and which profile a request is about.

    Raises:
        ConfigError: A file that counts more than the one with the profile cannot be read, so it may have it.

    """
    name = request.named_profile
    files = [each for each in config_files(request) if each.is_read]
    first = files[0]
    if first.layer in (ConfigLayer.FLAG, ConfigLayer.ENVIRONMENT) or name is None:
        return Choice(first.layer, first.path, name)
    known: dict[str, None] = {}
    for each in files:
        names = profile_names(each.path)
        if name in names:
            return Choice(each.layer, each.path, name)
        known |= dict.fromkeys(names)
    raise unknown_profile(name, known, " and ".join(_source(each.path) for each in files))


def load_chosen(request: Request, *, facts: ModelFacts | None = None) -> Profile:
    """Return the profile that a request is about.

    Raises:
        ConfigError: It cannot be used.

    """
    choice = choose(request)
    return replace(load_at(choice.path, choice.profile, request.environment, facts=facts), layer=choice.layer)


def load_at(
    path: Path | None, name: str | None, environment: Mapping[str, str], *, facts: ModelFacts | None = None
) -> Profile:
    """Return a profile of one file, as far as the file is trusted.

    Args:
        path: The file; None means the built-in sample.
        name: The profile; None means the file's default.
        environment: The environment variables.
        facts: The facts on models.

    Raises:
        ConfigError: It cannot be used.

    """
    own = default_config_path(environment)
    if path is not None and is_repository_config(path):
        if own is None or is_repository_config(own):
            return load_repository_profile(path, name, (), environment, facts=facts)
        why_no_programs = trust_of(own, own).why_no_programs
        return load_repository_profile(
            path,
            name,
            load_profiles(own, why_no_programs=why_no_programs),
            environment,
            may_lend=why_no_programs is None,
            default=_default_of(own),
            facts=facts,
        )
    profile = load_profile(path, name, why_no_programs=trust_of(path, own).why_no_programs, facts=facts)
    return replace(profile, layer=ConfigLayer.BUILT_IN if path is None else profile.layer)


def load_sweep(
    request: Request, names: Sequence[str] | None, *, facts: ModelFacts | None = None
) -> tuple[Profile | BrokenProfile, ...]:
    """Return several profiles of the file that a request is about; None means all of that file.

    Raises:
        ConfigError: None of them can be used.

    """
    environment = {name: value for name, value in request.environment.items() if name != PROFILE_VARIABLE}
    choice = choose(replace(request, profile=names[0] if names else None, environment=environment))
    if choice.is_of_repository and choice.path is not None:
        for name in names or ():
            if choose(replace(request, profile=name, environment=environment)).path != choice.path:
                words = f"profile {name} is of another config than {safe(names[0], limit=60) if names else ''}"
                raise ConfigError(Fault(f"{words}; check them with two commands", _source(choice.path)))
        return tuple(
            _of_repository_file(choice.path, name, request, facts) for name in names or profile_names(choice.path)
        )
    why_no_programs = trust_of(choice.path, request.own).why_no_programs
    found = load_profiles(choice.path, names, why_no_programs=why_no_programs, facts=facts)
    return tuple(replace(each, layer=choice.layer) if isinstance(each, Profile) else each for each in found)


def _of_repository_file(path: Path, name: str, request: Request, facts: ModelFacts | None) -> Profile | BrokenProfile:
    try:
        return load_at(path, name, request.environment, facts=facts)
    except ConfigError as error:
        return BrokenProfile(name, error)


def switchable(request: Request | None, profile: Profile) -> dict[str, tuple[ConfigLayer, Path | None]]:
    """Return the profiles that a console in use can change to, each with its file: the first one that has the name.

    Args:
        request: What named the config; None means that no other file than the profile's own is asked.
        profile: The profile in use.

    """
    first = None if profile.is_built_in else Path(profile.source)
    places = [] if request is None else [(each.layer, each.path) for each in config_files(request) if each.is_read]
    if first not in [path for _, path in places]:
        places.append((profile.layer, first))  # such as the sample, since the operator wrote a config
    found: dict[str, tuple[ConfigLayer, Path | None]] = {}
    for layer, path in places:
        try:
            names = profile_names(path)
        except ConfigError:  # what is wrong with it is told when it is used
            continue
        for name in names:
            found.setdefault(name, (layer, path))
    return found


def profile_names(path: Path | None) -> tuple[str, ...]:
    """Return the names of a file's profiles in their order, whether they can be used or not.

    Raises:
        ConfigError: It cannot be read, or is not TOML.

    """
    return _names_in(*_read_source(path))


@lru_cache(maxsize=2)
def _names_in(text: str, source: str) -> tuple[str, ...]:
    """Return the names in a text; it is parsed again only if it changed. Raises `ConfigError`."""
    tables = TomlText(text, source).parse().get("profiles")
    return tuple(tables) if isinstance(tables, dict) else ()


def text_of(path: Path | None) -> TomlText:
    """Return a config's text; None means the built-in sample. Raises `ConfigError` if it cannot be read."""
    return TomlText(*_read_source(path))


def _read_source(path: Path | None) -> tuple[str, str]:
    """Return a config's text, and what it is called. Raises `ConfigError` if it cannot be read."""
    source = _source(path)
    if path is not None and is_repository_config(path):
        return read_repository_text(path), source
    return read_text(shipped("sample_config.toml") if path is None else path, source), source


def _default_of(path: Path) -> str:
    return str(text_of(path).parse().get("default_profile", ""))


def _of_variable(environment: Mapping[str, str]) -> Path | None:
    """Return the file that a variable names: from / on, or each repository could bring its own."""
    named = environment.get(CONFIG_VARIABLE)
    if not named:
        return None
    if not named.startswith("/"):
        words = "is not an absolute path; write the path from / on, or name the file with --config"
        raise ConfigError(Fault(words, CONFIG_VARIABLE))
    return Path(named)


def _of_repository(request: Request) -> Path | None:
    return None if request.directory is None else repository_config(request.directory)


def _exists(path: Path | None) -> bool:
    try:
        return path is not None and (path.exists() or path.is_symlink())
    except (OSError, ValueError):
        return True  # reading it will report the problem


def _source(path: Path | None) -> str:
    return "built-in sample config" if path is None else safe(str(path))
