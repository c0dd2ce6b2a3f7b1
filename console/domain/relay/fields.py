"""What a client may put into a call that leads it past its route, or costs more than what is set aside for it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from console.domain.facts.load import load_facts


class Uncounted(StrEnum):
    """What a call may cost beyond what is set aside for it."""

    STORED_INPUT = "stored_input"
    """It goes on from what the gateway has stored, so what it reads is not in its body."""
    SERVER_TOOLS = "server_tools"
    """It lets the gateway use tools, which have a price of their own and whose results the model reads."""
    SERVICE_TIER = "service_tier"
    """It asks for a service at another price."""

    @property
    def words(self) -> str:
        """What it is, for a person."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Detour:
    """What a gateway takes for another model, address or provider than the route's."""

    place: str
    """Where it stands: `header`, `query`, or `body` for a key of the outermost object."""
    name: str
    """In lower case; a `*` at its end stands for any rest."""
    gateway: str
    """The gateway that goes by it."""

    @property
    def words(self) -> str:
        """Why a call that has it is refused, and what to do."""
        return (
            f"the call has {self.name} in its {self.place}, by which {self.gateway} can take it to another model or"
            " address than the route's. Nothing was sent. Remove it; headers that every call needs are set in"
            " gateway.headers"
        )

    def meets(self, name: str) -> bool:
        """Return whether a name, in lower case, is the one."""
        return name.startswith(self.name[:-1]) if self.name.endswith("*") else name == self.name


def detour_in(
    headers: Iterable[tuple[str, str]], query: str, keys: Collection[str], own: Collection[str]
) -> Detour | None:
    """Return what could lead a call past its route; None if nothing could.

    Args:
        headers: The client's headers.
        query: Its query, as it was written.
        keys: The keys of the body's outermost object, case folded.
        own: The names, in lower case, of headers that the operator has set for every call: the client's do not go on.

    """
    named = {
        "header": {name.lower() for name, _ in headers}.difference(own),
        "query": {unquote_plus(each.partition("=")[0]).strip().casefold() for each in re.split("[&;]", query)},
        "body": keys,
    }
    return next((each for each in _detours() if any(map(each.meets, named[each.place]))), None)


def uncounted_in(values: Mapping[str, object]) -> tuple[Uncounted, ...]:
    """Return what a call costs beyond what is set aside for it.

    Args:
        values: The values of the body's outermost object that `uncounted_keys` names, by their keys.

    """
    return tuple(row.kind for row in _uncounted() if row.is_in(values))


def offers_server_tools(types: Iterable[str]) -> bool:
    """Return whether tools of some of these types are the gateway's to run; the answer shows whether it did."""
    heads = tuple(head for row in _uncounted() for head in row.tools)
    return any(each.startswith(heads) for each in types)


@cache
def server_tool_signs() -> tuple[str, ...]:
    """Return the types of an answer's items which say that the gateway has used a tool."""
    return tuple(sign for row in _uncounted() for sign in row.signs)


@cache
def uncounted_keys() -> frozenset[str]:
    """Return the keys of a body that `uncounted_in` asks for."""
    return frozenset(key for row in _uncounted() for key in row.keys)


@dataclass(frozen=True, slots=True)
class _UncountedRow:
    kind: Uncounted
    keys: frozenset[str]
    values: frozenset[str]
    """What the key's value is; any but null and false, if empty."""
    tools: tuple[str, ...]
    signs: tuple[str, ...]

    def is_in(self, values: Mapping[str, object]) -> bool:
        found = [values[key] for key in self.keys if key in values]
        return any(isinstance(each, str) and each in self.values for each in found) if self.values else any(found)


@cache
def _table() -> dict[str, Any]:
    return load_facts("relay_fields")


@cache
def _detours() -> tuple[Detour, ...]:
    return tuple(Detour(row["in"], name, row["gateway"]) for row in _table()["detour"] for name in row["names"])


@cache
def _uncounted() -> tuple[_UncountedRow, ...]:
    return tuple(
        _UncountedRow(
            Uncounted(row["kind"]),
            frozenset(row["keys"]),
            frozenset(row.get("values", ())),
            tuple(row.get("tools", ())),
            tuple(row.get("signs", ())),
        )
        for row in _table()["uncounted"]
    )
