"""The official openai and anthropic SDKs as clients of the embedded gateway, and as judges of the console's wire.

The SDKs validate every answer and event strictly here, so a field of the wrong shape fails a test by itself.
"""

import json
from collections.abc import Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import pytest
from support.referees.forwarder import forward_to

from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.request import Request
from console.wire.sse import SseDecoder

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

    from console.simulator.server import Listening

pytestmark = pytest.mark.referee

GPT = "gpt-route-placeholder"
CLAUDE = "claude-critic-route-placeholder"
CHAT = "chat-compatible-route-placeholder"
PROMPT = "Reply with OK."
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
TIGHT = 16
"""A token limit below the embedded gateway's whole answer."""


# --- responses ------------------------------------------------------------------------------------------------------


async def test_responses_whole(openai_sdk: "AsyncOpenAI") -> None:
    response = await openai_sdk.responses.create(model=GPT, input=PROMPT)

    assert response.status == "completed"
    assert response.model == GPT
    assert response.output_text
    assert response.usage is not None
    assert response.usage.input_tokens > 0
    assert response.usage.output_tokens > 0
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


async def test_responses_streamed_is_the_whole_in_pieces(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.responses.create(model=GPT, input=PROMPT)
    events = [event async for event in await openai_sdk.responses.create(model=GPT, input=PROMPT, stream=True)]

    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(pieces) > 1
    last = events[-1]
    assert last.type == "response.completed"
    assert "".join(pieces) == last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage


async def test_responses_stream_helper(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.responses.create(model=GPT, input=PROMPT)
    async with openai_sdk.responses.stream(model=GPT, input=PROMPT) as stream:
        snapshots = [event.snapshot async for event in stream if event.type == "response.output_text.delta"]
        final = await stream.get_final_response()

    assert snapshots[-1] == final.output_text == whole.output_text
    assert final.status == "completed"
    assert final.usage == whole.usage


async def test_responses_takes_messages_and_parts_as_input(openai_sdk: "AsyncOpenAI") -> None:
    plain = await openai_sdk.responses.create(model=GPT, input=PROMPT)
    parts: Any = [{"role": "user", "content": [{"type": "input_text", "text": PROMPT}]}]
    listed = await openai_sdk.responses.create(model=GPT, input=parts)

    assert (listed.output_text, listed.usage) == (plain.output_text, plain.usage)


async def test_responses_at_the_token_limit(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.responses.create(model=GPT, input=PROMPT, max_output_tokens=TIGHT)
    async with openai_sdk.responses.stream(model=GPT, input=PROMPT, max_output_tokens=TIGHT) as stream:
        events = [event async for event in stream]

    assert whole.status == "incomplete"
    assert whole.incomplete_details is not None
    assert whole.incomplete_details.reason == "max_output_tokens"
    assert whole.usage is not None
    assert whole.usage.output_tokens == TIGHT
    last = events[-1]
    assert last.type == "response.incomplete"
    assert last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage


# --- chat_completions -----------------------------------------------------------------------------------------------


async def test_chat_whole(openai_sdk: "AsyncOpenAI") -> None:
    completion = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES)

    (choice,) = completion.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content
    assert completion.model == CHAT
    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 0
    assert completion.usage.completion_tokens > 0
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


async def test_chat_streamed_is_the_whole_in_pieces(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES)
    stream = await openai_sdk.chat.completions.create(
        model=CHAT, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    *body, last = chunks
    assert all(chunk.usage is None for chunk in body)
    assert last.choices == []
    assert last.usage == whole.usage
    pieces = [piece for chunk in body if (piece := chunk.choices[0].delta.content)]
    assert len(pieces) > 1
    assert "".join(pieces) == whole.choices[0].message.content
    finishes = [chunk.choices[0].finish_reason for chunk in body]
    assert finishes == [None] * (len(body) - 1) + ["stop"]


async def test_chat_streamed_names_usage_only_when_asked(openai_sdk: "AsyncOpenAI") -> None:
    stream = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES, stream=True)
    chunks = [chunk async for chunk in stream]

    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


async def test_chat_stream_helper(openai_sdk: "AsyncOpenAI") -> None:
    whole = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES)
    async with openai_sdk.chat.completions.stream(
        model=CHAT, messages=MESSAGES, stream_options={"include_usage": True}
    ) as stream:
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()

    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.choices[0].finish_reason == "stop"
    assert final.usage == whole.usage


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
async def test_chat_at_the_token_limit(openai_sdk: "AsyncOpenAI", name: str) -> None:
    limit: Any = {name: TIGHT}
    whole = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES, **limit)
    stream = await openai_sdk.chat.completions.create(model=CHAT, messages=MESSAGES, stream=True, **limit)
    chunks = [chunk async for chunk in stream]

    assert whole.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "length"
    assert whole.usage is not None
    assert whole.usage.completion_tokens == TIGHT
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content


