"""What is kept of an agent's request: its shape, and no text, path, name or id of anyone."""

import json
import re

import pytest

from console.domain.probes.agent import agents
from console.domain.probes.agent_content import Content, is_beta

PROMPT = "Reply with OK."
ID = "01a22f35-75ce-7100-8ef8-c5ddc7bf49e3"
TOKEN = "-".join(["sk", "proj", "Zq7Rt2" * 8])


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"text": "You are an agent."}, {"text": "<17 characters>"}),
        ({"content": "short"}, {"content": "<5 characters>"}),
        ({"description": "Runs."}, {"description": "<5 characters>"}),
        ({"description": ""}, {"description": ""}),
        ({"model": "gpt-6-sol"}, {"model": "<model>"}),
        ({"config": {"small": "gpt-6-sol"}}, {"config": {"small": "<model>"}}),
        ({"text": PROMPT}, {"text": "<prompt>"}),
        ({"text": f'"{PROMPT}"\n'}, {"text": "<prompt>"}),
        ({"type": "hologram", "strict": False, "n": 2**53 - 1}, {"type": "hologram", "strict": False, "n": 2**53 - 1}),
        ({"role": "observer"}, {"role": "observer"}),
        ({"type": "Jane's own"}, {"type": "<10 characters>"}),
        ({"id": f"msg_{ID}"}, {"id": "msg_<id>"}),
        ({"key": "ses_dcc08fdc4ffewhMRN6AETWlQTl"}, {"key": "ses_<id>"}),
        ({"window": f"{ID}:0"}, {"window": "<id>:0"}),
        ({"where": "/home/jane/work"}, {"where": "<15 characters>"}),
        ({"who": "jane"}, {"who": "<4 characters>"}),
        ({"key": TOKEN}, {"key": f"<{len(TOKEN)} characters>"}),
        ({"a": '{"device": 1}'}, {"a": "<13 characters>"}),
        ({"definition": "start: /x/"}, {"definition": "<grammar of 10 characters>"}),
        ({"include": ["reasoning.encrypted_content"]}, {"include": ["reasoning.encrypted_content"]}),
        ({"/home/jane/a.py": 1}, {"name_1": 1}),
        ([None, True, 1.5], [None, True, 1.5]),
    ],
)
def test_only_the_shape_is_kept(value: object, kept: object) -> None:
    assert Content(PROMPT, ("gpt-6-sol",)).of_body(value) == kept


def test_a_tool_that_someone_added_keeps_its_structure_and_none_of_its_names() -> None:
    tool = {
        "type": "function",
        "name": "ask_jane",
        "parameters": {
            "type": "object",
            "properties": {
                "janes_file": {"type": "string", "enum": ["at home", "at_work"], "pattern": "^jane"},
                "command": {"type": "string", "description": "What to run."},
            },
            "required": ["janes_file", "command"],
        },
    }
    kept = Content(PROMPT).of_body({"tools": [tool]})
    assert kept == {
        "tools": [
            {
                "type": "function",
                "name": "name_1",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "name_2": {"type": "string", "enum": ["name_3", "name_4"], "pattern": "^.*$"},
                        "command": {"type": "string", "description": "<12 characters>"},
                    },
                    "required": ["name_2", "command"],
                },
            }
        ]
    }


def test_a_recording_that_a_person_looks_through_keeps_names() -> None:
    tool = {"name": "ask", "parameters": {"properties": {"file": {"enum": ["one two"], "pattern": "^x"}}}}
    content = Content(PROMPT, is_open=True)
    assert content.of_body(tool) == tool
    assert content.of_body({"text": "You are an agent.", "cwd": "/home/jane"}) == {
        "text": "<17 characters>",
        "cwd": "<10 characters>",
    }
    assert content.of_header("x-app", "cli") == "cli"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("authorization", "Bearer k", None),
        ("x-api-key", "k", None),
        ("x-goog-api-key", "k", None),
        ("user-agent", "agent/1", None),
        ("x-Jane's", "1", None),
        ("x-session-id", ID, "<id>"),
        ("x-session-id", f"ses_{ID}", "ses_<id>"),
        ("x-lite", "true", "true"),
        ("x-version", "1.20.3", "1.20.3"),
        ("accept", "text/event-stream", "text/event-stream"),
        ("x-user", "jane", "<4 characters>"),
        ("x-cwd", "/home/jane", "<10 characters>"),
        ("anthropic-version", "2023-06-01", "2023-06-01"),
        ("anthropic-beta", "effort-2025-11-24, jane, new-thing-20270101", "effort-2025-11-24,new-thing-20270101"),
    ],
)
def test_of_a_header_only_known_words_and_forms_are_kept(name: str, value: str, kept: str | None) -> None:
    assert Content(PROMPT).of_header(name, value) == kept


@pytest.mark.parametrize(
    ("path", "kept", "query"),
    [
        ("/v1/messages?beta=true", "/v1/messages", "beta=true"),
        ("/v1/models?limit=1000&key=secret", "/v1/models", "limit=1000&key"),
        (
            "/v1beta/models/gpt-6-sol:streamGenerateContent?alt=sse",
            "/v1beta/models/<model>:streamGenerateContent",
            "alt",
        ),
        ("/janes/files/42", "/<5>/<5>/<2>", ""),
        ("/", "/", ""),
    ],
)
def test_of_a_path_only_known_steps_are_kept(path: str, kept: str, query: str) -> None:
    content = Content(PROMPT, ("gpt-6-sol",))
    assert (content.of_path(path), content.of_query(path)) == (kept, query)


def test_no_name_with_a_word_of_this_machine_is_kept() -> None:
    content = Content(PROMPT, private=("Jane", "root", "ab"))
    assert content.of_body({"janes_key": 1, "root_turn_id": 2, "abacus": 3, "type": "jane_tool"}) == {
        "name_1": 1,
        "root_turn_id": 2,  # a field of Codex's
        "abacus": 3,
        "type": "<9 characters>",
    }
    assert content.of_body({TOKEN: 1, "id_4711": 2}) == {"name_2": 1, "name_3": 2}
    assert content.of_header("x-jane", "true") is None
    assert content.of_header("anthropic-beta", "jane-2026-01-01,effort-2025-11-24") == "effort-2025-11-24"
    assert content.of_query("/v1/messages?jane=true&beta=true") == "beta=true"


def test_what_is_recorded_already_passes_unchanged() -> None:
    for agent in agents().values():
        for shape in agent.shapes:
            content = Content("<prompt>")
            kept = json.dumps(content.of_body(json.loads(shape.body)))
            assert _without_lengths(kept) == _without_lengths(json.dumps(json.loads(shape.body))), agent.id
            headers = {name: content.of_header(name, value) for name, value in shape.headers.items()}
            assert headers == shape.headers, agent.id


def _without_lengths(body: str) -> str:
    return re.sub(r"\d+ characters", "characters", body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("effort-2025-11-24", True), ("claude-code-20250219", True), ("jane", False), ("jane-2025", False), ("", False)],
)
def test_a_beta_names_its_day(text: str, *, expected: bool) -> None:
    assert is_beta(text) is expected
