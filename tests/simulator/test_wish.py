"""What an answer holds beyond text: JSON that fits a schema, and calls of tools, in each family's own events."""

import json
from typing import Any

import httpx
import pytest
from support.gateway.calling import (
    FAMILIES,
    C,
    M,
    R,
    ask,
    calls_in,
    error_category,
    events_of,
    expecting,
    fits,
    forced,
    post,
    read,
    tool_for,
)

from console.domain.errors.category import Category
from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.request import Request, Schema

MODEL = "gpt-route-placeholder"
TOOL_FINISH = {R: "completed", M: "tool_use", C: "tool_calls"}
TEXT_FINISH = {R: "completed", M: "end_turn", C: "stop"}
CUT_FINISH = {R: "max_output_tokens", M: "max_tokens", C: "length"}
SCORE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "score"],
    "properties": {"name": {"type": "string", "enum": ["correctness", "safety"]}, "score": {"enum": [0, 1, 2]}},
}
REVIEW = Schema(
    "review",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["nonce", "criteria"],
        "properties": {"nonce": {"type": "string"}, "criteria": {"type": "array", "items": SCORE}},
    },
)
DRAFT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "content"],
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
}
PROMPT = "Score this draft. Nonce: probe-1."
NUMBER = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 7}}, "required": ["n"]}

each_family = pytest.mark.parametrize("family", FAMILIES)
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def form_for(family: EndpointFamily, schema: object, **more: object) -> dict[str, Any]:
    about = {"name": "answer", "schema": schema} | more
    match family:
        case EndpointFamily.RESPONSES:
            return {"text": {"format": {"type": "json_schema"} | about}}
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
        case EndpointFamily.CHAT_COMPLETIONS:
            return {"response_format": {"type": "json_schema", "json_schema": about}}


# --- Schemas ---------------------------------------------------------------------------------------------------------


@each_family
@both_ways
async def test_the_text_is_json_that_fits_the_schema(
    client: httpx.AsyncClient, family: EndpointFamily, stream: bool
) -> None:
    wish = Request(PROMPT, 256, is_streamed=stream, schema=REVIEW)
    response = await post(client, family, FAMILY_WIRES[family].build(MODEL, wish))
    answer, text = read(family, response, expecting(REVIEW.schema))
    assert (answer.is_complete, answer.findings, answer.finish) == (True, (), TEXT_FINISH[family])
    document = json.loads(text)
    assert fits(document, REVIEW.schema)
    assert set(document) == {"nonce", "criteria"}
    assert calls_in(family, response) == []


