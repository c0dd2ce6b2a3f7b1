"""Coding agents as recorded: the facts are whole and without content, and the right shape is found for a model."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from console.domain.facts.overview import FRESH_DAYS
from console.domain.finding import Severity
from console.domain.probes.agent import Agent, AgentShape, agents
from console.domain.probes.agent_feature import FeatureKind, features_of
from console.domain.probes.agent_id import AGENT_IDS
from console.domain.routes.family import EndpointFamily

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
SHAPES = [(agent, shape) for agent in agents().values() for shape in agent.shapes]
named = pytest.mark.parametrize(("agent", "shape"), SHAPES, ids=lambda each: getattr(each, "id", None))


def test_the_ids_are_those_of_the_facts() -> None:
    assert tuple(agents()) == AGENT_IDS


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, key)
    elif isinstance(value, str):
        yield key, value


@named
def test_no_text_of_an_agent_is_in_its_facts(agent: Agent, shape: AgentShape) -> None:
    texts = [*_texts(json.loads(shape.body)), *((name, value) for name, value in shape.headers.items())]
    kept = [text for key, text in texts if key not in ("enum", "pattern")]
    prose = [text for text in kept if " " in text and not re.fullmatch(r"<(grammar of )?\d+ characters>", text)]
    assert prose == []
    assert [text for text in kept if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)] == []


@named
def test_a_shape_names_its_model_its_prompt_and_a_size(agent: Agent, shape: AgentShape) -> None:
    body = json.loads(shape.body)
    assert body["model"] == "<model>"
    assert body["stream"] is True
    assert shape.body.count('"<prompt>"') == 1
    assert 10_000 < shape.size_bytes < 200_000
    assert not shape.limit_key or isinstance(body[shape.limit_key], int)
    assert {name for name in shape.headers if name != name.lower()} == set()
    assert not {"authorization", "x-api-key", "user-agent"} & set(shape.headers)


@named
def test_every_shape_has_features_that_a_plain_call_has_not(agent: Agent, shape: AgentShape) -> None:
    kinds = {feature.kind for feature in features_of(agent, shape)}
    assert FeatureKind.BODY_KEY in kinds


@pytest.mark.parametrize(
    ("model", "first"),
    [
        ("gpt-6-sol", "gpt-6"),
        ("openai/gpt-6.2-astra", "gpt-6"),
        ("azure/eu/gpt-5.6-terra", "gpt-5.6-sol"),
        ("gpt-5.6-luna", "gpt-5.6-luna"),
        ("gpt-5.5-2026-01-01", "gpt-5.5"),
        ("gpt-5.4", None),
        ("team-coder", None),
        ("", None),
    ],
)
def test_codex_s_shape_depends_on_the_model(model: str, first: str | None) -> None:
    shape = agents()["codex"].shape_for(R, model)
    assert shape is not None
    assert (shape.models[0] if shape.models else None) == first


def test_the_longest_beginning_decides() -> None:
    codex = agents()["codex"]
    lite, other = codex.shapes[0], codex.shapes[-1]
    narrow = AgentShape(R, ("gpt-6-sol",), "", "/v1/responses", "", {}, other.body, "", 20_000)
    agent = Agent("a", "A", "1", date(2026, 12, 1), "", (), "", {}, (other, lite, narrow))
    assert agent.shape_for(R, "gpt-6-sol") is narrow
    assert agent.shape_for(R, "gpt-6-luna") is lite
    assert agent.shape_for(R, "alias") is other


@pytest.mark.parametrize(
    ("name", "families"),
    [("codex", {R}), ("claude-code", {M}), ("copilot", {R, M, C}), ("opencode", {R, M, C})],
)
def test_an_agent_has_no_shape_on_a_family_that_it_does_not_speak(name: str, families: set[EndpointFamily]) -> None:
    agent = agents()[name]
    assert set(agent.families) == families
    assert {family for family in EndpointFamily if agent.shape_for(family, "m") is not None} == families


@pytest.mark.parametrize(("days", "is_old"), [(0, False), (FRESH_DAYS, False), (FRESH_DAYS + 1, True), (400, True)])
def test_an_old_recording_is_said_to_be_old(days: int, *, is_old: bool) -> None:
    agent = agents()["codex"]
    now = datetime.combine(agent.recorded_on + timedelta(days=days), datetime.min.time(), UTC).timestamp()
    found = agent.check_age(now)
    assert [(each.id, each.severity) for each in found] == ([("AGT-15", Severity.INFO)] if is_old else [])
    assert all(f"{days} days ago" in each.evidence for each in found)
