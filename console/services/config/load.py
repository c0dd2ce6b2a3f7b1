"""The config file: TOML text in, checked profiles out.

Every key must be known, and a value that looks like a token is refused by its key's name, never by its text.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from console.domain.routes.family import EndpointFamily
from console.domain.routes.model_family import FamilyFact, check_pattern
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.text.safe import safe
from console.domain.text.secret_scan import looks_like_secret
from console.services.config.own_config import why_shared
from console.services.config.settings import (
    EMBEDDED,
    FamilyFactSettings,
    FileSettings,
    GatewaySettings,
    InstructionSettings,
    PolicySettings,
    Profile,
    ProfileSettings,
    RouteSettings,
)
from console.services.config.shipped import shipped
from console.services.config.toml_text import ConfigError, TomlText, read_text
from console.services.gateway.address import check_base_url, is_doubled
from console.services.tokens.reference import check_reference

_UNBOUND = ("env:", "file:", "cmd:")
"""References to tokens that are bound to no origin."""
_NOT_OWN = "this file was not found to be that one"


def load_profile(
    path: Path | None = None, name: str | None = None, *, why_no_programs: str | None = _NOT_OWN
) -> Profile:
    """Read a config file and return one of its profiles.

    Args:
        path: The file; None means the built-in sample.
        name: The profile; None means the file's default.
        why_no_programs: Why this file may name no program, by `cmd:` or as a check of the policy; None where it is
            the user's own file, see `own_config.why_not_own`.

    Raises:
        ConfigError: The file cannot be read or used.

    """
    is_built_in = path is None
    source = "built-in sample config" if path is None else safe(str(path))
    text = read_text(shipped("sample_config.toml") if path is None else path, source)
    why_no_tokens = None if path is None else why_shared(path)
    reader = _Reader(
        TomlText(text, source),
        is_built_in=is_built_in,
        why_no_programs=why_no_programs,
        why_no_tokens=why_no_tokens,
    )
    return reader.profile(name)


def default_config_path(environment: Mapping[str, str]) -> Path | None:
    """Return the user's config file where there is one: `$XDG_CONFIG_HOME/gateway-console/config.toml`."""
    if environment.get("XDG_CONFIG_HOME"):
        base = Path(environment["XDG_CONFIG_HOME"])
    elif environment.get("HOME"):
        base = Path(environment["HOME"]) / ".config"
    else:
        return None
    path = base / "gateway-console" / "config.toml"
    try:
        return path if path.is_file() else None
    except OSError:
        return path  # reading it will say what is wrong with it


_Settings = TypeVar("_Settings", bound=Struct)


