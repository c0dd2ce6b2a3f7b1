"""Scenarios: what the embedded gateway does for which model, read from `scenarios.toml`."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from console.domain.routes.family import EndpointFamily


@dataclass(frozen=True, slots=True)
class ScriptedFinding:
    """A finding that a judge reports in any draft."""

    severity: str
    note: str
    area: str = "unsupported_claim"
    """The area a critic assigns; a reviewer names none."""
    about: str = ""
    """A word of the line that it quotes, if the draft has one; empty for the draft's first line."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a model behaves in the roles of a run; without any field, it behaves well."""

    until_attempt: int = 0
    """The last attempt on which it behaves like this; 0 for all of them."""
    hides_source: bool = False
    """It reports no instruction source."""
    more_lines: Sequence[str] = ()
    """Lines that its draft has in addition to the good ones."""
    secret_pieces: Sequence[str] = ()
    """The parts of a made-up key in its draft, joined with '-', so that no scanner finds the key here."""
    more_path: str = ""
    """Another file that its patch adds."""
    more_path_lines: Sequence[str] = ()
    scores: Sequence[int] = ()
    """Its scores, in turn; empty for good ones."""
    finding: ScriptedFinding | None = None
    """Its findings as a judge."""
    evidence: str = ""
    """Its evidence, instead of words from the draft."""
    forges_nonce: bool = False
    """It answers with another nonce than the one in its prompt."""
    prose: str = ""
    """Its answer, instead of JSON."""


WELL = Conduct()
"""The behaviour of models that no scenario names."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: a pattern of model names and what happens to a call for them."""

    pattern: re.Pattern[str]
    families: frozenset[EndpointFamily]
    kind: Literal["error", "cut", "html", "redirect", "elsewhere", "role"]
    status: int = 200
    code: str = ""
    type: str = ""
    message: str = ""
    after_events: int = 0
    """For a cut: how many events are sent before the end."""
    answers_as: str = ""
    """For an answer from elsewhere: the model that it names; empty for the requested one."""
    id_prefix: str = ""
    """For an answer from elsewhere: the prefix of its id; empty for the family vendor's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """For an answer from elsewhere: additional headers."""
    conduct: Conduct = WELL
    """For a role: how the model behaves in a run."""


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return all rows in order."""
    table = tomllib.loads(files(__package__).joinpath("scenarios.toml").read_text(encoding="utf-8"))
    return tuple(
        Scenario(
            pattern=re.compile(row["pattern"]),
            families=frozenset(EndpointFamily(name) for name in row.get("families", list(EndpointFamily))),
            conduct=_conduct(row.get("conduct", {})),
            **{key: value for key, value in row.items() if key not in ("pattern", "families", "conduct")},
        )
        for row in table["scenario"]
    )


def _conduct(row: Mapping[str, Any]) -> Conduct:
    finding = ScriptedFinding(**row["finding"]) if "finding" in row else None
    return Conduct(**{**row, "finding": finding})


def scenario_for(model: str, family: EndpointFamily) -> Scenario | None:
    """Return the row for a model on a family; None if the call gets a good answer."""
    return next((row for row in scenarios() if family in row.families and row.pattern.search(model)), None)


def has_scenario(model: str) -> bool:
    """Return whether a row names a model, on any family."""
    return any(row.pattern.search(model) for row in scenarios())
