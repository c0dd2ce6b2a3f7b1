"""Golden streams: one good stream of each family and each known dialect, written after the families' contracts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.family import EndpointFamily
from console.wire.sse import SseEvent
from console.wire.usage import Usage

DONE = SseEvent("", "[DONE]")


@dataclass(frozen=True, slots=True)
class Golden:
    """A stream that is good, and what a reader has to make of it."""

    name: str
    family: EndpointFamily
    frames: tuple[SseEvent, ...]
    terminal: int
    """The position of the frame that makes the stream complete."""
    model: str
    answer_id: str
    finish: str
    usage: Usage
    text: str = ""
    reasoning: str = ""
    findings: tuple[str, ...] = ()
    is_over: bool = False


def to_bytes(frames: Iterable[SseEvent], end: str = "\n") -> bytes:
    """Write frames as a gateway does."""
    return "".join(
        (f"event: {frame.name}{end}" if frame.name else "") + f"data: {frame.data}{end}{end}" for frame in frames
    ).encode()


def named(kind: str, **fields: object) -> SseEvent:
    """Make a frame whose event name is its type."""
    return SseEvent(kind, json.dumps({"type": kind, **fields}))


def bare(**fields: object) -> SseEvent:
    """Make a frame that names no event."""
    return SseEvent("", json.dumps(fields))


def unnamed(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    """Take the event names off, as LiteLLM does."""
    return tuple(SseEvent("", frame.data) for frame in frames)


def untyped(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    """Take `type` out of the data, so that only the event names say what is what."""
    return without(frames, "type")


def without(frames: Iterable[SseEvent], *keys: str) -> tuple[SseEvent, ...]:
    """Take keys out of every frame's data."""
    return tuple(
        SseEvent(frame.name, json.dumps({k: v for k, v in json.loads(frame.data).items() if k not in keys}))
        for frame in frames
    )


# --- Responses ---------------------------------------------------------------------------------------------------


def response(status: str, **fields: object) -> dict[str, object]:
    """Make a Responses answer object."""
    return {
        "id": "resp_01",
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-route-2026-05-01",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None,
        **fields,
    }


def message_item(text: str, status: str = "completed") -> dict[str, object]:
    """Make a Responses output message."""
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"id": "msg_01", "type": "message", "role": "assistant", "status": status, "content": content}


RESPONSES_USAGE: dict[str, object] = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 21,
}
_REASONING = {"id": "rs_01", "type": "reasoning", "summary": []}
_PART = {"item_id": "msg_01", "output_index": 1, "content_index": 0}
_SUMMARY = {"item_id": "rs_01", "output_index": 0, "summary_index": 0}