class _Reader:
    """Turns one file's text into profiles, with the file's name and line in every complaint."""

    def __init__(
        self, text: TomlText, *, is_built_in: bool, why_no_programs: str | None, why_no_tokens: str | None
    ) -> None:
        self._text = text
        self._why_no_tokens = why_no_tokens
        self._is_built_in = is_built_in
        self._why_no_programs = why_no_programs

    def profile(self, name: str | None) -> Profile:
        document = self._text.parse()
        self._refuse_secrets(document, ())
        self._refuse_unknown_keys(document, FileSettings, ())
        settings = self._convert(document)
        if settings.default_profile not in settings.profiles:
            self._text.fail(("default_profile",), _unknown("profile", settings.default_profile, settings.profiles))
        chosen = settings.default_profile if name is None else name
        if chosen not in settings.profiles:
            raise ConfigError(_unknown("profile", chosen, settings.profiles), source=self._text.source)
        for each, profile in settings.profiles.items():
            self._check_profile(each, profile)
        return Profile(
            name=chosen,
            gateway=settings.profiles[chosen].gateway,
            table=self._table(chosen, settings.profiles[chosen]),
            source=self._text.source,
            is_built_in=self._is_built_in,
            policy=settings.profiles[chosen].policy,
            own_facts=tuple(_fact(row) for row in settings.profiles[chosen].family_facts),
            instructions=settings.profiles[chosen].instructions,
        )

    def _refuse_unknown_keys(self, value: object, kind: type, path: tuple[str, ...]) -> None:
        if not isinstance(value, dict):
            return
        known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        for key, inner in value.items():
            if key not in known:
                self._text.fail((*path, key), f"unknown key; {_nearest(key, known)}")
            for struct, is_table in _structs_in(known[key]):
                if is_table and isinstance(inner, list):
                    for each in inner:
                        self._refuse_unknown_keys(each, struct, (*path, key))
                elif is_table and isinstance(inner, dict):
                    for name, each in inner.items():
                        self._refuse_unknown_keys(each, struct, (*path, key, name))
                elif not is_table:
                    self._refuse_unknown_keys(inner, struct, (*path, key))

    def _refuse_secrets(self, value: object, path: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if (words := looks_like_secret(key)) is not None:
                    self._text.fail(
                        path, f"a key here looks like {words}; take it out and put a reference into token_ref"
                    )
                self._refuse_secrets(inner, (*path, key))
        elif isinstance(value, list):
            for inner in value:
                self._refuse_secrets(inner, path)
        elif (
            isinstance(value, str)
            and (words := looks_like_secret(value, is_address=_is_address(value, path))) is not None
        ):
            self._text.fail(
                path,
                f"the value looks like {words}. Tokens never go into a config: store it with gateway-console token set,"
                " or in an environment variable, and write its reference into token_ref",
            )

    def _convert(self, document: dict[str, object]) -> FileSettings:
        """Check types and limits, piece by piece: a complaint about the whole would not name the profile."""
        for piece, kind, path in _pieces(document):
            self._convert_piece(piece, kind, path)
        return self._convert_piece(document, FileSettings, ())

    def _convert_piece(self, piece: object, kind: type[_Settings], path: tuple[str, ...]) -> _Settings:
        try:
            return msgspec.convert(piece, kind)
        except msgspec.ValidationError as error:
            problem, _, pointer = str(error).partition(" - at ")
            self._text.fail((*path, *re.findall(r"[\w-]+", pointer.strip("`").removeprefix("$"))), _plain(problem))

    def _check_profile(self, name: str, profile: ProfileSettings) -> None:
        path = ("profiles", name)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            self._text.fail(path, "a profile's name has letters, digits, - and _ only, 40 at the most")
        self._check_gateway(profile.gateway, (*path, "gateway"))
        if not profile.routes:
            self._text.fail(
                (*path, "routes"), "names no route; add at least one, such as [profiles.NAME.routes.writer]"
            )
        for role, route in profile.routes.items():
            self._check_route(role, route, profile.gateway, (*path, "routes", role))
        for row in profile.family_facts:
            self._check_fact(row, (*path, "family_facts"))
        if profile.policy.checks and self._why_no_programs is not None:
            self._text.fail(
                (*path, "policy", "checks"),
                f"checks are programs, so they are taken from your own config file only: {self._why_no_programs}",
            )

    def _check_gateway(self, gateway: GatewaySettings, path: tuple[str, ...]) -> None:
        if isinstance(gateway.base_url, str) == isinstance(gateway.base_url_ref, str):
            self._text.fail(path, "needs exactly one of base_url and base_url_ref")
        if isinstance(gateway.base_url_ref, str) and not re.fullmatch(
            r"env:[A-Z_][A-Z0-9_]{0,127}", gateway.base_url_ref
        ):
            self._text.fail((*path, "base_url_ref"), "must be env:NAME, with NAME in capital letters, digits and _")
        if isinstance(gateway.base_url, str) and gateway.base_url != EMBEDDED:
            if (problem := check_base_url(gateway.base_url)) is not None:
                self._text.fail((*path, "base_url"), problem)
            if EMBEDDED in gateway.token_ref:
                self._text.fail(
                    (*path, "token_ref"), 'sim: is the embedded gateway\'s token; it never leaves base_url = "sim:"'
                )
        for reference in gateway.token_ref:
            self._check_reference(reference, (*path, "token_ref"))
        if gateway.vault_passphrase_ref:
            self._check_reference(gateway.vault_passphrase_ref, (*path, "vault_passphrase_ref"))
            if not gateway.vault_passphrase_ref.startswith("file:"):
                self._text.fail((*path, "vault_passphrase_ref"), "must be a file: reference, such as file:/PATH")
        for header, value in gateway.headers.items():
            self._check_header(header, value, (*path, "headers", header))

    def _check_reference(self, reference: str, path: tuple[str, ...]) -> None:
        if (problem := check_reference(reference)) is not None:
            self._text.fail(path, problem)
        if reference.startswith(_UNBOUND) and self._why_no_tokens is not None:
            scheme = reference.partition(":")[0]
            self._text.fail(path, f"{scheme}: hands out a token wherever the file says: {self._why_no_tokens}")
        if reference.startswith("cmd:") and self._why_no_programs is not None:
            self._text.fail(
                path, f"cmd: runs a program, so it is taken from your own config file only: {self._why_no_programs}"
            )

    def _check_header(self, name: str, value: str, path: tuple[str, ...]) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name) or not re.fullmatch(r"[!-~](?:[ -~]{0,998}[!-~])?", value):
            self._text.fail(path, "a header has a name of letters, digits and -, and a value of printable ASCII")
        if name.lower() in _OWN_HEADERS:
            self._text.fail(path, "this header is set by the console itself; a token goes into token_ref, by reference")

    def _check_route(self, role: str, route: RouteSettings, gateway: GatewaySettings, path: tuple[str, ...]) -> None:
        if role not in set(Role):
            self._text.fail(path, _unknown("role", role, [each.value for each in Role]))
        if route.endpoint_family not in set(EndpointFamily):
            families = [each.value for each in EndpointFamily]
            self._text.fail((*path, "endpoint_family"), _unknown("endpoint family", route.endpoint_family, families))
        if safe(route.model) != route.model or route.model != route.model.strip():
            self._text.fail((*path, "model"), "has a control character, an invisible one, or a space at an end")
        endpoint = route.endpoint_path
        if not endpoint.startswith("/"):
            self._text.fail(
                (*path, "endpoint_path"), "must begin with /, such as /v1/responses; the host belongs in base_url"
            )
        if not re.fullmatch(r"(?:/[A-Za-z0-9._~:\-]+)+", endpoint) or {"..", "."} & set(endpoint.split("/")):
            self._text.fail((*path, "endpoint_path"), "has a character or step that an endpoint path does not have")
        base = gateway.base_url
        if isinstance(base, str) and base != EMBEDDED and is_doubled(base, endpoint):
            self._text.fail(
                ("profiles", path[1], "gateway", "base_url"),
                "base_url ends in /v1 and endpoint_path begins with /v1: the call would go to /v1/v1/…;"
                " take /v1 off base_url",
            )

    def _check_fact(self, row: FamilyFactSettings, path: tuple[str, ...]) -> None:
        named = [*row.allowed, *(each for each in (row.required, row.tools_with_reasoning) if isinstance(each, str))]
        if not row.allowed:
            self._text.fail(path, "allowed names no endpoint family")
        for family in named:
            if family not in set(EndpointFamily):
                self._text.fail(path, _unknown("endpoint family", family, [each.value for each in EndpointFamily]))
            if family not in row.allowed:
                self._text.fail(path, "required and tools_with_reasoning have to be among the allowed families")
        if (problem := check_pattern(row.pattern)) is not None:
            self._text.fail(path, f"pattern {problem}")

    def _table(self, name: str, profile: ProfileSettings) -> RouteTable:
        return RouteTable(
            tuple(
                Route(
                    role,
                    route.model,
                    EndpointFamily(route.endpoint_family),
                    route.endpoint_path,
                    self._text.line_of(("profiles", name, "routes", role.value)),
                    tuple(route.served_as),
                )
                for role in Role
                if (route := profile.routes.get(role.value)) is not None
            )
        )


