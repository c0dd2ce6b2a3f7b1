"""The config file: TOML text in, checked profiles out.

Every key must be known. A value that looks like a token is refused by its key's name, never by its text. All faults are
reported at once.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.routes.model_facts import ModelFacts
from console.domain.routes.model_family import FamilyFact
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.services.config.own_config import Trust, why_shared
from console.services.config.settings import (
    AgentSettings,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
    Profile,
    RelaySettings,
    WatchSettings,
)
from console.services.config.shipped import shipped
from console.services.config.toml_text import ConfigError, ConfigText, Fault, KeyPath, TomlText, nearest, read_text

if TYPE_CHECKING:
    from console.services.config.model import FamilyFactModel, FileModel, ProfileModel

_NOT_OWN = "this file is not known to be yours"
_FAULT_LIMIT = 50
"""The most faults reported at once."""
_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


def load_profile(
    path: Path | None = None,
    name: str | None = None,
    *,
    why_no_programs: str | None = _NOT_OWN,
    facts: ModelFacts | None = None,
) -> Profile:
    """Read a config file and return one of its profiles.

    Args:
        path: The file; None means the built-in sample.
        name: The profile; None means the file's default.
        why_no_programs: Why this file may not name programs, in `cmd:` or as the policy's checks; None if it is the
            user's own file, see `own_config.why_not_own`.
        facts: The facts on models, if the operator installed tables; None means the built-in ones.

    Raises:
        ConfigError: The file cannot be read or used.

    """
    source = "built-in sample config" if path is None else safe(str(path))
    text = read_text(shipped("sample_config.toml") if path is None else path, source)
    why_no_tokens = None if path is None else why_shared(path)
    toml, file = _read_whole(text, source, Trust(why_no_programs, why_no_tokens))
    chosen = file.default_profile if name is None else name
    if chosen not in file.profiles:
        raise unknown_profile(chosen, file.profiles, source)
    return replace(profile_from(chosen, file.profiles[chosen], toml, is_built_in=path is None), facts=facts)


@lru_cache(maxsize=1)
def _read_whole(text: str, source: str, trust: Trust) -> "tuple[TomlText, FileModel]":
    """Read a whole file, or return what was read before if no byte of it changed: a worker asks for each profile.

    Raises:
        ConfigError: It cannot be used.

    """
    toml = TomlText(text, source)
    return toml, read_file(toml, trust)


def unknown_profile(name: str, known: Iterable[str], source: str) -> ConfigError:
    """Return the fault of a config that lacks a profile."""
    return ConfigError(Fault(f"unknown profile{_shown(name)}; {nearest(name, known)}", source))


@dataclass(frozen=True, slots=True)
class BrokenProfile:
    """A profile of a file that cannot be used, while others of the file can."""

    name: str
    error: ConfigError


def load_profiles(
    path: Path | None = None,
    names: Sequence[str] | None = None,
    *,
    why_no_programs: str | None = _NOT_OWN,
    facts: ModelFacts | None = None,
) -> tuple[Profile | BrokenProfile, ...]:
    """Read several profiles of a config file, in the file's order or in that of their names.

    Args:
        path: As for `load_profile`, and so are the last two.
        names: The profiles; None means all.
        why_no_programs: Why this file may not name programs.
        facts: The facts on models.

    Raises:
        ConfigError: The file cannot be read, something outside its profiles is wrong, or it lacks a named profile.

    """
    source = "built-in sample config" if path is None else safe(str(path))
    text = read_text(shipped("sample_config.toml") if path is None else path, source)
    why_no_tokens = None if path is None else why_shared(path)
    return read_profiles(
        TomlText(text, source),
        names,
        why_no_programs=why_no_programs,
        why_no_tokens=why_no_tokens,
        is_built_in=path is None,
        facts=facts,
    )


def read_profiles(
    toml: TomlText,
    names: Sequence[str] | None = None,
    *,
    why_no_programs: str | None,
    why_no_tokens: str | None,
    is_built_in: bool = False,
    facts: ModelFacts | None = None,
) -> tuple[Profile | BrokenProfile, ...]:
    """Read several profiles of a config's text, which may not be in a file yet.

    Args:
        toml: The text.
        names: As for `load_profiles`.
        why_no_programs: Why the text may not name programs.
        why_no_tokens: Why it may not name a token that is not bound to an origin.
        is_built_in: Whether it is the built-in sample.
        facts: The facts on models.

    Raises:
        ConfigError: As `load_profiles` raises it, but for a file that cannot be read.

    """
    document = toml.parse()
    source = toml.source
    tables = document.get("profiles")
    known: dict[str, object] = tables if isinstance(tables, dict) else {}
    chosen = list(known if names is None else dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise unknown_profile(name, known, source)
    read = partial(read_file, toml, Trust(why_no_programs, why_no_tokens))
    try:
        file, broken = read(), dict[str, ConfigError]()
    except ConfigError as error:
        if error.profiles is None or error.profiles >= set(known):
            raise  # something outside its profiles is wrong, or each of them is
        broken = _broken_alone(document, known, error.profiles, read)
        file = read(document=_with_profiles(document, {name: known[name] for name in known if name not in broken}))
    return tuple(
        BrokenProfile(name, broken[name])
        if name in broken
        else replace(profile_from(name, file.profiles[name], toml, is_built_in=is_built_in), facts=facts)
        for name in chosen
    )


def _broken_alone(
    document: Mapping[str, object], known: Mapping[str, object], names: Iterable[str], read: "Callable[..., FileModel]"
) -> dict[str, ConfigError]:
    """Return each of some profiles with its own faults: one of many faults hides no other's."""
    found: dict[str, ConfigError] = {}
    for name in names:
        try:
            read(document=_with_profiles(document, {name: known[name]}))
        except ConfigError as error:
            found[name] = error
    return found


