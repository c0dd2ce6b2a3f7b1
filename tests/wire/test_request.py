"""What a request asks for beyond text, in each family's own fields."""

import json
from typing import Any

import pytest

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.agent_shape import CLAUDE_CODE_BETAS, agent_shape
from console.wire.request import Request, Schema

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def body(family: EndpointFamily, request: Request) -> dict[str, Any]:
    return dict(json.loads(FAMILY_WIRES[family].build("m", request)))


def test_a_schema_is_in_each_family_s_own_field() -> None:
    request = Request("p", 64, schema=Schema("review", SCHEMA))
    named = {"name": "review", "strict": True, "schema": SCHEMA}
    assert body(R, request)["text"] == {"format": {"type": "json_schema", **named}}
    assert body(C, request)["response_format"] == {"type": "json_schema", "json_schema": named}
    assert body(M, request)["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}


def test_instructions_stand_where_each_family_has_them() -> None:
    request = Request("p", 64, instructions="Be brief.")
    assert body(R, request)["instructions"] == "Be brief."
    assert body(M, request)["system"] == "Be brief."
    assert body(C, request)["messages"][0] == {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize("family", EndpointFamily)
def test_without_input_a_request_has_a_model_and_no_content(family: EndpointFamily) -> None:
    sent = json.loads(FAMILY_WIRES[family].build_without_input("m"))
    assert sent["model"] == "m"
    assert not {"input", "messages", "prompt", "stream"} & set(sent)


# --- What the official SDKs' types take ------------------------------------------------------------------------------


def _keys(kind: Any) -> set[str]:
    import typing

    return set(typing.get_type_hints(kind))


def _documented(family: EndpointFamily) -> set[str]:
    """Return the request fields that the vendor's own SDK names."""
    if family is R:
        from openai.types.responses import response_create_params

        return _keys(response_create_params.ResponseCreateParamsBase) | {"stream"}
    if family is C:
        from openai.types.chat import completion_create_params

        return _keys(completion_create_params.CompletionCreateParamsBase) | {"stream"}
    from anthropic.types import message_create_params

    return _keys(message_create_params.MessageCreateParamsBase) | {"stream", "output_config"}


@pytest.mark.referee
@pytest.mark.parametrize("family", EndpointFamily)
def test_every_body_has_fields_that_the_family_documents_alone(family: EndpointFamily) -> None:
    requests = [Request("p", 64, instructions="i"), Request("p", 64, schema=Schema("review", SCHEMA))]
    bodies = [body(family, request) for request in requests]
    bodies.append(json.loads(agent_shape(family, "m", "p", max_output_tokens=64).body))
    bodies.append(json.loads(FAMILY_WIRES[family].build_without_input("m")))
    documented = _documented(family)
    for sent in bodies:
        assert set(sent) <= documented


# --- Agents ----------------------------------------------------------------------------------------------------------


def test_codex_sends_tools_of_more_types_than_function_and_stores_nothing() -> None:
    shape = agent_shape(R, "m", "Reply.", max_output_tokens=64)
    sent = json.loads(shape.body)
    assert (shape.agent, shape.headers, shape.count_path) == ("Codex", {}, "")
    assert (sent["store"], sent["stream"], sent["max_output_tokens"]) == (False, True, 64)
    assert [tool["type"] for tool in sent["tools"]] == ["function", "custom"]
    assert sent["tools"][1]["format"]["syntax"] == "lark"
    assert sent["input"][0]["content"] == [{"type": "input_text", "text": "Reply."}]


def test_claude_code_sends_its_betas_and_counts_tokens_first() -> None:
    shape = agent_shape(M, "m", "Reply.", max_output_tokens=64)
    sent, counted = json.loads(shape.body), json.loads(shape.count_body)
    assert (shape.agent, shape.headers) == ("Claude Code", {"anthropic-beta": CLAUDE_CODE_BETAS})
    assert shape.count_path == "/count_tokens"
    assert sent == {**counted, "max_tokens": 64, "stream": True}
    assert sent["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_chat_agent_sends_function_tools() -> None:
    sent = json.loads(agent_shape(C, "m", "Reply.", max_output_tokens=64).body)
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["shell"]
    assert (sent["stream_options"], sent["max_completion_tokens"]) == ({"include_usage": True}, 64)
