"""The script that records what agents send: what it keeps of a request is its shape, and what it writes are facts."""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from console.domain.probes.agent import agents

SCRIPT = Path(__file__).parent.parent / "scripts" / "record_agent_shapes.py"
ID = "01a22f35-75ce-7100-8ef8-c5ddc7bf49e3"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("record_agent_shapes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"text": "You are an agent."}, {"text": "<17 characters>"}),
        ({"content": "short"}, {"content": "<5 characters>"}),
        ({"description": "Runs."}, {"description": "<5 characters>"}),
        ({"model": "gpt-6-sol"}, {"model": "<model>"}),
        ({"text": "Reply with OK."}, {"text": "<prompt>"}),
        ({"text": '"Reply with OK."\n'}, {"text": "<prompt>"}),
        (
            {"type": "namespace", "strict": False, "n": 2**53 - 1},
            {"type": "namespace", "strict": False, "n": 2**53 - 1},
        ),
        ({"id": f"msg_{ID}"}, {"id": "msg_<id>"}),
        ({"key": "ses_dcc08fdc4ffewhMRN6AETWlQTl"}, {"key": "ses_<id>"}),
        ({"a": "/home/someone/work"}, {"a": "<18 characters>"}),
        ({"a": '{"device": 1}'}, {"a": "<13 characters>"}),
        ({"enum": ["one two", "three"]}, {"enum": ["one two", "three"]}),
        ({"definition": "start: /x/"}, {"definition": "<grammar of 10 characters>"}),
        ({"include": ["reasoning.encrypted_content"]}, {"include": ["reasoning.encrypted_content"]}),
        ({"description": ""}, {"description": ""}),
        ([None, True, 1.5], [None, True, 1.5]),
    ],
)
def test_only_the_shape_is_kept(script: ModuleType, value: object, kept: object) -> None:
    assert script.without_content(value) == kept


def _recorded(script: ModuleType, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> object:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return script.Recorded(method, path, named, b"" if body is None else json.dumps(body).encode())


def test_the_facts_that_it_writes_are_read_as_facts(script: ModuleType) -> None:
    body = {
        "model": "team-coder",
        "max_tokens": 32_000,
        "messages": [{"role": "user", "content": "Reply with OK."}],
        "tools": [{"type": "function", "function": {"name": "bash", "description": "Run a shell command."}}],
        "stream": True,
    }
    calls = [
        _recorded(script, "HEAD", "/"),
        _recorded(script, "POST", "/v1/chat/completions", {"messages": []}, authorization="Bearer k"),
        _recorded(script, "POST", "/v1/chat/completions?a=b", body, authorization="Bearer k", x_session_id=f"s_{ID}"),
    ]
    (agent,) = [each for each in script.AGENTS if each.id == "opencode"]
    table = tomllib.loads(script.facts(agent, "9.8.7", "2026-12-24", [(agent.settings[2], calls)]))
    assert (table["agent"], table["version"], str(table["recorded_on"])) == ("opencode", "9.8.7", "2026-12-24")
    assert (table["before"], table["not_known"]) == (["HEAD /"], "")
    (shape,) = table["shape"]
    assert (shape["family"], shape["query"], shape["limit_key"]) == ("chat_completions", "a=b", "max_tokens")
    assert shape["headers"] == {"x-session-id": "s_<id>"}
    assert shape["size_bytes"] == len(json.dumps(body))
    assert json.loads(shape["body"])["messages"] == [{"role": "user", "content": "<prompt>"}]
    assert "shell command" not in shape["body"]


def test_the_server_notes_what_comes_and_refuses_it(script: ModuleType) -> None:
    import urllib.error
    import urllib.request

    with script.recording() as (url, noted):
        request = urllib.request.Request(f"{url}/v1/responses?x=1", b'{"a": 1}', {"X-Own": "yes"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        refused.value.close()
    assert refused.value.code == 400
    assert [(each.method, each.path, each.body, each.headers["x-own"]) for each in noted] == [
        ("POST", "/v1/responses?x=1", b'{"a": 1}', "yes")
    ]


def test_it_knows_every_agent_and_each_of_its_shapes(script: ModuleType) -> None:
    recorded = {
        agent.id: [(str(shape.family), shape.provider, shape.models) for shape in agent.shapes]
        for agent in agents().values()
    }
    known = {
        agent.id: [(each.family, each.provider, each.models) for each in agent.settings] for agent in script.AGENTS
    }
    assert known == recorded
