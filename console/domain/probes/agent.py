"""Coding agents as they are: what each one sends first, as recorded. A row is a fact with a version and a day."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache

from console.domain.facts.load import AGENT_SHAPES, facts_text, names_in
from console.domain.facts.overview import FRESH_DAYS
from console.domain.facts.row import FactRow, parse_facts
from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.family import EndpointFamily

_VENDOR = re.compile(r"^.*/")
_BODY_LIMIT = 200_000
"""The most characters of a recorded body; the longest is 30,000."""
_PLACED = re.compile(r"[!-~]{0,200}")


class ShapeOrigin(StrEnum):
    """Where the shapes of an agent come from."""

    BUILT_IN = "built_in"
    """They came with the console."""
    CAPTURED = "captured"
    """`prove` captured them on this machine."""


@dataclass(frozen=True, slots=True)
class ShapeSource:
    """Where a shape comes from."""

    origin: ShapeOrigin
    version: str
    """The agent's."""
    recorded_on: date

    def __str__(self) -> str:
        how = "captured on this machine" if self.origin is ShapeOrigin.CAPTURED else "as it came with the console"
        return f"the shape of {self.version}, {how}, of {self.recorded_on}"


@dataclass(frozen=True, slots=True)
class AgentShape:
    """The first call of an agent on one family, for the models that it treats alike."""

    family: EndpointFamily
    models: tuple[str, ...]
    """How the ids begin of which it sends this; empty means all other ids."""
    recorded_with: str
    """The model that it was told to use when this was recorded; empty means an alias that no agent knows."""
    path: str
    query: str
    """What it adds to the path."""
    headers: Mapping[str, str]
    """The headers that are its own, with placeholders."""
    body: str
    """JSON in which placeholders stand for texts, ids, the model and the prompt."""
    limit_key: str
    """The key that limits its answer; empty if it sets no limit."""
    size_bytes: int
    """The size of the body that was recorded."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent in one version."""

    id: str
    name: str
    version: str
    recorded_on: date
    source: str
    before: tuple[str, ...]
    """The requests that it may make before its first call, as `METHOD path`."""
    not_known: str
    """What was not recorded, so that something else stands for it; empty if everything was."""
    betas: Mapping[str, str]
    """The beta that allows a field of the body, by the field's name."""
    shapes: tuple[AgentShape, ...]
    origin: ShapeOrigin = ShapeOrigin.BUILT_IN

    @property
    def title(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.version}"

    @property
    def shape_source(self) -> ShapeSource:
        """Where its shapes come from."""
        return ShapeSource(self.origin, self.version, self.recorded_on)

    @property
    def families(self) -> tuple[EndpointFamily, ...]:
        """The families that it speaks."""
        return tuple(dict.fromkeys(shape.family for shape in self.shapes))

    def shape_for(self, family: EndpointFamily, model: str) -> AgentShape | None:
        """Return what it sends on a family for a model; None if it does not speak the family.

        The longest beginning decides; a provider's name before the model, as in `openai/gpt-5.5`, does not count.
        """
        name = _VENDOR.sub("", model)
        fitting = [
            (max((len(each) for each in shape.models if name.startswith(each)), default=0), shape)
            for shape in self.shapes
            if shape.family is family and (not shape.models or name.startswith(shape.models))
        ]
        return max(fitting, key=lambda each: each[0])[1] if fitting else None

    def check_age(self, now: float) -> tuple[Finding, ...]:
        """Return a finding if the recording is older than `FRESH_DAYS`.

        Args:
            now: Unix time in seconds.

        """
        days = (datetime.fromtimestamp(now, tz=UTC).date() - self.recorded_on).days
        if days <= FRESH_DAYS:
            return ()
        return (finding_of("AGT-15", "stale", f"{self.title} was recorded on {self.recorded_on}, {days} days ago"),)


@cache
def agents() -> Mapping[str, Agent]:
    """Return all agents, as they came with the console, by their ids."""
    found = (read_agent(facts_text(name)) for name in names_in(AGENT_SHAPES))
    return {agent.id: agent for agent in found}


def read_agent(text: str, origin: ShapeOrigin = ShapeOrigin.BUILT_IN) -> Agent:
    """Read an agent's table.

    Raises:
        FactsError: It has a fault.

    """
    row = parse_facts(text)
    word = r"[a-z][a-z0-9-]{0,31}"
    agent = Agent(
        id=row.matching("agent", word, "must be an agent's id"),
        name=row.text("name"),
        version=row.matching("version", r"\d{1,6}(\.\d{1,6}){1,3}", "must be a version, such as 1.20.3"),
        recorded_on=row.day("recorded_on"),
        source=row.text("source", ""),
        before=row.texts("before", r"[A-Z]{3,7} /[!-~]{0,200}", "must be METHOD /path", is_optional=True),
        not_known=row.text("not_known", ""),
        betas=row.table("betas", is_optional=True),
        shapes=tuple(map(_shape, row.rows("shape"))),
        origin=origin,
    )
    row.end()
    return agent


def _shape(row: FactRow) -> AgentShape:
    shape = AgentShape(
        family=row.made("family", EndpointFamily, "must be an endpoint family"),
        models=row.texts("models", r"[!-~]{1,100}", "must be beginnings of models' ids", is_optional=True),
        recorded_with=row.text("recorded_with", ""),
        path=row.matching("path", r"/[!-~]{0,200}", "must be a path"),
        query=row.matching("query", _PLACED.pattern, "must be a query", ""),
        headers=row.table("headers"),
        body=row.lines("body", _BODY_LIMIT),
        limit_key=row.text("limit_key", ""),
        size_bytes=row.count("size_bytes"),
    )
    row.end()
    try:
        body = json.loads(shape.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise row.fault("body", "must be a JSON object")
    return shape