_ADDRESSES = (("base_url",), ("ca_file",), ("source_url",))


def _fact(row: FamilyFactSettings) -> FamilyFact:
    def family(name: object) -> EndpointFamily | None:
        return EndpointFamily(name) if isinstance(name, str) else None

    return FamilyFact(
        pattern=re.compile(row.pattern),
        required=family(row.required),
        allowed=tuple(EndpointFamily(name) for name in row.allowed),
        tools_with_reasoning=family(row.tools_with_reasoning),
        confidence="high",
        source_url=safe(row.source_url),
        note=safe(row.note),
        checked_on=row.checked_on,
        is_own=True,
    )


def _is_address(value: str, path: tuple[str, ...]) -> bool:
    return path[-1:] in _ADDRESSES or (path[-1:] == ("token_ref",) and value.startswith("file:/"))


_OWN_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "anthropic-version", "api-key", "authorization", "connection", "content-encoding",
        "content-length", "content-type", "cookie", "expect", "host", "proxy-authorization", "transfer-encoding",
        "upgrade", "user-agent", "x-api-key", "x-goog-api-key",
    }
)  # fmt: skip


def _pieces(document: dict[str, object]) -> Iterator[tuple[object, type[Struct], tuple[str, ...]]]:
    """Yield the parts of a document that are checked on their own, with their paths."""
    profiles = document.get("profiles")
    for name, profile in profiles.items() if isinstance(profiles, dict) else ():
        if not isinstance(profile, dict):
            continue
        if "gateway" in profile:
            yield profile["gateway"], GatewaySettings, ("profiles", name, "gateway")
        if "policy" in profile:
            yield profile["policy"], PolicySettings, ("profiles", name, "policy")
        if "instructions" in profile:
            yield profile["instructions"], InstructionSettings, ("profiles", name, "instructions")
        facts = profile.get("family_facts")
        for row in facts if isinstance(facts, list) else ():
            yield row, FamilyFactSettings, ("profiles", name, "family_facts")
        routes = profile.get("routes")
        for role, route in routes.items() if isinstance(routes, dict) else ():
            yield route, RouteSettings, ("profiles", name, "routes", role)
        yield profile, ProfileSettings, ("profiles", name)


