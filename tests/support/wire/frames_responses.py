"""What Responses streams are made of."""

import json
from collections.abc import Iterable

from support.wire.golden import named

from console.wire.sse import SseEvent

MODEL = "gpt-route-2026-05-01"


def response(status: str, **fields: object) -> dict[str, object]:
    """Make a Responses answer object with all fields that Open Responses requires."""
    return {
        "id": "resp_01",
        "object": "response",
        "created_at": 1790000000,
        "completed_at": 1790000001 if status == "completed" else None,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": 64,
        "max_tool_calls": None,
        "model": MODEL,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "background": False,
        "metadata": {},
        "usage": None,
        **fields,
    }


def output_text(text: str) -> dict[str, object]:
    """Make a text part."""
    return {"type": "output_text", "text": text, "annotations": []}


def message_item(text: str, status: str = "completed") -> dict[str, object]:
    """Make an output message."""
    content = [output_text(text)] if text else []
    return {"id": "msg_01", "type": "message", "role": "assistant", "status": status, "content": content}


def call_item(arguments: str, status: str = "completed") -> dict[str, object]:
    """Make a function call item."""
    return {
        "id": "fc_01",
        "type": "function_call",
        "status": status,
        "call_id": "call_01",
        "name": "get_weather",
        "arguments": arguments,
    }


RESPONSES_USAGE: dict[str, object] = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 21,
}
REASONING = {"id": "rs_01", "type": "reasoning", "summary": []}


def numbered(frames: Iterable[SseEvent]) -> tuple[SseEvent, ...]:
    """Give frames their sequence numbers."""
    return tuple(
        SseEvent(frame.name, json.dumps({**json.loads(frame.data), "sequence_number": number}))
        for number, frame in enumerate(frames)
    )


def started(*frames: SseEvent) -> tuple[SseEvent, ...]:
    """Put a stream's two first events before frames, and number them all."""
    created = (named(f"response.{kind}", response=response("in_progress")) for kind in ("created", "in_progress"))
    return numbered((*created, *frames))


def text_frames(pieces: Iterable[str], index: int = 0) -> tuple[SseEvent, ...]:
    """Make the events of a message that comes in pieces."""
    place = {"item_id": "msg_01", "output_index": index, "content_index": 0}
    pieces = tuple(pieces)
    text = "".join(pieces)
    return (
        named("response.output_item.added", output_index=index, item=message_item("", "in_progress")),
        named("response.content_part.added", **place, part=output_text("")),
        *(named("response.output_text.delta", **place, delta=piece, logprobs=[]) for piece in pieces),
        named("response.output_text.done", **place, text=text),
        named("response.content_part.done", **place, part=output_text(text)),
        named("response.output_item.done", output_index=index, item=message_item(text)),
    )


def call_frames(pieces: Iterable[str], arguments: str, index: int = 0) -> tuple[SseEvent, ...]:
    """Make the events of a function call whose arguments come in pieces."""
    place = {"item_id": "fc_01", "output_index": index}
    return (
        named("response.output_item.added", output_index=index, item=call_item("", "in_progress")),
        *(named("response.function_call_arguments.delta", **place, delta=piece) for piece in pieces),
        named("response.function_call_arguments.done", **place, arguments=arguments),
        named("response.output_item.done", output_index=index, item=call_item(arguments)),
    )


def completed(*items: dict[str, object], **fields: object) -> SseEvent:
    """Make the event that ends a good stream."""
    return named(
        "response.completed", response=response("completed", **{"output": items, "usage": RESPONSES_USAGE} | fields)
    )
