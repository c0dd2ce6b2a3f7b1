"""The official SDKs asking the embedded gateway for more than text: JSON that fits a schema, tools, counted tokens.

The SDKs validate every answer and event strictly here, and pydantic validates the JSON against the model that the
schema was made from.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, Field
from support.referees.forwarder import forward_to

from console.domain.routes.family import EndpointFamily
from console.domain.run.answer_form import CRITIQUE_FORM
from console.wire import FAMILY_WIRES
from console.wire.request import Request, Schema

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

    from console.simulator.server import Listening

pytestmark = pytest.mark.referee

GPT = "gpt-route-placeholder"
CLAUDE = "claude-critic-route-placeholder"
CHAT = "chat-compatible-route-placeholder"
PROMPT = "Review this. Nonce: sdk-1."
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
DRAFT: Any = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "content"],
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
}
RESPONSES_TOOL: Any = {"type": "function", "name": "write_file", "parameters": DRAFT, "strict": True}
CHAT_TOOL: Any = {"type": "function", "function": {"name": "write_file", "parameters": DRAFT, "strict": True}}
MESSAGES_TOOL: Any = {"name": "write_file", "input_schema": DRAFT}


class Note(BaseModel):
    """A part of a review, which may hold a part of its own."""

    text: str
    weight: float
    inner: "Note | None"


class Review(BaseModel):
    """A review with most kinds of values."""

    nonce: str
    verdict: Literal["ready", "revise", "block"]
    score: int
    is_final: bool
    lines: list[int]
    note: Note


class Draft(BaseModel):
    """What the tool takes."""

    path: str = Field(min_length=1)
    content: str = Field(min_length=1)


def check_review(review: object) -> None:
    assert isinstance(review, Review)
    assert (review.nonce, review.verdict) == ("sdk-1", "ready")
    assert review.lines
    assert review.note.text


def check_draft(arguments: str | bytes) -> None:
    assert Draft.model_validate_json(arguments).model_fields_set == {"path", "content"}


# --- responses ------------------------------------------------------------------------------------------------------


async def test_responses_fit_a_schema(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.responses.parse(model=GPT, input=PROMPT, text_format=Review)
    async with openai_sdk.responses.stream(model=GPT, input=PROMPT, text_format=Review) as stream:
        pieces = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        final = await stream.get_final_response()

    check_review(whole.output_parsed)
    check_review(final.output_parsed)
    assert len(pieces) > 1
    assert "".join(pieces) == whole.output_text
    assert final.usage == whole.usage


async def test_responses_call_a_forced_tool(openai_sdk: "AsyncOpenAI") -> None:
    more: Any = {"tools": [RESPONSES_TOOL], "tool_choice": {"type": "function", "name": "write_file"}}
    whole = await openai_sdk.responses.create(model=GPT, input=PROMPT, **more)
    async with openai_sdk.responses.stream(model=GPT, input=PROMPT, **more) as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()

    (call,) = whole.output
    (streamed,) = final.output
    assert call.type == streamed.type == "function_call"
    assert (call.name, call.status, whole.output_text) == ("write_file", "completed", "")
    check_draft(call.arguments)
    assert streamed.arguments == call.arguments
    assert call.call_id
    pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert len(pieces) > 1
    assert "".join(pieces) == call.arguments


# --- chat_completions -----------------------------------------------------------------------------------------------


async def test_chat_fits_a_schema(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.chat.completions.parse(model=CHAT, messages=MESSAGES, response_format=Review)
    async with openai_sdk.chat.completions.stream(
        model=CHAT, messages=MESSAGES, response_format=Review, stream_options={"include_usage": True}
    ) as stream:
        final = await stream.get_final_completion()

    check_review(whole.choices[0].message.parsed)
    check_review(final.choices[0].message.parsed)
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.usage == whole.usage


async def test_chat_calls_a_forced_tool(openai_sdk: "AsyncOpenAI") -> None:
    named: Any = {"type": "function", "function": {"name": "write_file"}}
    more: Any = {"tools": [CHAT_TOOL], "tool_choice": named}
    whole = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES, **more)
    async with openai_sdk.chat.completions.stream(
        model=CHAT, messages=MESSAGES, stream_options={"include_usage": True}, **more
    ) as stream:
        pieces = [
            event.arguments_delta
            async for event in stream
            if event.type == "tool_calls.function.arguments.delta" and event.arguments_delta
        ]
        final = await stream.get_final_completion()

    (call,) = whole.choices[0].message.tool_calls or []
    (streamed,) = final.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == streamed.function.name == "write_file"
    check_draft(call.function.arguments)
    assert len(pieces) > 1
    assert "".join(pieces) == streamed.function.arguments == call.function.arguments
    assert whole.choices[0].message.content is None
    assert whole.choices[0].finish_reason == final.choices[0].finish_reason == "tool_calls"
    assert final.usage == whole.usage


# --- anthropic_messages ---------------------------------------------------------------------------------------------


async def test_messages_fit_a_schema(anthropic_sdk: "AsyncAnthropic") -> None:
    body: Any = {"model": CLAUDE, "max_tokens": 256, "messages": MESSAGES}
    whole = await anthropic_sdk.messages.parse(**body, output_format=Review)
    async with anthropic_sdk.messages.stream(**body, output_format=Review) as stream:
        pieces = [text async for text in stream.text_stream]
        final = await stream.get_final_message()

    check_review(whole.parsed_output)
    check_review(final.parsed_output)
    assert len(pieces) > 1
    assert final.usage == whole.usage


async def test_messages_call_a_forced_tool(anthropic_sdk: "AsyncAnthropic") -> None:
    body: Any = {
        "model": CLAUDE,
        "max_tokens": 256,
        "messages": MESSAGES,
        "tools": [MESSAGES_TOOL],
        "tool_choice": {"type": "tool", "name": "write_file"},
    }
    whole = await anthropic_sdk.messages.create(**body)
    async with anthropic_sdk.messages.stream(**body) as stream:
        pieces = [event.partial_json async for event in stream if event.type == "input_json"]
        final = await stream.get_final_message()

    (call,) = whole.content
    (streamed,) = final.content
    assert call.type == streamed.type == "tool_use"
    assert (call.name, streamed.name) == ("write_file", "write_file")
    check_draft(json.dumps(call.input))
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == streamed.input == call.input
    assert whole.stop_reason == final.stop_reason == "tool_use"
    assert final.usage == whole.usage


async def test_messages_are_counted_before_they_are_sent(anthropic_sdk: "AsyncAnthropic") -> None:
    more: Any = {"model": CLAUDE, "messages": MESSAGES, "system": "Be brief.", "tools": [MESSAGES_TOOL]}
    counted = await anthropic_sdk.messages.count_tokens(**more)
    message = await anthropic_sdk.messages.create(max_tokens=256, **more)

    assert counted.input_tokens == message.usage.input_tokens > 0


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_unknown_model_is_not_found(
    openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic", streamed: bool
) -> None:
    import anthropic
    import openai

    for call in (
        openai_sdk.responses.create(model="no-such-model", input=PROMPT, stream=streamed),
        openai_sdk.chat.completions.create(model="no-such-model", messages=MESSAGES, stream=streamed),
    ):
        with pytest.raises(openai.NotFoundError) as refusal:
            await call
        assert refusal.value.code == "model_not_found"
    with pytest.raises(anthropic.NotFoundError) as messages_refusal:
        await anthropic_sdk.messages.create(model="no-such-model", max_tokens=1, messages=MESSAGES, stream=streamed)
    body: Any = messages_refusal.value.body
    assert body["error"] == {"type": "not_found_error", "message": "model: no-such-model"}


async def test_a_bad_schema_is_a_bad_request(openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic") -> None:
    import anthropic
    import openai

    bad: Any = {"type": "object", "properties": {"a": {"type": "text"}}}
    text: Any = {"format": {"type": "json_schema", "name": "bad", "schema": bad}}
    form: Any = {"type": "json_schema", "json_schema": {"name": "bad", "schema": bad}}
    config: Any = {"format": {"type": "json_schema", "schema": bad}}
    for call in (
        openai_sdk.responses.create(model=GPT, input=PROMPT, text=text),
        openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES, response_format=form),
    ):
        with pytest.raises(openai.BadRequestError, match=r"schema\.properties\.a\.type"):
            await call
    with pytest.raises(anthropic.BadRequestError, match=r"schema\.properties\.a\.type"):
        await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=9, messages=MESSAGES, output_config=config)


# --- the other way round: the SDKs judge the console's builders -----------------------------------------------------

REQUESTS = {
    "instructions": Request(PROMPT, 256, instructions="Be brief."),
    "schema": Request(PROMPT, 256, schema=Schema(CRITIQUE_FORM.name, CRITIQUE_FORM.schema)),
}


@pytest.mark.parametrize("family", list(EndpointFamily))
@pytest.mark.parametrize("shape", REQUESTS)
async def test_the_sdk_sends_what_the_builder_builds_and_reads_its_answer(
    embedded: "Listening",
    open_openai: Callable[[str, str], "AsyncOpenAI"],
    open_anthropic: Callable[[str, str], "AsyncAnthropic"],
    *,
    family: EndpointFamily,
    shape: str,
) -> None:
    """A streamed body, given to the SDK as arguments, is known to it word for word and goes out unchanged."""
    body = json.loads(FAMILY_WIRES[family].build(GPT, REQUESTS[shape]))
    async with (
        forward_to(embedded.base_url) as forwarder,
        open_openai(forwarder.base_url, embedded.token) as openai,
        open_anthropic(forwarder.base_url, embedded.token) as anthropic,
    ):
        resources: dict[EndpointFamily, Any] = {
            EndpointFamily.RESPONSES: openai.responses,
            EndpointFamily.ANTHROPIC_MESSAGES: anthropic.messages,
            EndpointFamily.CHAT_COMPLETIONS: openai.chat.completions,
        }
        assert [event async for event in await resources[family].create(**body)]

        (request,) = forwarder.requests
    assert json.loads(request.body) == body
