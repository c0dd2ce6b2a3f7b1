"""What a request asks for beyond text, in each family's own fields."""

import json
from typing import Any

import pytest

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
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
    bodies.append(json.loads(FAMILY_WIRES[family].build_without_input("m")))
    documented = _documented(family)
    for sent in bodies:
        assert set(sent) <= documented
