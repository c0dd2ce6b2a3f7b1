"""Where agents look for their settings, in their own order: facts as data, each table with its source and date."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from console.domain.agent_settings.source import Level
from console.domain.facts.load import AGENT_READING, load_facts, names_in


@dataclass(frozen=True, slots=True)
class LayerFact:
    """A file that an agent reads."""

    path: str
    """With places in angle brackets, such as `<home>`; from the directory of `each` on if it names none."""
    level: Level
    format: str
    """`toml`, `jsonc`, `yaml`, `env` or `opaque`, which is not read."""
    kind: str
    stronger: str
    """A second file in the same directories, each of which comes over the first one there; empty if there is none."""
    each: str
    """For a file of the project: `here`, `root`, `chain` (root to here) or `up` (from / to here)."""
    is_tried: bool
    is_store: bool
    needs_trust: bool
    """Whether the agent uses it only where the user trusts the project."""
    ignores: tuple[str, ...]
    """Its keys that the agent does not take from there."""
    off_if: str
    """The variable that keeps the agent from it."""
    note: str


@dataclass(frozen=True, slots=True)
class WriteFact:
    """The user's own file into which settings are written."""

    path: str
    format: str
    table: str
    """The table that gets variables; empty if the set-up has the file itself."""
    leave_out: tuple[str, ...]
    """Keys of the set-up that are for a run without a person, and not written."""
    variable: str
    """How the file names a variable that holds the key, with `<name>` in it; empty if it cannot."""
    names: Mapping[str, str]
    """The file's own keys for variables of the set-up; empty if it has the variables' names or a file of its own."""


@dataclass(frozen=True, slots=True)
class ReadingFacts:
    """How an agent reads its settings."""

    agent: str
    version: str
    checked_on: str
    source: str
    default_url: str
    variables: tuple[str, ...]
    """Variables that it reads; a `*` at the end stands for any rest."""
    has_own_variables: bool
    """Whether no other program reads them: then they alone say that the agent is in use."""
    layers: tuple[LayerFact, ...]
    """The weakest first."""
    unseen: tuple[str, ...]
    """What may change its calls and cannot be seen from here, one sentence each."""
    write: WriteFact | None
    why_not_written: str
    """Why the console writes no settings for it; empty if it does."""

    def reads(self, variable: str) -> bool:
        """Return whether it reads a variable."""
        return any(
            variable.startswith(each[:-1]) if each.endswith("*") else variable == each for each in self.variables
        )


@cache
def reading_facts() -> Mapping[str, ReadingFacts]:
    """Return the facts of all agents by their ids."""
    found = (_read(load_facts(name)) for name in names_in(AGENT_READING))
    return {each.agent: each for each in found}


def _read(table: Mapping[str, Any]) -> ReadingFacts:
    write = table.get("write")
    return ReadingFacts(
        agent=table["agent"],
        version=table["version"],
        checked_on=table["checked_on"],
        source=table["source"],
        default_url=table["default_url"],
        variables=tuple(table["variables"]),
        has_own_variables=table.get("own_variables", False),
        layers=tuple(_layer(row) for row in table["layer"]),
        unseen=tuple(table["unseen"]),
        write=None
        if write is None
        else WriteFact(
            write["path"],
            write["format"],
            write.get("table", ""),
            tuple(write["leave_out"]),
            write["variable"],
            write.get("names", {}),
        ),
        why_not_written=table.get("why_not_written", ""),
    )


def _layer(row: Mapping[str, Any]) -> LayerFact:
    return LayerFact(
        path=row["path"],
        level=Level(row["level"]),
        format=row["format"],
        kind=row.get("kind", "config"),
        stronger=row.get("stronger", ""),
        each=row.get("each", ""),
        is_tried=row["tried"],
        is_store=row.get("store", False),
        needs_trust=row.get("trusted", False),
        ignores=tuple(row.get("ignores", ())),
        off_if=row.get("off_if", ""),
        note=row.get("note", ""),
    )