def _structs_in(kind: object) -> Iterator[tuple[type, bool]]:
    """Yield the struct that a field holds, and whether it holds a table of them."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind, False
    for inner in getattr(kind, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, Struct):
            yield inner, True


def _nearest(word: str, known: object) -> str:
    names = sorted(str(each) for each in known) if isinstance(known, dict | list) else []
    close = difflib.get_close_matches(word[:100], names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(names)}"


def _unknown(noun: str, word: str, known: object) -> str:
    shown = "" if looks_like_secret(word) else f' "{safe(word, limit=60)}"'
    return f"unknown {noun}{shown}; {_nearest(word, known)}"


def _plain(problem: str) -> str:
    """Put a validator's complaint into words for an operator; it names types and limits, never a value."""
    if missing := re.search(r"missing required field `(\w+)`", problem):
        return f"{missing[1]} is missing"
    if problem.startswith("Invalid enum value") or "Invalid literal" in problem:
        return "is not one of the values that this setting takes; see sample_config.toml"
    if "matching regex" in problem:
        return "must be a date such as 2023-06-01"
    if "Expected `array`" in problem:
        return 'must be a list, such as ["env:MODEL_GATEWAY_TOKEN"]'
    if "of length >= 1" in problem:
        return "is empty"
    return f"{problem[:1].lower()}{problem[1:]}".replace("`", "")
