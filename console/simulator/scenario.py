"""Scenarios: what the embedded gateway does for which model, read from `scenarios.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from console.domain.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: a pattern of model names and what happens to a call for them."""

    pattern: re.Pattern[str]
    families: frozenset[EndpointFamily]
    kind: Literal["error", "cut", "html", "redirect", "elsewhere"]
    status: int = 200
    code: str = ""
    type: str = ""
    message: str = ""
    after_events: int = 0
    """For a cut: how many events are sent before the end."""
    answers_as: str = ""
    """For an answer from elsewhere: the model that it names; empty for the one asked for."""
    id_prefix: str = ""
    """For an answer from elsewhere: what its id begins with; empty for what the family's vendor writes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """For an answer from elsewhere: more headers."""


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return all rows in order."""
    table = tomllib.loads(files(__package__).joinpath("scenarios.toml").read_text(encoding="utf-8"))
    return tuple(
        Scenario(
            pattern=re.compile(row["pattern"]),
            families=frozenset(EndpointFamily(name) for name in row.get("families", list(EndpointFamily))),
            **{key: value for key, value in row.items() if key not in ("pattern", "families")},
        )
        for row in table["scenario"]
    )


def scenario_for(model: str, family: EndpointFamily) -> Scenario | None:
    """Return the row that decides for a model on a family; None where the call is to be answered well."""
    return next((row for row in scenarios() if family in row.families and row.pattern.search(model)), None)


def has_scenario(model: str) -> bool:
    """Tell whether a row names a model, on whichever family."""
    return any(row.pattern.search(model) for row in scenarios())
