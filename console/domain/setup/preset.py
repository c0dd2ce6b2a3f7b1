"""Presets: the gateways that the set-up knows by name, as data with a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from console.domain.facts.load import facts_text
from console.domain.facts.row import FactRow, parse_facts
from console.domain.routes.family import EndpointFamily

_NAME = r"[a-z0-9][a-z0-9-]{0,30}"
_PLACE = re.compile(r"(?<=/)[A-Z]{3,}(?=/|$)")


class TokenNeed(StrEnum):
    """Whether a gateway takes a token."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Preset:
    """A gateway that is known by name."""

    name: str
    title: str
    base_url: str
    """The address, without the endpoint's path; a step in capitals is the caller's own."""
    is_own: bool
    """Whether each operator has a server of their own: `base_url` is then where it listens by default."""
    token: TokenNeed
    token_variables: tuple[str, ...]
    """The environment variables in which its documents or examples have the token."""
    auth: str
    """The header that carries the token, as in a profile's gateway."""
    paths: Mapping[EndpointFamily, str]
    """The endpoint's path of each family; empty if the documented addresses have the gateway's host."""
    headers: Mapping[str, str]
    """More headers that a call may need, by name, with what they are for."""
    catalogue: str
    """How its list of models looks, as a clause."""
    note: str
    """What one has to know, as a clause; empty if nothing."""
    source_url: str
    checked_on: str
    """ISO date."""
    is_second_hand: bool
    """Whether someone other than its vendor says so."""

    @property
    def places(self) -> tuple[str, ...]:
        """The steps of the address that are the caller's own, as `ACCOUNT`."""
        return tuple(_PLACE.findall(self.base_url))

    def filled(self, places: Mapping[str, str]) -> str:
        """Return the address with the caller's own steps.

        Args:
            places: What stands for each of `places`.

        """
        return _PLACE.sub(lambda found: places[found[0]], self.base_url)


@cache
def presets() -> tuple[Preset, ...]:
    """Return the known gateways."""
    table = parse_facts(facts_text("presets"))
    checked_on = table.date("checked_on")
    found = tuple(_read(row, checked_on) for row in table.rows("preset"))
    table.end()
    return found


def preset_named(name: str) -> Preset | None:
    """Return the preset of a name, in any case; None if there is none."""
    return next((each for each in presets() if each.name == name.strip().lower()), None)


def _read(row: FactRow, checked_on: str) -> Preset:
    words = "must be an address that begins with https://, or with http:// on loopback"
    preset = Preset(
        name=row.matching("name", _NAME, "must be a name in lower case"),
        title=row.text("title"),
        base_url=row.matching("base_url", r"https://[!-~]{4,200}|http://127\.0\.0\.1:\d{2,5}", words),
        is_own=row.flag("is_own"),
        token=row.made("token", TokenNeed, "must be needed, optional or none"),
        token_variables=row.texts("token_variables", "[A-Z_][A-Z0-9_]{0,80}", "names of variables", is_optional=True),
        auth=row.matching("auth", "[a-z-]{1,40}", "must be a header's name", default="bearer"),
        paths={EndpointFamily(family): path for family, path in row.table("paths", is_optional=True).items()},
        headers=row.table("headers", is_optional=True),
        catalogue=row.text("catalogue"),
        note=row.text("note", default=""),
        source_url=row.url("source_url"),
        checked_on=row.date("checked_on", default=checked_on),
        is_second_hand=row.flag("is_second_hand"),
    )
    row.end()
    return preset