# --- anthropic_messages ---------------------------------------------------------------------------------------------


async def test_messages_whole(anthropic_sdk: "AsyncAnthropic") -> None:
    message = await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=256, messages=MESSAGES)

    assert message.stop_reason == "end_turn"
    assert message.model == CLAUDE
    (block,) = message.content
    assert block.type == "text"
    assert block.text
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


async def test_messages_streamed_is_the_whole_in_pieces(anthropic_sdk: "AsyncAnthropic") -> None:
    whole = await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=256, messages=MESSAGES)
    stream = await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=256, messages=MESSAGES, stream=True)
    events = [event async for event in stream]

    assert list(dict.fromkeys(event.type for event in events)) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    pieces = [e.delta.text for e in events if e.type == "content_block_delta" and e.delta.type == "text_delta"]
    assert len(pieces) > 1
    assert "".join(pieces) == text_of(whole)
    (first,) = [event for event in events if event.type == "message_start"]
    (delta,) = [event for event in events if event.type == "message_delta"]
    assert delta.delta.stop_reason == "end_turn"
    assert (first.message.usage.input_tokens, delta.usage.output_tokens) == (
        whole.usage.input_tokens,
        whole.usage.output_tokens,
    )


async def test_messages_stream_helper(anthropic_sdk: "AsyncAnthropic") -> None:
    whole = await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=256, messages=MESSAGES)
    async with anthropic_sdk.messages.stream(model=CLAUDE, max_tokens=256, messages=MESSAGES) as stream:
        said = "".join([text async for text in stream.text_stream])
        final = await stream.get_final_message()

    assert said == text_of(final) == text_of(whole)
    assert final.stop_reason == "end_turn"
    assert final.usage == whole.usage


async def test_messages_at_the_token_limit(anthropic_sdk: "AsyncAnthropic") -> None:
    whole = await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=TIGHT, messages=MESSAGES)
    async with anthropic_sdk.messages.stream(model=CLAUDE, max_tokens=TIGHT, messages=MESSAGES) as stream:
        final = await stream.get_final_message()

    assert whole.stop_reason == final.stop_reason == "max_tokens"
    assert whole.usage.output_tokens == TIGHT
    assert text_of(final) == text_of(whole)
    assert final.usage == whole.usage


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


# --- models and refusals --------------------------------------------------------------------------------------------


