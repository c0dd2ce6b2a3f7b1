"""An agent's first call made from its shape: as large as the recorded one, and no placeholder is left."""

import json
import re
from collections.abc import Iterator

import pytest

from console.domain.probes.agent import Agent, AgentShape, agents
from console.wire.agent_body import AgentCall, AgentSize, agent_call

PROMPT = "Reply with OK."
SHAPES = [(agent, shape) for agent in agents().values() for shape in agent.shapes]
named = pytest.mark.parametrize(("agent", "shape"), SHAPES, ids=lambda each: getattr(each, "id", None))


def made(shape: AgentShape, size: AgentSize = AgentSize.FULL, model: str = 'team/"coder"') -> AgentCall:
    return agent_call(shape, model, PROMPT, max_output_tokens=64, size=size)


def _paths(value: object, place: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _paths(each, (*place, key))


@named
def test_the_call_is_as_large_as_the_recorded_one(agent: Agent, shape: AgentShape) -> None:
    assert shape.size_bytes <= len(made(shape, model="alias").body) <= shape.size_bytes + 100


@named
def test_the_small_call_has_the_same_keys_and_less_text(agent: Agent, shape: AgentShape) -> None:
    full, small = made(shape), made(shape, AgentSize.SMALL)
    assert len(small.body) < len(full.body) / 2
    assert set(_paths(json.loads(small.body))) == set(_paths(json.loads(full.body)))
    assert set(small.headers) == set(full.headers) == set(shape.headers)
    assert small.query == full.query == shape.query


@named
def test_the_call_has_the_keys_of_the_shape_and_a_limit(agent: Agent, shape: AgentShape) -> None:
    sent, recorded = json.loads(made(shape).body), json.loads(shape.body)
    limits = {"max_tokens", "max_output_tokens", "max_completion_tokens"} & set(sent)
    assert set(sent) == set(recorded) | limits
    assert [sent[key] for key in limits] == [64]
    assert sent["model"] == 'team/"coder"'
    assert PROMPT in json.dumps(sent)


@named
def test_no_placeholder_is_left(agent: Agent, shape: AgentShape) -> None:
    call = made(shape)
    said = call.body.decode() + json.dumps(dict(call.headers))
    assert re.findall(r"<[a-z0-9 ]+>", said) == []
    assert all(value.isascii() and value == value.strip() and "\n" not in value for value in call.headers.values())


@named
def test_no_two_items_have_one_id(agent: Agent, shape: AgentShape) -> None:
    items = json.loads(made(shape).body).get("input", [])
    ids = [item["id"] for item in items if "id" in item]
    assert len(set(ids)) == len(ids)


def test_a_text_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    shape = agents()["codex"].shapes[-1]
    call = agent_call(shape, "<id>", "<9 characters>", max_output_tokens=1)
    body = json.loads(call.body)
    assert (body["model"], body["input"][-1]["content"][0]["text"]) == ("<id>", "<9 characters>")
    assert body["max_output_tokens"] == 16  # the least that the family takes


def test_a_grammar_is_one() -> None:
    codex = agents()["codex"]
    shape = codex.shape_for(codex.families[0], "gpt-5.5")
    assert shape is not None
    (custom,) = [tool for tool in json.loads(made(shape).body)["tools"] if tool["type"] == "custom"]
    first, *others = custom["format"]["definition"].splitlines()
    assert first == "start: /(.+)/"
    assert all(line.startswith("// ") for line in others)
