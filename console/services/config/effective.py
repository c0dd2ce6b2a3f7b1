"""The effective profile: every setting with its value, and where the value comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from console.domain.text.secret_scan import looks_like_secret
from console.services.config.endpoint_setting import is_secret_name
from console.services.config.load import default_config_path
from console.services.config.own_store import LOCAL, STORE_VARIABLE, own_store
from console.services.config.precedence import text_of
from console.services.config.settings import ConfigLayer, Profile
from console.services.config.toml_text import ConfigError, TomlText
from console.services.gateway.address import check_base_url, origin
from console.services.tokens.reference import Reference

DEFAULT = "default"
"""What a value comes from that no file has."""
HIDDEN = "•••"

Plain = str | int | float | bool | tuple[str, ...] | None
"""A value as text or JSON has it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One setting."""

    key: str
    """Within the profile, such as `gateway.deadline_s`."""
    value: Plain
    source: str
    """A layer, an environment variable, the operator's profile that lends or is stricter, or `default`."""
    line: int | None = None
    """In the file, where it is written there."""


def effective_values(profile: Profile, environment: Mapping[str, str]) -> tuple[Value, ...]:
    """Return all settings of a profile, in the order in which the documentation has them."""
    path = None if profile.is_built_in else Path(profile.source)
    try:
        text = (
            TomlText("", profile.source) if path is not None and not path.is_file() else text_of(path)
        )  # no pipe twice
        tables = text.parse()["profiles"]
        written = tables[profile.name] if isinstance(tables, dict) else {}
    except (ConfigError, KeyError):  # the file was changed since the profile was read
        text, written = TomlText("", profile.source), {}
    return tuple(_Sourced(profile, text, written, environment).values())


def store_value(environment: Mapping[str, str]) -> Value:
    """Return where runs are kept, which no profile says: the store of the operator's own config, or none.

    Raises:
        ConfigError: The own config cannot be read: it may name a store.

    """
    key = "store.url_ref"
    if environment.get(STORE_VARIABLE) == LOCAL:
        return Value(key, None, STORE_VARIABLE)
    settings = own_store(environment)
    if settings is None:
        return Value(key, None, DEFAULT)
    line = text_of(default_config_path(environment)).line_of(("store", "url_ref"))
    return Value(key, str(settings.url_ref), ConfigLayer.USER.value, line)


class _Sourced:
    """The settings of one profile, each with its source."""

    def __init__(
        self, profile: Profile, text: TomlText, written: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        self._profile = profile
        self._text = text
        self._written = written
        self._environment = environment

    def values(self) -> Iterator[Value]:
        yield from self._gateway()
        for route in self._profile.table:
            steps = ("routes", route.role.value, *([route.name] if route.name else []))
            for name in ("model", "endpoint_family", "endpoint_path", "served_as", "retires_with_provider"):
                yield self._value(steps, name, getattr(route, name))
        for section in ("policy", "instructions", "relay", "agent", "watch"):
            settings = getattr(self._profile, section)
            for field in fields(settings):
                value = getattr(settings, field.name)
                yield self._value((section,), field.name, _hook(value) if field.name == "webhook" else value)
        for place, fact in enumerate(self._profile.own_facts):
            yield Value(f"family_facts.{place + 1}.pattern", fact.pattern.pattern, self._layer)

    def _gateway(self) -> Iterator[Value]:
        gateway = self._profile.gateway
        for field in fields(gateway):
            value = getattr(gateway, field.name)
            match field.name:
                case "base_url" if value is None:
                    yield from self._address(str(gateway.base_url_ref))
                case "base_url_ref" if value is None:
                    continue
                case "headers":
                    yield from (
                        self._value(("gateway", "headers"), name, _header(name, text)) for name, text in value.items()
                    )
                case _:
                    yield self._value(("gateway",), field.name, value)

    def _address(self, reference: str) -> Iterator[Value]:
        name = reference.removeprefix("env:")
        url = self._environment.get(name, "")
        if not url:
            yield Value("gateway.base_url", None, f"environment: {name} is not set")
        elif (fault := check_base_url(url)) is not None:
            yield Value("gateway.base_url", None, f"environment: the value of {name} {fault}")
        else:
            yield Value("gateway.base_url", url, f"environment: {name}")

    def _value(self, steps: tuple[str, ...], name: str, value: Any) -> Value:
        key = ".".join((*steps, name))
        table: Any = self._written
        for step in steps:
            table = table.get(step, {}) if isinstance(table, Mapping) else {}
        is_written = isinstance(table, Mapping) and name in table
        if is_written and key not in self._profile.kept:
            line = self._text.line_of(("profiles", self._profile.name, *steps, name))
            return Value(key, _plain(value), self._layer, line)
        return Value(key, _plain(value), self._lent(value, key))

    def _lent(self, value: Any, key: str) -> str:
        """Return where a value comes from that the file does not have, or that the operator's own replaces."""
        if key in self._profile.kept:
            return f"{ConfigLayer.USER}, which is stricter"
        section, _, name = key.partition(".")
        if self._profile.is_of_repository and section != "routes":
            base = Profile("", type(self._profile.gateway)(), self._profile.table, "", is_built_in=False)
            before = getattr(getattr(base, section), name.partition(".")[0], None)
            return ConfigLayer.USER if value != before else DEFAULT
        return DEFAULT

    @property
    def _layer(self) -> str:
        if self._profile.is_of_repository:
            return ConfigLayer.REPOSITORY
        return (
            ConfigLayer.BUILT_IN
            if self._profile.is_built_in
            else ConfigLayer.USER
            if self._profile.layer is ConfigLayer.USER
            else "config"
        )


def _header(name: str, value: str) -> str:
    """Return a header's value; that of one which may hold a secret is never shown."""
    return HIDDEN if is_secret_name(name) or looks_like_secret(value) is not None else value


def _hook(address: str) -> str:
    """Return a webhook's address without what follows its origin, which may be as secret as a token."""
    return address if not address or address.startswith("env:") else f"{origin(address)}/{HIDDEN}"


def _plain(value: Any) -> Plain:
    match value:
        case None | bool() | int() | float():
            return value
        case tuple():
            return tuple(map(str, value))
        case Reference() | Path():
            return str(value)
        case _:
            return str(value)