async def test_both_sdks_list_the_same_models(openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic") -> None:
    for_openai = [model.id async for model in openai_sdk.models.list()]
    for_anthropic = [model.id async for model in anthropic_sdk.models.list()]

    assert for_openai == for_anthropic
    assert {GPT, CLAUDE, CHAT} <= set(for_openai)


async def test_a_wrong_key_is_refused_to_openai(
    embedded: "Listening", open_openai: Callable[[str, str], "AsyncOpenAI"]
) -> None:
    from openai import AuthenticationError

    async with open_openai(embedded.base_url, "wrong") as client:
        for call in (
            client.responses.create(model=GPT, input=PROMPT),
            client.responses.create(model=GPT, input=PROMPT, stream=True),
            client.chat.completions.create(model=CHAT, messages=MESSAGES),
            client.models.list(),
        ):
            with pytest.raises(AuthenticationError) as refusal:
                await call
            assert refusal.value.code == "invalid_api_key"
            assert refusal.value.request_id
    assert len(embedded.journal.calls) == 4


async def test_a_wrong_key_is_refused_to_anthropic(
    embedded: "Listening", open_anthropic: Callable[[str, str], "AsyncAnthropic"]
) -> None:
    from anthropic import AuthenticationError

    async with open_anthropic(embedded.base_url, "wrong") as client:
        for streamed in (False, True):
            with pytest.raises(AuthenticationError) as refusal:
                await client.messages.create(model=CLAUDE, max_tokens=256, messages=MESSAGES, stream=streamed)
            body: Any = refusal.value.body
            assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")
            assert body["request_id"] == refusal.value.request_id
        with pytest.raises(AuthenticationError):
            await client.models.list()
    assert len(embedded.journal.calls) == 3


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_responses_only_model_is_not_found_on_chat(openai_sdk: "AsyncOpenAI", streamed: bool) -> None:
    from openai import NotFoundError

    with pytest.raises(NotFoundError, match="only supported in v1/responses"):
        await openai_sdk.chat.completions.create(model="gpt-5-pro", messages=MESSAGES, stream=streamed)
    assert (await openai_sdk.responses.create(model="gpt-5-pro", input=PROMPT)).status == "completed"


async def test_an_unpriced_model_is_named_by_its_code(
    openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic"
) -> None:
    import anthropic
    import openai

    for call in (
        openai_sdk.chat.completions.create(model="chat-unpriced-placeholder", messages=MESSAGES),
        openai_sdk.responses.create(model="gpt-unpriced-placeholder", input=PROMPT, stream=True),
    ):
        with pytest.raises(openai.InternalServerError) as refusal:
            await call
        assert refusal.value.code == "model_price_error"
    with pytest.raises(anthropic.InternalServerError) as messages_refusal:
        await anthropic_sdk.messages.create(model="claude-unpriced-placeholder", max_tokens=256, messages=MESSAGES)
    body: Any = messages_refusal.value.body
    assert body["error"]["type"] == "model_price_error"


async def test_a_quota_refusal_is_a_rate_limit_to_the_sdk(openai_sdk: "AsyncOpenAI") -> None:
    from openai import RateLimitError

    with pytest.raises(RateLimitError) as refusal:
        await openai_sdk.responses.create(model="gpt-unpaid-placeholder", input=PROMPT)
    assert refusal.value.code == "insufficient_quota"


async def test_a_malformed_request_is_a_bad_request(openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic") -> None:
    import anthropic
    import openai

    for call in (
        openai_sdk.responses.create(model=GPT, input=PROMPT, max_output_tokens=1),
        openai_sdk.chat.completions.create(model=CHAT, messages=[]),
        openai_sdk.chat.completions.create(model="", messages=MESSAGES),
    ):
        with pytest.raises(openai.BadRequestError):
            await call
    with pytest.raises(anthropic.BadRequestError):
        await anthropic_sdk.messages.create(model=CLAUDE, max_tokens=0, messages=MESSAGES)


# --- the other way round: the SDKs judge the console's builders and readers -----------------------------------------

CREATE: dict[EndpointFamily, Callable[["AsyncOpenAI", "AsyncAnthropic"], Any]] = {
    EndpointFamily.RESPONSES: lambda openai, anthropic: openai.responses,
    EndpointFamily.ANTHROPIC_MESSAGES: lambda openai, anthropic: anthropic.messages,
    EndpointFamily.CHAT_COMPLETIONS: lambda openai, anthropic: openai.chat.completions,
}
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
each_family = pytest.mark.parametrize("family", list(EndpointFamily))


@each_family
@both_ways
async def test_the_sdk_sends_what_the_builder_builds(
    embedded: "Listening",
    open_openai: Callable[[str, str], "AsyncOpenAI"],
    open_anthropic: Callable[[str, str], "AsyncAnthropic"],
    family: EndpointFamily,
    stream: bool,
) -> None:
    """The builder's body, given to the SDK as arguments, is known to it word for word and goes out unchanged."""
    body = json.loads(FAMILY_WIRES[family].build(GPT, Request(PROMPT, 64, is_streamed=stream)))
    async with (
        forward_to(embedded.base_url) as forwarder,
        open_openai(forwarder.base_url, embedded.token) as openai,
        open_anthropic(forwarder.base_url, embedded.token) as anthropic,
    ):
        answer = await CREATE[family](openai, anthropic).create(**body)
        if stream:
            assert [event async for event in answer]

        (request,) = forwarder.requests
    assert (request.method, request.path) == ("POST", family.standard_path)
    assert json.loads(request.body) == body


@each_family
@both_ways
def test_the_builders_fit_the_sdks_types(family: EndpointFamily, stream: bool) -> None:
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
    from openai.types.chat import completion_create_params as chat
    from openai.types.responses import response_create_params as responses
    from pydantic import ConfigDict, TypeAdapter, with_config

    kinds: Any = {
        EndpointFamily.RESPONSES: (responses.ResponseCreateParamsNonStreaming, responses.ResponseCreateParamsStreaming),
        EndpointFamily.ANTHROPIC_MESSAGES: (MessageCreateParamsNonStreaming, MessageCreateParamsStreaming),
        EndpointFamily.CHAT_COMPLETIONS: (
            chat.CompletionCreateParamsNonStreaming,
            chat.CompletionCreateParamsStreaming,
        ),
    }
    body = json.loads(FAMILY_WIRES[family].build(GPT, Request(PROMPT, 64, is_streamed=stream)))

    TypeAdapter(with_config(ConfigDict(strict=True, extra="forbid"))(kinds[family][stream])).validate_python(body)


@each_family
async def test_the_readers_read_what_the_sdk_reads(
    openai_sdk: "AsyncOpenAI", anthropic_sdk: "AsyncAnthropic", family: EndpointFamily
) -> None:
    wire = FAMILY_WIRES[family]
    resource = CREATE[family](openai_sdk, anthropic_sdk)
    whole_body = json.loads(wire.build(GPT, Request(PROMPT, 64, is_streamed=False)))
    raw = await resource.with_raw_response.create(**whole_body)
    parsed = raw.parse()
    sdk_text, sdk_usage = said_by(family, await parsed if isawaitable(parsed) else parsed)

    whole = wire.read(raw.http_response.json())

    assert whole.is_complete
    assert not whole.findings
    assert whole.text == sdk_text
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == sdk_usage

    stream_body = json.loads(wire.build(GPT, Request(PROMPT, 64)))
    decoder, reader = SseDecoder(), wire.open_stream()
    deltas = []
    async with resource.with_streaming_response.create(**stream_body) as answer:
        async for data in answer.iter_bytes():
            deltas += [delta for event in decoder.feed(data) for delta in reader.feed(event)]
    streamed = reader.close()

    assert streamed.is_complete
    assert not streamed.findings
    assert "".join(delta.text for delta in deltas) == sdk_text
    assert (streamed.usage, streamed.model, streamed.finish) == (whole.usage, whole.model, whole.finish)


def said_by(family: EndpointFamily, answer: Any) -> tuple[str, tuple[int, int]]:
    """Return an answer's text and its input and output tokens as the SDK names them."""
    match family:
        case EndpointFamily.RESPONSES:
            return answer.output_text, (answer.usage.input_tokens, answer.usage.output_tokens)
        case EndpointFamily.ANTHROPIC_MESSAGES:
            return text_of(answer), (answer.usage.input_tokens, answer.usage.output_tokens)
        case EndpointFamily.CHAT_COMPLETIONS:
            usage = answer.usage
            return answer.choices[0].message.content, (usage.prompt_tokens, usage.completion_tokens)