def _numbered(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    return tuple(
        SseEvent(frame.name, json.dumps({**json.loads(frame.data), "sequence_number": number}))
        for number, frame in enumerate(frames)
    )


_RESPONSES_FRAMES = _numbered(
    [
        named("response.created", response=response("in_progress")),
        named("response.in_progress", response=response("in_progress")),
        named("response.output_item.added", output_index=0, item=_REASONING),
        named("response.reasoning_summary_part.added", **_SUMMARY, part={"type": "summary_text", "text": ""}),
        named("response.reasoning_summary_text.delta", **_SUMMARY, delta="The reply ", obfuscation="xQ"),
        named("response.reasoning_summary_text.delta", **_SUMMARY, delta="is fixed."),
        named("response.reasoning_summary_text.done", **_SUMMARY, text="The reply is fixed."),
        named("response.output_item.done", output_index=0, item=_REASONING),
        named("response.output_item.added", output_index=1, item=message_item("", "in_progress")),
        named("response.content_part.added", **_PART, part={"type": "output_text", "text": "", "annotations": []}),
        named("response.output_text.delta", **_PART, delta="O", logprobs=[]),
        named("response.output_text.delta", **_PART, delta="K."),
        named("response.output_text.done", **_PART, text="OK."),
        named("response.content_part.done", **_PART, part={"type": "output_text", "text": "OK.", "annotations": []}),
        named("response.output_item.done", output_index=1, item=message_item("OK.")),
        named(
            "response.completed",
            response=response("completed", output=[_REASONING, message_item("OK.")], usage=RESPONSES_USAGE),
        ),
    ]
)
_RESPONSES_END = len(_RESPONSES_FRAMES) - 1
_RESPONSES_SEEN = Usage(input_tokens=12, cached_tokens=4, output_tokens=9, reasoning_tokens=5)


def _responses(
    name: str,
    frames: tuple[SseEvent, ...] = _RESPONSES_FRAMES,
    *,
    terminal: int = _RESPONSES_END,
    finish: str = "completed",
    usage: Usage = _RESPONSES_SEEN,
    text: str = "OK.",
    reasoning: str = "The reply is fixed.",
    findings: tuple[str, ...] = (),
    is_over: bool = False,
) -> Golden:
    return Golden(
        name=f"responses: {name}",
        family=EndpointFamily.RESPONSES,
        frames=frames,
        terminal=terminal,
        model="gpt-route-2026-05-01",
        answer_id="resp_01",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=is_over,
    )


RESPONSES = _responses("as the vendor sends it")
_CREATED = named("response.created", response=response("in_progress"))
_REFUSAL = (
    _CREATED,
    named("response.refusal.delta", **_PART, delta="I can"),
    named("response.refusal.delta", **_PART, delta="not."),
    named("response.completed", response=response("completed", usage=RESPONSES_USAGE)),
)
_AT_LIMIT = (
    _CREATED,
    named("response.output_item.added", output_index=0, item=_REASONING),
    named("response.reasoning_text.delta", item_id="rs_01", output_index=0, content_index=0, delta="Hm"),
    named("response.output_item.done", output_index=0, item=_REASONING),
    named(
        "response.incomplete",
        response=response(
            "incomplete",
            incomplete_details={"reason": "max_output_tokens"},
            output=[_REASONING],
            usage={**RESPONSES_USAGE, "output_tokens": 16, "output_tokens_details": {"reasoning_tokens": 16}},
        ),
    ),
)
_LLAMA_RESPONSES = tuple(
    frame
    for frame in without(_RESPONSES_FRAMES, "sequence_number", "output_index", "content_index", "logprobs")
    if "reasoning" not in frame.name
)
RESPONSES_GOLDEN = (
    RESPONSES,
    _responses("with [DONE]", (*_RESPONSES_FRAMES, DONE), is_over=True),
    _responses(
        "no event lines, no sequence, [DONE]: LiteLLM",
        (*unnamed(without(_RESPONSES_FRAMES, "sequence_number")), DONE),
        is_over=True,
    ),
    _responses("only event lines", untyped(_RESPONSES_FRAMES)),
    _responses(
        "no sequence, no indexes: llama.cpp", _LLAMA_RESPONSES, terminal=len(_LLAMA_RESPONSES) - 1, reasoning=""
    ),
    _responses(
        "reasoning as Open Responses names it",
        (_CREATED, named("response.reasoning.delta", item_id="rs_01", delta="Hm"), *_RESPONSES_FRAMES[10:]),
        terminal=_RESPONSES_END - 8,
        reasoning="Hm",
    ),
    _responses("refusal", _REFUSAL, terminal=3, text="I cannot.", reasoning=""),
    _responses(
        "reasoning up to the limit",
        _AT_LIMIT,
        terminal=4,
        finish="max_output_tokens",
        usage=Usage(input_tokens=12, cached_tokens=4, output_tokens=16, reasoning_tokens=16),
        text="",
        reasoning="Hm",
        findings=("COM-U-02",),
    ),
    _responses(
        "no usage",
        (*_RESPONSES_FRAMES[:-1], named("response.completed", response=response("completed"))),
        usage=Usage(),
        findings=("COM-U-01",),
    ),
    _responses(
        "unknown events are let through",
        (*_RESPONSES_FRAMES[:3], named("acme:trace", delta="not content"), *_RESPONSES_FRAMES[3:]),
        terminal=_RESPONSES_END + 1,
    ),
)

# --- Chat Completions --------------------------------------------------------------------------------------------


def chunk(delta: dict[str, object] | None = None, finish: str | None = None, **fields: object) -> SseEvent:
    """Make a chat chunk with one choice."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    return bare(
        **{
            "id": "chatcmpl-01",
            "object": "chat.completion.chunk",
            "created": 1790000000,
            "model": "chat-route-2026-05-01",
            "choices": choices,
            "usage": None,
            **fields,
        }
    )


CHAT_USAGE: dict[str, object] = {
    "prompt_tokens": 11,
    "completion_tokens": 3,
    "total_tokens": 14,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 1},
}
_CHAT_BODY = (
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"content": "O"}),
    chunk({"content": "K."}),
    chunk({}, "stop"),
)
_CHAT_FRAMES = (*_CHAT_BODY, chunk(None, usage=CHAT_USAGE), DONE)
_CHAT_SEEN = Usage(input_tokens=11, cached_tokens=2, output_tokens=3, reasoning_tokens=1)


def _chat(
    name: str,
    frames: tuple[SseEvent, ...] = _CHAT_FRAMES,
    *,
    terminal: int = 3,
    finish: str = "stop",
    usage: Usage = _CHAT_SEEN,
    text: str = "OK.",
    reasoning: str = "",
    findings: tuple[str, ...] = (),
    is_over: bool = True,
) -> Golden:
    return Golden(
        name=f"chat: {name}",
        family=EndpointFamily.CHAT_COMPLETIONS,
        frames=frames,
        terminal=terminal,
        model="chat-route-2026-05-01",
        answer_id="chatcmpl-01",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=is_over,
    )


CHAT = _chat("as the vendor sends it")
_AZURE_FIRST = bare(choices=[], created=0, id="", model="", object="", prompt_filter_results=[{"prompt_index": 0}])
CHAT_GOLDEN = (
    CHAT,
    _chat("an empty chunk with filter results first: Azure", (_AZURE_FIRST, *_CHAT_FRAMES), terminal=4),
    _chat(
        "first delta's content is null: llama.cpp",
        (chunk({"role": "assistant", "content": None}), *_CHAT_FRAMES[1:]),
    ),
    _chat("no [DONE]", _CHAT_FRAMES[:-1], findings=("CHT-STREAM-06",), is_over=False),
    _chat(
        "neither usage nor [DONE]",
        _CHAT_BODY,
        usage=Usage(),
        findings=("COM-U-01", "CHT-STREAM-06"),
        is_over=False,
    ),
    _chat(
        "reasoning_content",
        (chunk({"role": "assistant", "content": None, "reasoning_content": "Let me"}), *_CHAT_FRAMES[1:]),
        reasoning="Let me",
    ),
    _chat(
        "reasoning",
        (chunk({"role": "assistant", "content": "", "reasoning": "Let me"}), *_CHAT_FRAMES[1:]),
        reasoning="Let me",
    ),
    _chat(
        "parts as content, usage on the finish chunk: Mistral",
        (
            chunk({"role": "assistant", "content": [{"type": "text", "text": "O"}, {"type": "text", "text": "K"}]}),
            chunk({"content": "."}, "stop", usage=CHAT_USAGE),
            DONE,
        ),
        terminal=1,
    ),
    _chat(
        "refusal",
        (chunk({"role": "assistant", "content": None}), chunk({"refusal": "I cannot."}), *_CHAT_FRAMES[3:]),
        terminal=2,
        text="I cannot.",
    ),
    _chat(
        "token limit",
        (chunk({"role": "assistant", "content": ""}), chunk({}, "length"), chunk(None, usage=CHAT_USAGE), DONE),
        terminal=1,
        finish="length",
        text="",
        findings=("COM-U-02",),
    ),
)

# --- Anthropic Messages ------------------------------------------------------------------------------------------


def message_start(**usage: object) -> SseEvent:
    """Make the first frame of a Messages stream."""
    return named(
        "message_start",
        message={
            "id": "msg_02",
            "type": "message",
            "role": "assistant",
            "model": "claude-route-2026-05-01",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage or {"input_tokens": 10, "output_tokens": 1},
        },
    )


def message_delta(stop_reason: str | None = "end_turn", **usage: object) -> SseEvent:
    """Make the frame that brings a Messages stream's stop reason."""
    delta = {"stop_reason": stop_reason, "stop_sequence": None}
    return named("message_delta", delta=delta, usage=usage or {"output_tokens": 6})


def block_delta(index: int, kind: str, **fields: object) -> SseEvent:
    """Make a delta frame of a content block."""
    return named("content_block_delta", index=index, delta={"type": kind, **fields})


MESSAGE_STOP = named("message_stop")
_MESSAGES_BODY = (
    message_start(),
    named("ping"),
    named("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
    block_delta(0, "thinking_delta", thinking="The reply "),
    block_delta(0, "thinking_delta", thinking="is fixed."),
    block_delta(0, "signature_delta", signature="c2ln"),
    named("content_block_stop", index=0),
    named("content_block_start", index=1, content_block={"type": "text", "text": ""}),
    block_delta(1, "text_delta", text="O"),
    named("ping"),
    block_delta(1, "text_delta", text="K."),
    named("content_block_stop", index=1),
)
_MESSAGES_FRAMES = (*_MESSAGES_BODY, message_delta(), MESSAGE_STOP)
_MESSAGES_END = len(_MESSAGES_FRAMES) - 1
_MESSAGES_SEEN = Usage(input_tokens=10, output_tokens=6)


def _messages(
    name: str,
    frames: tuple[SseEvent, ...] = _MESSAGES_FRAMES,
    *,
    terminal: int = _MESSAGES_END,
    finish: str = "end_turn",
    usage: Usage = _MESSAGES_SEEN,
    text: str = "OK.",
    reasoning: str = "The reply is fixed.",
    findings: tuple[str, ...] = (),
) -> Golden:
    return Golden(
        name=f"messages: {name}",
        family=EndpointFamily.ANTHROPIC_MESSAGES,
        frames=frames,
        terminal=terminal,
        model="claude-route-2026-05-01",
        answer_id="msg_02",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=True,
    )


MESSAGES = _messages("as the vendor sends it")
MESSAGES_GOLDEN = (
    MESSAGES,
    _messages("no event lines", unnamed(_MESSAGES_FRAMES)),
    _messages("only event lines", untyped(_MESSAGES_FRAMES)),
    _messages("padded JSON", tuple(SseEvent(f.name, f.data[:-1] + "       }   ") for f in _MESSAGES_FRAMES)),
    _messages(
        "with [DONE] before the end",
        (*_MESSAGES_FRAMES[:-1], DONE, MESSAGE_STOP),
        terminal=_MESSAGES_END + 1,
        findings=("MSG-STREAM-04",),
    ),
    _messages("with [DONE] after the end", (*_MESSAGES_FRAMES, DONE), findings=("MSG-STREAM-04",)),
    _messages(
        "cache figures at the start",
        (
            message_start(input_tokens=3, cache_creation_input_tokens=5, cache_read_input_tokens=100, output_tokens=1),
            *_MESSAGES_FRAMES[1:],
        ),
        usage=Usage(input_tokens=108, cached_tokens=100, output_tokens=6),
    ),
    _messages(
        "cache and thinking figures at the end",
        (
            *_MESSAGES_BODY,
            message_delta(
                input_tokens=3,
                cache_creation_input_tokens=0,
                cache_read_input_tokens=100,
                output_tokens=6,
                output_tokens_details={"thinking_tokens": 4},
            ),
            MESSAGE_STOP,
        ),
        usage=Usage(input_tokens=103, cached_tokens=100, output_tokens=6, reasoning_tokens=4),
    ),
    _messages(
        "two message_delta",
        (*_MESSAGES_BODY, message_delta(None, output_tokens=4), message_delta(), MESSAGE_STOP),
        terminal=_MESSAGES_END + 1,
    ),
    _messages(
        "token limit within thinking",
        (*_MESSAGES_BODY[:7], message_delta("max_tokens"), MESSAGE_STOP),
        terminal=8,
        finish="max_tokens",
        text="",
        findings=("COM-U-02",),
    ),
    _messages(
        "no usage",
        (
            named("message_start", message={"id": "msg_02", "model": "claude-route-2026-05-01"}),
            *_MESSAGES_BODY[1:],
            named("message_delta", delta={"stop_reason": "end_turn"}),
            MESSAGE_STOP,
        ),
        usage=Usage(),
        findings=("COM-U-01",),
    ),
    _messages(
        "unknown events and deltas are let through",
        (
            *_MESSAGES_BODY,
            named("acme_trace", text="not content"),
            block_delta(2, "acme_delta", acme="not content"),
            *_MESSAGES_FRAMES[-2:],
        ),
        terminal=_MESSAGES_END + 2,
    ),
)

VENDOR_GOLDEN = (RESPONSES, CHAT, MESSAGES)
ALL_GOLDEN = (*RESPONSES_GOLDEN, *CHAT_GOLDEN, *MESSAGES_GOLDEN)
