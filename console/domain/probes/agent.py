"""Coding agents as they are: what each one sends first, as recorded. A row is a fact with a version and a day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from console.domain.facts.load import AGENT_SHAPES, load_facts, names_in
from console.domain.facts.overview import FRESH_DAYS
from console.domain.finding import Finding
from console.domain.probes.assertion import finding_of
from console.domain.routes.family import EndpointFamily

_VENDOR = re.compile(r"^.*/")


@dataclass(frozen=True, slots=True)
class AgentShape:
    """The first call of an agent on one family, for the models that it treats alike."""

    family: EndpointFamily
    provider: str
    """The kind of provider that the agent's own config names; empty if it has one kind."""
    models: tuple[str, ...]
    """How the ids begin of which it sends this; empty means all other ids."""
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

    @property
    def title(self) -> str:
        """Its name and version."""
        return f"{self.name} {self.version}"

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
    """Return all agents by their ids."""
    found = (_read(name) for name in names_in(AGENT_SHAPES))
    return {agent.id: agent for agent in found}


def _read(name: str) -> Agent:
    table = load_facts(name)
    return Agent(
        id=table["agent"],
        name=table["name"],
        version=table["version"],
        recorded_on=table["recorded_on"],
        source=table["source"],
        before=tuple(table["before"]),
        not_known=table["not_known"],
        betas=table.get("betas", {}),
        shapes=tuple(
            AgentShape(
                family=EndpointFamily(row["family"]),
                provider=row["provider"],
                models=tuple(row["models"]),
                query=row["query"],
                headers=row["headers"],
                body=row["body"],
                limit_key=row["limit_key"],
                size_bytes=row["size_bytes"],
            )
            for row in table["shape"]
        ),
    )
