"""Golden whole bodies: as the vendors send them, and as gateways do."""

from dataclasses import dataclass
from typing import Any

from support.wire.frames_responses import REASONING, RESPONSES_USAGE, call_item, message_item, response
from support.wire.golden_chat import CHAT_USAGE
from support.wire.golden_messages import message

from console.domain.routes.family import EndpointFamily
from console.wire.judge.expectation import NOTHING, Expectation

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS


@dataclass(frozen=True, slots=True)
class GoldenBody:
    """A whole body that is good, and the ids of the findings on its dialect."""

    name: str
    family: EndpointFamily
    body: dict[str, Any]
    findings: tuple[str, ...] = ()
    expected: Expectation = NOTHING


def completion(content: object = "OK.", finish: str | None = "stop", **fields: object) -> dict[str, Any]:
    """Make a chat answer; `message` among the fields is put into its message."""
    said: Any = fields.pop("message", {})
    return {
        "id": "chatcmpl-01",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "chat-route-2026-05-01",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **said}, "finish_reason": finish}
        ],
        "usage": CHAT_USAGE,
        **fields,
    }


def tool_call(arguments: str = '{"city":"Oslo"}', **fields: object) -> dict[str, Any]:
    """Make a tool call of a chat answer."""
    return {"id": "call_01", "type": "function", "function": {"name": "get_weather", "arguments": arguments}, **fields}


def said(text: str = "OK.", stop_reason: str = "end_turn", **fields: object) -> dict[str, Any]:
    """Make a whole message with a text."""
    return message(content=[{"type": "text", "text": text}], stop_reason=stop_reason, **fields)


TOOL_USE: dict[str, Any] = {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {"city": "Oslo"}}
SCORED = Expectation(accepts=lambda text: '"score":' in text and text.startswith("{"))
_SCORE = '{"score":0.9}'
_AT_LIMIT = {"incomplete_details": {"reason": "max_output_tokens"}, "usage": RESPONSES_USAGE}
_LLAMA_RESPONSE = {
    "completed_at": 1795363387,
    "created_at": 1795363387,
    "id": "resp_02",
    "model": "smollm2",
    "object": "response",
    "output": [message_item("OK.")],
    "status": "completed",
    "usage": {
        "input_tokens": 35,
        "output_tokens": 14,
        "total_tokens": 49,
        "input_tokens_details": {"cached_tokens": 3},
    },
}
RESPONSE = GoldenBody("responses: text", R, response("completed", output=[message_item("OK.")], usage=RESPONSES_USAGE))
RESPONSE_TOOL = GoldenBody(
    "responses: tool",
    R,
    response("completed", output=[call_item('{"city":"Oslo"}')], usage=RESPONSES_USAGE),
)
RESPONSE_SCORE = GoldenBody(
    "responses: structured",
    R,
    response("completed", output=[message_item(_SCORE)], usage=RESPONSES_USAGE),
    expected=SCORED,
)
CHAT_TEXT = GoldenBody("chat: text", C, completion())
CHAT_CALL = GoldenBody(
    "chat: tool",
    C,
    completion(None, "tool_calls", message={"tool_calls": [tool_call()]}),
)
CHAT_SCORE = GoldenBody("chat: structured", C, completion(_SCORE), expected=SCORED)
MESSAGE = GoldenBody("messages: text", M, said())
MESSAGE_TOOL = GoldenBody("messages: tool", M, message(content=[TOOL_USE], stop_reason="tool_use"))
MESSAGE_SCORE = GoldenBody("messages: structured", M, said(_SCORE), expected=SCORED)
GOLDEN_BODIES = (
    RESPONSE,
    RESPONSE_TOOL,
    RESPONSE_SCORE,
    GoldenBody("responses: llama.cpp", R, _LLAMA_RESPONSE, ("RSP-B-02", "RSP-B-03")),
    GoldenBody(
        "responses: reasoning up to the limit",
        R,
        response("incomplete", output=[REASONING], **_AT_LIMIT),
        ("RSP-B-06",),
    ),
    GoldenBody(
        "responses: text up to the limit",
        R,
        response("incomplete", output=[message_item("O", "incomplete")], **_AT_LIMIT),
        ("COM-U-02",),
    ),
    GoldenBody(
        "responses: only reasoning",
        R,
        response("completed", output=[REASONING], usage=RESPONSES_USAGE),
        ("RSP-B-06",),
    ),
    GoldenBody(
        "responses: refusal",
        R,
        response(
            "completed",
            output=[{**message_item(""), "content": [{"type": "refusal", "refusal": "I cannot."}]}],
            usage=RESPONSES_USAGE,
        ),
    ),
    CHAT_TEXT,
    CHAT_CALL,
    CHAT_SCORE,
    GoldenBody(
        "chat: a tool ends in stop",
        C,
        completion(None, "stop", message={"tool_calls": [tool_call()]}),
        ("CHT-B-02",),
    ),
    GoldenBody("chat: refusal", C, completion(None, message={"refusal": "I cannot."})),
    GoldenBody("chat: reasoning_content", C, completion(message={"reasoning_content": "Hm"})),
    GoldenBody("chat: token limit", C, completion("O", "length"), ("COM-U-02",)),
    GoldenBody("chat: parts as content: Mistral", C, completion([{"type": "text", "text": "OK."}]), ("CHT-B-03",)),
    GoldenBody(
        "chat: reasoning beside the completion: xAI",
        C,
        completion(usage={**CHAT_USAGE, "total_tokens": 15}),
        ("CHT-U-01",),
    ),
    MESSAGE,
    MESSAGE_TOOL,
    MESSAGE_SCORE,
    GoldenBody(
        "messages: thinking up to the limit",
        M,
        message(content=[{"type": "thinking", "thinking": "Hm", "signature": "c2ln"}], stop_reason="max_tokens"),
        ("MSG-B-02",),
    ),
    GoldenBody("messages: empty end_turn", M, message(stop_reason="end_turn"), ("MSG-B-02",)),
    GoldenBody("messages: token limit", M, said("O", "max_tokens"), ("COM-U-02",)),
    GoldenBody("messages: llama.cpp's id", M, said(id="chatcmpl-02")),
)
