"""The story of the demo: its prepared tasks, and the scenarios that a run can show. They are rows in `story.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SCENARIOS_PROFILE = "scenarios"
"""The built-in profile whose named routes make the scenarios."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A behaviour of the models that a run shows."""

    name: str
    words: str
    """What there is to see."""
    routes: tuple[str, ...] = ()
    """The routes of the profile `scenarios` to use instead of their roles' own; none if all goes well."""


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task for the sample repository."""

    name: str
    title: str
    kind: str
    scenario: str
    """The scenario that suits it."""
    context: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the demo offers."""

    tasks: tuple[PreparedTask, ...]
    scenarios: tuple[Scenario, ...]
    files: Mapping[str, str]
    """The texts of the sample repository, by path."""

    def scenario(self, name: str) -> Scenario:
        """Return the scenario of a name. Raises `KeyError` if there is none."""
        return {each.name: each for each in self.scenarios}[name]


@cache
def story() -> Story:
    """Return the story, read once."""
    table: dict[str, list[dict[str, Any]]] = tomllib.loads(
        files(__package__).joinpath("story.toml").read_text(encoding="utf-8")
    )
    return Story(
        tuple(
            PreparedTask(**{**row, "context": tuple(row["context"]), "text": " ".join(row["text"].split()) + "\n"})
            for row in table["task"]
        ),
        tuple(Scenario(**{**row, "routes": tuple(row.get("routes", ()))}) for row in table["scenario"]),
        {row["path"]: row["text"].lstrip("\n") for row in table["file"]},
    )