def _with_profiles(document: Mapping[str, object], tables: Mapping[str, object]) -> dict[str, object]:
    """Return a document with only some of its profiles; a default that is left out makes way for one of them."""
    default, profiles = document.get("default_profile"), document.get("profiles")
    is_left_out = (
        isinstance(default, str) and isinstance(profiles, dict) and default in profiles and default not in tables
    )
    return {**document, "profiles": dict(tables)} | ({"default_profile": next(iter(tables))} if is_left_out else {})


def user_config_path(environment: Mapping[str, str]) -> Path | None:
    """Return where the user's config file is to be: `$XDG_CONFIG_HOME/gateway-console/config.toml`.

    None if the environment names no directory for it.
    """
    named = environment.get("XDG_CONFIG_HOME", "")
    if named.startswith("/"):  # the specification wants any other path ignored; it would depend on the repository
        base = Path(named)
    elif environment.get("HOME"):
        base = Path(environment["HOME"]) / ".config"
    else:
        return None
    return base / "gateway-console" / "config.toml"


def default_config_path(environment: Mapping[str, str]) -> Path | None:
    """Return the user's config file, if there is one."""
    path = user_config_path(environment)
    try:
        return path if path is not None and path.is_file() else None
    except OSError:
        return path  # reading it will report the problem


def read_profile(
    text: ConfigText, name: str, *, why_no_programs: str | None, why_no_tokens: str | None, facts: ModelFacts | None
) -> Profile:
    """Read the profile of a config that is not a file of TOML.

    Args:
        text: The config's text.
        name: The profile.
        why_no_programs: As for `load_profile`.
        why_no_tokens: Why the text may not name a token that is not bound to an origin.
        facts: As for `load_profile`.

    Raises:
        ConfigError: It cannot be used.

    """
    file = read_file(text, Trust(why_no_programs, why_no_tokens))
    return replace(profile_from(name, file.profiles[name], text, is_built_in=False), facts=facts)