@each_family
async def test_the_json_is_streamed_in_pieces_and_counted(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    bodies = [
        FAMILY_WIRES[family].build(MODEL, Request(PROMPT, 256, is_streamed=stream, schema=REVIEW))
        for stream in (False, True)
    ]
    (whole, text), (streamed, joined) = [read(family, await post(client, family, body)) for body in bodies]
    assert text == joined
    assert streamed.usage == whole.usage
    assert whole.usage.output_tokens == -(-len(text) // 4)


@each_family
async def test_a_nonce_of_the_prompt_is_repeated(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    prompt = PROMPT.replace("probe-1", "Zk3_9-a")
    wish = Request(prompt, 256, is_streamed=False, schema=REVIEW)
    _, text = read(family, await post(client, family, FAMILY_WIRES[family].build(MODEL, wish)))
    document = json.loads(text)
    assert document["nonce"] == "Zk3_9-a"
    assert [row["name"] for row in document["criteria"]] == ["correctness", "safety"]


@each_family
async def test_a_nonce_in_the_instructions_is_repeated_too(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    wish = Request("Review.", 256, is_streamed=False, instructions="Nonce: up-1.", schema=REVIEW)
    _, text = read(family, await post(client, family, FAMILY_WIRES[family].build(MODEL, wish)))
    assert json.loads(text)["nonce"] == "up-1"


@pytest.mark.parametrize(("family", "key"), [(R, "text"), (C, "response_format")])
async def test_any_json_object_may_be_expected_for(client: httpx.AsyncClient, family: EndpointFamily, key: str) -> None:
    form = {"type": "json_object"}
    response = await post(client, family, ask(family, **{key: {"format": form} if family is R else form}))
    assert isinstance(json.loads(read(family, response)[1]), dict)


@each_family
@both_ways
async def test_json_that_meets_the_token_limit_is_cut_and_says_so(
    client: httpx.AsyncClient, family: EndpointFamily, stream: bool
) -> None:
    wish = Request(PROMPT, 16, is_streamed=stream, schema=REVIEW)
    response = await post(client, family, FAMILY_WIRES[family].build(MODEL, wish))
    answer, text = read(family, response, expecting(REVIEW.schema))
    assert (answer.is_complete, answer.finish, len(text)) == (True, CUT_FINISH[family], 64)
    assert "COM-U-02" in [finding.id for finding in answer.findings]


def forcing(family: EndpointFamily, name: str, schema: object, *, stream: bool, limit: int = 256) -> dict[str, Any]:
    """Return a request that forces a tool."""
    body = FAMILY_WIRES[family].build(MODEL, Request("Go.", limit, is_streamed=stream))
    return dict(json.loads(body)) | forced(family, name, schema)


# --- Tools -----------------------------------------------------------------------------------------------------------


@each_family
@both_ways
async def test_a_forced_tool_is_called_once_with_arguments_that_fit(
    client: httpx.AsyncClient, family: EndpointFamily, stream: bool
) -> None:
    response = await post(client, family, forcing(family, "write_file", DRAFT, stream=stream))
    answer, text = read(family, response)
    assert (answer.is_complete, answer.findings, answer.finish, text) == (True, (), TOOL_FINISH[family], "")
    ((name, arguments),) = calls_in(family, response)
    assert name == "write_file"
    assert fits(json.loads(arguments), DRAFT)
    assert set(json.loads(arguments)) == {"path", "content"}
    assert answer.usage.output_tokens == -(-len(arguments) // 4)


@each_family
async def test_a_streamed_call_says_the_same_as_a_whole_one(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    bodies = [forcing(family, "go", DRAFT, stream=stream) for stream in (False, True)]
    whole, streamed = [await post(client, family, body) for body in bodies]
    assert calls_in(family, streamed) == calls_in(family, whole)
    assert read(family, streamed)[0].usage == read(family, whole)[0].usage


@pytest.mark.parametrize(
    ("family", "choices"),
    [
        (R, ["auto", "none", {"type": "allowed_tools", "mode": "auto", "tools": []}]),
        (C, ["auto", "none"]),
        (M, [{"type": "auto"}, {"type": "none"}]),
    ],
)
@both_ways
async def test_a_tool_that_is_not_forced_is_not_called(
    client: httpx.AsyncClient, family: EndpointFamily, choices: list[object], stream: bool
) -> None:
    usage = {"stream_options": {"include_usage": True}} if stream and family is C else {}
    for choice in ({}, *({"tool_choice": each} for each in choices)):
        body = ask(family, stream=stream, tools=[tool_for(family, "go", DRAFT)], **usage, **choice)
        response = await post(client, family, body)
        answer, text = read(family, response)
        assert (answer.is_complete, answer.findings, answer.finish) == (True, (), TEXT_FINISH[family]), choice
        assert text.startswith("OK."), choice
        assert calls_in(family, response) == [], choice


@pytest.mark.parametrize(("family", "choice"), [(R, "required"), (C, "required"), (M, {"type": "any"})])
@both_ways
async def test_where_any_tool_will_do_the_first_function_is_called(
    client: httpx.AsyncClient, family: EndpointFamily, choice: object, stream: bool
) -> None:
    hosted = {R: {"type": "custom", "name": "patch"}, M: {"type": "bash_20250124", "name": "bash"}}
    tools = [
        hosted.get(family, {"type": "custom", "custom": {"name": "patch"}}),
        tool_for(family, "first", NUMBER),
        tool_for(family, "second", DRAFT),
    ]
    body = ask(family, stream=stream, tools=tools, tool_choice=choice)
    assert calls_in(family, await post(client, family, body)) == [("first", '{"n":7}')]


@each_family
@both_ways
async def test_a_call_that_meets_the_token_limit_is_cut_and_says_so(
    client: httpx.AsyncClient, family: EndpointFamily, stream: bool
) -> None:
    names = {f"name_{number}": {"type": "string"} for number in range(20)}
    schema = {"type": "object", "properties": names} | CLOSED
    response = await post(client, family, forcing(family, "go", schema, stream=stream, limit=16))
    answer, _ = read(family, response)
    assert (answer.is_complete, answer.finish, answer.usage.output_tokens) == (True, CUT_FINISH[family], 16)
    ((name, arguments),) = calls_in(family, response)
    assert (name, len(arguments)) == ("go", 2 if family is M and not stream else 64)


CLOSED = {"required": [f"name_{number}" for number in range(20)], "additionalProperties": False}


async def test_responses_repeats_what_it_was_asked(client: httpx.AsyncClient) -> None:
    tools = [tool_for(R, "go", DRAFT), {"type": "custom", "name": "patch"}]
    more = form_for(R, DRAFT) | {"tools": tools, "tool_choice": "auto", "parallel_tool_calls": False}
    body = (await post(client, R, ask(R, instructions="Be brief.", **more))).json()
    assert body["tools"] == tools
    assert body["text"]["format"] == more["text"]["format"]
    assert (body["tool_choice"], body["parallel_tool_calls"], body["instructions"]) == ("auto", False, "Be brief.")


# --- Order and form of a streamed call -------------------------------------------------------------------------------


async def test_a_responses_call_is_an_item_of_its_own(client: httpx.AsyncClient) -> None:
    body = ask(R, stream=True, tools=[tool_for(R, "go", NUMBER)], tool_choice={"type": "function", "name": "go"})
    events = events_of(await post(client, R, body))
    assert list(dict.fromkeys(event["type"] for event in events)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[2]["item"]["arguments"] == ""
    assert events[-1]["response"]["output"] == [events[-2]["item"]]


async def test_a_messages_call_begins_empty(client: httpx.AsyncClient) -> None:
    body = ask(M, stream=True, tools=[tool_for(M, "go", NUMBER)], tool_choice={"type": "tool", "name": "go"})
    events = events_of(await post(client, M, body))
    (block,) = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert (block["type"], block["name"], block["input"]) == ("tool_use", "go", {})
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


async def test_a_chat_call_names_itself_in_its_first_delta_alone(client: httpx.AsyncClient) -> None:
    named = {"type": "function", "function": {"name": "go"}}
    events = events_of(await post(client, C, ask(C, stream=True, tools=[tool_for(C, "go", NUMBER)], tool_choice=named)))
    first, *others = [call for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
    assert (first["index"], first["type"], first["function"]) == (0, "function", {"name": "go", "arguments": ""})
    assert first["id"]
    assert all(set(call) == {"index", "function"} and set(call["function"]) == {"arguments"} for call in others)
    assert events[0]["choices"][0]["delta"]["content"] is None


# --- Refusals --------------------------------------------------------------------------------------------------------

BAD_SCHEMAS: dict[str, object] = {
    "none": None,
    "text": "object",
    "no object": {"type": "string"},
    "no such type": {"type": "object", "properties": {"a": {"type": "text"}}},
    "required is not a list": {"type": "object", "required": "a"},
    "contradiction": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}}},
    "nested too deeply": json.loads('{"type":"object","items":' * 70 + "{}" + "}" * 70),
    "beyond what is known": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a$"}}},
}


async def refused(client: httpx.AsyncClient, family: EndpointFamily, body: object) -> dict[str, Any]:
    """Return the body of a refusal, after a look at whether it is one and is read as one."""
    response = await post(client, family, body)
    assert (body, response.status_code, error_category(response)) == (body, 400, Category.INVALID_REQUEST)
    document: dict[str, Any] = response.json()
    return document


@each_family
async def test_a_bad_schema_is_refused_in_the_familys_own_shape(
    client: httpx.AsyncClient, family: EndpointFamily
) -> None:
    for schema in BAD_SCHEMAS.values():
        document = await refused(client, family, ask(family, **form_for(family, schema)))
        assert ("type" in document) is (family is M), schema


@each_family
async def test_bad_parameters_are_refused(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    for schema in ({"type": "array"}, BAD_SCHEMAS["no such type"], BAD_SCHEMAS["contradiction"], [], "text"):
        await refused(client, family, ask(family, **forced(family, "go", schema)))


@each_family
async def test_a_forced_tool_that_is_not_given_is_refused(client: httpx.AsyncClient, family: EndpointFamily) -> None:
    names: tuple[Any, ...] = ("other", "", 1, None)
    for name in names:
        choice = {"tool_choice": forced(family, name, DRAFT)["tool_choice"]}
        document = await refused(client, family, ask(family, **forced(family, "go", DRAFT) | choice))
        assert "tool_choice" in document["error"]["message"], name


_OPENAI_PLACES: list[tuple[EndpointFamily, dict[str, Any], str]] = [
    (R, {"tools": {}}, "tools"),
    (R, {"tools": ["shell"]}, "tools[0]"),
    (R, {"tools": [{"name": "go"}]}, "tools[0].type"),
    (R, {"tools": [{"type": "function", "name": "go run"}]}, "tools[0].name"),
    (R, {"tool_choice": "any"}, "tool_choice"),
    (R, {"tool_choice": "required"}, "tool_choice"),
    (R, {"text": "json"}, "text"),
    (R, {"text": {"format": {"type": "yaml"}}}, "text.format.type"),
    (R, {"text": {"format": {"type": "json_schema", "schema": DRAFT}}}, "text.format.name"),
    (R, form_for(R, NUMBER, strict=True), "text.format.schema.additionalProperties"),
    (C, {"tools": [tool_for(C, "go", DRAFT), {"type": "function"}]}, "tools[1].function.name"),
    (C, {"response_format": {"type": "json_schema"}}, "response_format.json_schema.name"),
    (C, form_for(C, {"type": "object", "properties": {"a": 1}}),
     "response_format.json_schema.schema.properties.a"),
]  # fmt: skip
_MESSAGES_PLACES: list[tuple[dict[str, Any], str]] = [
    ({"tools": [{"name": "go"}]}, "tools.0.input_schema"),
    ({"tools": [{"name": "go now", "input_schema": DRAFT}]}, "tools.0.name"),
    ({"tools": [{"type": 1}]}, "tools.0.type"),
    ({"tools": [], "tool_choice": {"type": "any"}}, "tool_choice"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"output_config": []}, "output_config"),
    ({"output_config": {"format": {"type": "text"}}}, "output_config.format.type"),
]


async def test_an_openai_refusal_names_the_place(client: httpx.AsyncClient) -> None:
    named = [
        (family, more, place, (await refused(client, family, ask(family, **more)))["error"]["param"])
        for family, more, place in _OPENAI_PLACES
    ]
    assert [each for each in named if each[2] != each[3]] == []


async def test_a_messages_refusal_begins_with_the_place(client: httpx.AsyncClient) -> None:
    said = [
        (more, place, (await refused(client, M, ask(M, **more)))["error"]["message"])
        for more, place in _MESSAGES_PLACES
    ]
    assert [each for each in said if each[2].partition(": ")[0] != each[1]] == []


async def test_a_number_that_json_does_not_have_is_refused(client: httpx.AsyncClient) -> None:
    body = json.dumps(ask(R, **form_for(R, {"type": "object", "properties": {"a": {"enum": ["NUMBER"]}}})))
    for number in ("NaN", "Infinity", "1e999"):
        await refused(client, R, body.replace('"NUMBER"', number).encode())
