"""What a request asks for beyond text, in each family's own fields, and whether an answer fits a schema."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.shape import ROLE_SHAPES
from console.wire import FAMILY_WIRES
from console.wire.agent_shape import CLAUDE_CODE_BETAS, agent_shape
from console.wire.request import Ask, Schema, Tool, fits

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def body(family: EndpointFamily, ask: Ask) -> dict[str, Any]:
    return dict(json.loads(FAMILY_WIRES[family].build_ask("m", ask)))


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("family", EndpointFamily)
def test_a_text_ask_is_the_same_as_the_smallest_request(family: EndpointFamily, is_streamed: bool) -> None:
    wire = FAMILY_WIRES[family]
    assert wire.build_ask("m", Ask("p", 64, is_streamed)) == wire.build(
        "m", "p", max_output_tokens=64, stream=is_streamed
    )


def test_a_schema_is_in_each_family_s_own_field() -> None:
    ask = Ask("p", 64, schema=Schema("review", SCHEMA))
    named = {"name": "review", "strict": True, "schema": SCHEMA}
    assert body(R, ask)["text"] == {"format": {"type": "json_schema", **named}}
    assert body(C, ask)["response_format"] == {"type": "json_schema", "json_schema": named}
    assert body(M, ask)["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}


@pytest.mark.parametrize("is_forced", [True, False])
def test_a_tool_is_in_each_family_s_own_field(is_forced: bool) -> None:
    ask = Ask("p", 64, tool=Tool("write", "Writes.", SCHEMA, is_forced))
    responses, messages, chat = body(R, ask), body(M, ask), body(C, ask)
    assert responses["tools"] == [
        {"type": "function", "name": "write", "description": "Writes.", "strict": True, "parameters": SCHEMA}
    ]
    assert messages["tools"] == [{"name": "write", "description": "Writes.", "input_schema": SCHEMA}]
    about = {"name": "write", "description": "Writes.", "parameters": SCHEMA}
    assert chat["tools"] == [{"type": "function", "function": about}]
    choices = [each["tool_choice"] for each in (responses, messages, chat)]
    if is_forced:
        assert choices == [
            {"type": "function", "name": "write"},
            {"type": "tool", "name": "write"},
            {"type": "function", "function": {"name": "write"}},
        ]
    else:
        assert choices == ["auto", {"type": "auto"}, "auto"]


def test_instructions_stand_where_each_family_has_them() -> None:
    ask = Ask("p", 64, instructions="Be brief.")
    assert body(R, ask)["instructions"] == "Be brief."
    assert body(M, ask)["system"] == "Be brief."
    assert body(C, ask)["messages"][0] == {"role": "system", "content": "Be brief."}


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
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("family", EndpointFamily)
def test_every_body_has_fields_that_the_family_documents_alone(family: EndpointFamily, role: Role) -> None:
    shape = ROLE_SHAPES[role]
    asks = [
        Ask("p", 64, instructions="i"),
        Ask("p", 64, schema=Schema(shape.name, shape.schema)),
        Ask("p", 64, tool=Tool(shape.name, shape.description, shape.schema)),
    ]
    bodies = [body(family, ask) for ask in asks]
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


# --- Fitting a schema ------------------------------------------------------------------------------------------------

REVIEW = ROLE_SHAPES[Role.REVIEWER].schema
SCORED = {"name": "safety", "score": 3, "evidence": "x"}


@pytest.mark.parametrize(
    ("value", "schema", "is_fit"),
    [
        ({"a": "x"}, SCHEMA, True),
        ({}, SCHEMA, False),
        ({"a": 1}, SCHEMA, False),
        ({"a": "x", "b": 1}, SCHEMA, False),
        ({"a": None}, SCHEMA, False),
        ([], SCHEMA, False),
        (None, SCHEMA, False),
        ("x", {"type": "string"}, True),
        (True, {"type": "integer"}, False),
        (1, {"type": "integer"}, True),
        (1.0, {"type": "integer"}, True),
        (1.5, {"type": "integer"}, False),
        (1.5, {"type": "number"}, True),
        (False, {"type": "boolean"}, True),
        (None, {"type": "null"}, True),
        (3, {"minimum": 0, "maximum": 5}, True),
        (6, {"minimum": 0, "maximum": 5}, False),
        (-1, {"minimum": 0}, False),
        ("b", {"enum": ["a", "b"]}, True),
        ("c", {"enum": ["a", "b"]}, False),
        (True, {"type": "integer", "enum": [1]}, False),
        ([1, 2], {"type": "array", "items": {"type": "integer"}}, True),
        ([1, "2"], {"type": "array", "items": {"type": "integer"}}, False),
        ([], {"type": "array", "items": {"type": "integer"}}, True),
        ({"x": 1}, {"type": "object"}, True),
        (object, {}, True),
        ({"nonce": "probe-1", "criteria": [SCORED]}, REVIEW, True),
        ({"nonce": "probe-1", "criteria": []}, REVIEW, True),
        ({"nonce": "probe-1", "criteria": [SCORED | {"score": 6}]}, REVIEW, False),
        ({"nonce": "probe-1", "criteria": [SCORED | {"score": "3"}]}, REVIEW, False),
        ({"nonce": "probe-1", "criteria": [SCORED | {"name": "beauty"}]}, REVIEW, False),
        ({"nonce": "probe-1", "criteria": [SCORED | {"more": 1}]}, REVIEW, False),
        ({"criteria": [SCORED]}, REVIEW, False),
    ],
)
def test_a_value_fits_a_schema_or_does_not(value: object, schema: dict[str, object], is_fit: bool) -> None:
    assert fits(value, schema) is is_fit


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)
_WORDS = st.sampled_from(
    ["type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum"]
)


@given(value=_JSON, schema=st.dictionaries(_WORDS, _JSON))
@examples(200)
def test_no_value_and_no_schema_raise(value: object, schema: dict[str, object]) -> None:
    assert fits(value, schema) in (True, False)


@given(value=_JSON)
@examples(100)
def test_no_answer_makes_a_role_s_schema_raise(value: object) -> None:
    for role in Role:
        assert fits(value, ROLE_SHAPES[role].schema) in (True, False)


@pytest.mark.parametrize("role", Role)
def test_a_role_s_schema_is_one_that_strict_families_take(role: Role) -> None:
    """Strict schemas name all their properties as required and allow no others (openai-openapi)."""

    def check(schema: Any) -> None:
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert set(schema["required"]) == set(schema["properties"])
            for inner in schema["properties"].values():
                check(inner)
        if schema.get("type") == "array":
            check(schema["items"])

    check(ROLE_SHAPES[role].schema)