def read_file(text: ConfigText, trust: Trust, document: dict[str, object] | None = None) -> "FileModel":
    """Read a file, or what is left of its tables, into its model. Raises `ConfigError` with every fault in order."""
    with _no_plugins():
        from pydantic import ValidationError

        from console.services.config.model import FileModel

    document = text.parse() if document is None else document
    secrets = list(secrets_in(document, ()))
    found = [*secrets, *_unknown_default(document)]
    count = len(found)
    places: list[Sequence[object]] = [path for path, _ in found]
    try:
        file = FileModel.model_validate(document, context=trust)
    except ValidationError as error:
        from console.services.config.faults import faults_of

        hidden = {path for path, _ in secrets}
        count += error.error_count()
        places += [each["loc"] for each in error.errors(include_url=False, include_context=False, include_input=False)]
        found += [each for each in faults_of(error, FileModel, text, _FAULT_LIMIT) if each[0] not in hidden]
    if not found:
        return file
    faults = sorted((text.fault(*each) for each in found), key=lambda fault: fault.line or 0)
    if count > _FAULT_LIMIT:
        faults = [*faults[:_FAULT_LIMIT], Fault(f"and {count - _FAULT_LIMIT} more faults", text.source)]
    raise ConfigError(*faults, profiles=_profiles_of(places))


def _profiles_of(places: Iterable[Sequence[object]]) -> frozenset[str] | None:
    """Return the profiles that have faults; None if something outside them has one."""
    names = {str(place[1]) if len(place) > 1 and place[0] == "profiles" else None for place in places}
    return None if None in names else frozenset(filter(None, names))


@contextlib.contextmanager
def _no_plugins() -> Iterator[None]:
    """Load the models without pydantic's plugins: code of another package would see every setting that is read.

    pydantic looks for them in all installed packages when the first model is built, and reads this variable then.
    """
    before = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = "__all__"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PLUGINS]
        else:
            os.environ[_PLUGINS] = before


def secrets_in(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield each path that seems to hold a token, with what to do about it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if (words := looks_like_secret(key)) is not None:
                yield path, f"a key here looks like {words}; remove it and put a reference into token_ref"
            yield from secrets_in(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from secrets_in(inner, (*path, index))
    elif (
        isinstance(value, str) and (words := looks_like_secret(value, is_address=_is_address(value, path))) is not None
    ):
        yield (
            path,
            f"the value looks like {words}. Tokens never go into a config: store it with gateway-console token set,"
            " or in an environment variable, and write its reference into token_ref",
        )


def _is_address(value: str, path: KeyPath) -> bool:
    return path[-1:] in _ADDRESSES or (path[-2:-1] == ("token_ref",) and value.startswith("file:/"))


_ADDRESSES = (("base_url",), ("ca_file",), ("source_url",), ("webhook",))


def _unknown_default(document: dict[str, object]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the fault of an unknown default profile; reported even if the profiles have faults too."""
    default, profiles = document.get("default_profile"), document.get("profiles")
    if isinstance(default, str) and isinstance(profiles, dict) and default not in profiles:
        yield ("default_profile",), f"unknown profile; {nearest(default, profiles)}"


def _shown(name: str) -> str:
    return "" if looks_like_secret(name) else f' "{safe(name, limit=60)}"'


def profile_from(name: str, profile: "ProfileModel", text: ConfigText, *, is_built_in: bool) -> Profile:
    """Return a profile of a file's model as the console uses it; the text knows the routes' lines."""
    routes = (
        Route(
            role,
            route.model,
            route.endpoint_family,
            route.endpoint_path,
            text.line_of(("profiles", name, "routes", role.value, *([route_name] if route_name else []))),
            route.served_as,
            route.retires_with_provider,
            route_name,
        )
        for role in Role
        if (own := profile.routes.get(role)) is not None
        for route_name, route in {"": own, **own.named}.items()
    )
    return Profile(
        name=name,
        gateway=profile.gateway.as_settings(GatewaySettings),
        table=RouteTable(tuple(routes)),
        source=text.source,
        is_built_in=is_built_in,
        policy=profile.policy.as_settings(PolicySettings),
        own_facts=tuple(map(_fact, profile.family_facts)),
        instructions=profile.instructions.as_settings(InstructionSettings),
        relay=profile.relay.as_settings(RelaySettings),
        agent=profile.agent.as_settings(AgentSettings),
        watch=profile.watch.as_settings(WatchSettings),
    )


def _fact(row: "FamilyFactModel") -> FamilyFact:
    return FamilyFact(
        pattern=row.pattern,
        required=row.required,
        allowed=row.allowed,
        tools_with_reasoning=row.tools_with_reasoning,
        confidence="high",
        source_url=safe(row.source_url),
        note=safe(row.note),
        checked_on=row.checked_on,
        is_own=True,
    )
