"""From requests to an agent's shapes, from these to a table of facts and back, and what has changed between two."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from console.domain.facts.row import FactsError
from console.domain.probes.agent import Agent, ShapeOrigin, agents, read_agent
from console.domain.probes.agent_capture import (
    Recorded,
    agent_text,
    captured_agent,
    change_between,
    main_call,
    outline_of,
    shape_of,
)
from console.domain.probes.agent_content import Content
from console.domain.routes.family import EndpointFamily

C, M = EndpointFamily.CHAT_COMPLETIONS, EndpointFamily.ANTHROPIC_MESSAGES
PROMPT = "Reply with OK."
DAY = date(2026, 12, 24)
BODY = {
    "model": "writer",
    "max_tokens": 32_000,
    "messages": [{"role": "user", "content": PROMPT}],
    "tools": [{"type": "function", "function": {"name": "bash", "description": "Run a shell command. '''"}}],
    "stream": True,
}


def recorded(method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Recorded:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Recorded(method, path, named, b"" if body is None else json.dumps(body).encode())


CALLS = [
    recorded("HEAD", "/"),
    recorded("POST", "/v1/chat/completions", {"messages": []}, authorization="Bearer k"),
    recorded(
        "POST", "/v1/chat/completions?a=true", BODY, authorization="Bearer k", x_session_id="s_0123456789abcdef01"
    ),
    recorded("POST", "/v1/messages", BODY | {"metadata": {}}),
]


def captured(body: dict[str, Any] | None = None) -> Agent:
    known = agents()["opencode"]
    content = Content(PROMPT, ("writer",))
    call = main_call(CALLS, C)
    assert call is not None
    if body is not None:
        call = replace(call, body=json.dumps(body).encode())
    shape = shape_of(call, C, content, next(each for each in known.shapes if each.family is C))
    return captured_agent(known, "9.8.7", DAY, [shape], [outline_of(each, content) for each in CALLS])


def test_what_is_captured_is_read_again_as_facts() -> None:
    agent = captured()
    assert read_agent(agent_text(agent, "prove"), ShapeOrigin.CAPTURED) == agent
    assert (agent.version, agent.recorded_on, agent.source) == (
        "9.8.7",
        DAY,
        "https://www.npmjs.com/package/opencode-ai/v/9.8.7",
    )
    assert agent.before == ("HEAD /", "POST /v1/messages")
    (shape,) = agent.shapes
    assert (shape.family, shape.path, shape.query, shape.limit_key) == (
        C,
        "/v1/chat/completions",
        "a=true",
        "max_tokens",
    )
    assert shape.headers == {"x-session-id": "s_<id>"}
    assert shape.size_bytes == len(json.dumps(BODY))
    assert json.loads(shape.body)["messages"] == [{"role": "user", "content": "<prompt>"}]
    assert "shell command" not in shape.body


@pytest.mark.parametrize("agent", agents().values(), ids=lambda each: each.id)
def test_every_recorded_agent_is_written_as_it_is_read(agent: Agent) -> None:
    assert read_agent(agent_text(agent, "a test")) == agent


def test_an_outline_has_names_types_and_sizes() -> None:
    outline = outline_of(CALLS[2], Content(PROMPT, ("writer",)))
    assert (outline.method, outline.path, outline.query) == ("POST", "/v1/chat/completions", ("a",))
    assert (outline.headers, outline.betas, outline.family) == (("x-session-id",), (), C)
    assert outline.body_keys == ("model", "max_tokens", "messages", "tools", "stream")
    assert (outline.item_types, outline.tool_types) == (("message",), ("function",))
    assert outline.size_bytes == len(CALLS[2].body)


def test_the_call_with_the_tools_is_the_one_that_counts() -> None:
    assert main_call(CALLS, C) is CALLS[2]
    assert main_call(CALLS, EndpointFamily.RESPONSES) is None


def test_a_change_names_what_came_and_what_went() -> None:
    before = captured()
    more = BODY | {"tools": [{"type": "hologram", "name": "bash"}], "effort": "high"}
    change = change_between(before, captured(more))
    assert change.words == "+ body key effort, + tool type hologram"
    assert change_between(captured(more), before).words == "- body key effort, - tool type hologram"
    assert change_between(before, before).words == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version = "9.8.7"', 'version = "new"', "version: must be a version"),
        ("recorded_on = 2026-12-24", 'recorded_on = "2026-12-24"', "recorded_on: must be a date"),
        ('family = "chat_completions"', 'family = "chat"', "family: must be an endpoint family"),
        ('"model": "<model>"', '"model" "<model>"', "body: must be a JSON object"),
        ('limit_key = "max_tokens"', 'limit = "max_tokens"', "unknown key"),
        ('path = "/v1', 'path = "v1', "path: must be a path"),
        ("size_bytes = ", "size_bytes = -", "size_bytes: must be a whole number"),
        ("[shape.headers]", "headers = 1", "headers: must be a table"),
    ],
)
def test_a_table_with_a_fault_is_refused_by_place(old: str, new: str, words: str) -> None:
    text = agent_text(captured(), "prove")
    assert old in text
    with pytest.raises(FactsError, match=words):
        read_agent(text.replace(old, new, 1))


def test_a_body_that_is_not_an_object_has_no_shape() -> None:
    with pytest.raises(FactsError, match="not a JSON object"):
        shape_of(recorded("POST", "/v1/messages"), M, Content(PROMPT), None)
