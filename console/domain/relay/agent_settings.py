"""How a coding agent is set up for a relay: its variables, its files and its headless command, as data with a date."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from console.domain.facts.load import AGENT_SETTINGS, load_facts, names_in
from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class Place:
    """What is put into an agent's settings."""

    origin: str
    """Where the relay listens."""
    key: str
    model: str
    """What the client names: a route's key, such as `writer`, or a model."""
    home: str = ""
    """The agent's own home; empty if the operator writes the files."""
    task: str = ""

    def fill(self, text: str) -> str:
        """Return a text with everything put in. What is put in is not searched again."""
        filled = {"origin": self.origin, "key": self.key, "model": self.model, "home": self.home, "task": self.task}
        filled["model:escaped"] = json.dumps(self.model, ensure_ascii=False)[1:-1]
        parts = text.split("<")
        shown = [parts[0]]
        for part in parts[1:]:
            name, closed, rest = part.partition(">")
            shown.append(filled[name] + rest if closed and name in filled else f"<{part}")
        return "".join(shown)


@dataclass(frozen=True, slots=True)
class Setup:
    """How an agent is told where to call, and run without a person."""

    variables: Mapping[str, str]
    files: Mapping[str, str]
    """Texts by their paths in the agent's home."""
    command: tuple[str, ...]
    """The arguments of a run without a person."""
    note: str


@dataclass(frozen=True, slots=True)
class FamilySettings(Setup):
    """An agent's settings for one family."""

    family: EndpointFamily
    write_command: tuple[str, ...] | None = None
    """The arguments with which it works on the files of its directory, the task on stdin; None if it is not known."""
    held_command: tuple[str, ...] | None = None
    """The same where something else holds the agent, so that it has no sandbox of its own; None if it has none."""


@dataclass(frozen=True, slots=True)
class ForeignSettings(Setup):
    """An agent's settings for a protocol that none of the families is: with them it is refused."""

    protocol: str


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """An agent in the version whose settings are known."""

    id: str
    name: str
    aliases: tuple[str, ...]
    version: str
    """Empty if no version was tried."""
    checked_on: str
    source: str
    is_tried: bool
    """Whether it was run with these settings; if not, they are what its documentation says."""
    program: str
    install: str
    settings: tuple[FamilySettings, ...]
    foreign: ForeignSettings | None = None
    """Only for an agent that speaks none of the families."""

    @property
    def families(self) -> tuple[EndpointFamily, ...]:
        """The families that it speaks, the one to prefer first."""
        return tuple(each.family for each in self.settings)

    def on(self, family: EndpointFamily) -> FamilySettings | None:
        """Return its settings for a family; None if it does not speak it."""
        return next((each for each in self.settings if each.family is family), None)


@cache
def agent_settings() -> Mapping[str, AgentSettings]:
    """Return all agents by their ids."""
    found = (_read(name) for name in names_in(AGENT_SETTINGS))
    return {each.id: each for each in found}


def settings_of(name: str) -> AgentSettings | None:
    """Return the agent that a word names: its id, the same with hyphens, or an alias; None if none does."""
    wanted = name.replace("-", "_")
    return next((each for each in agent_settings().values() if wanted in (each.id, *each.aliases)), None)


def _read(name: str) -> AgentSettings:
    table = load_facts(name)
    return AgentSettings(
        id=table["agent"],
        name=table["name"],
        aliases=tuple(table["aliases"]),
        version=table["version"],
        checked_on=table["checked_on"],
        source=table["source"],
        is_tried=table["tried"],
        program=table["program"],
        install=table["install"],
        settings=tuple(
            FamilySettings(
                **_setup(row),
                family=EndpointFamily(row["family"]),
                write_command=tuple(row["write_command"]) if "write_command" in row else None,
                held_command=tuple(row["held_command"]) if "held_command" in row else None,
            )
            for row in table.get("settings", ())
        ),
        foreign=ForeignSettings(**_setup(table["foreign"]), protocol=table["foreign"]["protocol"])
        if "foreign" in table
        else None,
    )


def _setup(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "variables": row["variables"],
        "files": {path: text.lstrip("\n") for path, text in row["files"].items()},
        "command": tuple(row["command"]),
        "note": row["note"],
    }
