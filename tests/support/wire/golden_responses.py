"""Golden Responses streams: as the vendor sends them, and as gateways do."""

import json

from support.wire.frames_responses import (
    MODEL,
    REASONING,
    RESPONSES_USAGE,
    call_frames,
    call_item,
    completed,
    message_item,
    numbered,
    response,
    started,
    text_frames,
)
from support.wire.golden import DONE, Golden, named, unnamed, untyped, without

from console.domain.routes.family import EndpointFamily
from console.wire.sse import SseEvent
from console.wire.usage import Usage

_SUMMARY = {"item_id": "rs_01", "output_index": 0, "summary_index": 0}
_SUMMARY_TEXT = {"type": "summary_text", "text": "The reply is fixed."}
SUMMARIZED = {**REASONING, "summary": [_SUMMARY_TEXT]}
FRAMES = started(
    named("response.output_item.added", output_index=0, item=REASONING),
    named("response.reasoning_summary_part.added", **_SUMMARY, part={"type": "summary_text", "text": ""}),
    named("response.reasoning_summary_text.delta", **_SUMMARY, delta="The reply ", obfuscation="xQ"),
    named("response.reasoning_summary_text.delta", **_SUMMARY, delta="is fixed."),
    named("response.reasoning_summary_text.done", **_SUMMARY, text="The reply is fixed."),
    named("response.reasoning_summary_part.done", **_SUMMARY, part=_SUMMARY_TEXT),
    named("response.output_item.done", output_index=0, item=SUMMARIZED),
    *text_frames(("O", "K."), 1),
    completed(SUMMARIZED, message_item("OK.")),
)
_SEEN = Usage(input_tokens=12, cached_tokens=4, output_tokens=9, reasoning_tokens=5)


def _golden(
    name: str,
    frames: tuple[SseEvent, ...] = FRAMES,
    *,
    terminal: int | None = None,
    finish: str = "completed",
    usage: Usage = _SEEN,
    text: str = "OK.",
    reasoning: str = "",
    findings: tuple[str, ...] = (),
    is_over: bool = False,
) -> Golden:
    return Golden(
        name=f"responses: {name}",
        family=EndpointFamily.RESPONSES,
        frames=frames,
        terminal=len(frames) - 1 if terminal is None else terminal,
        model=MODEL,
        answer_id="resp_01",
        finish=finish,
        usage=usage,
        text=text,
        reasoning=reasoning,
        findings=findings,
        is_over=is_over,
    )


_BARE = ("sequence_number", "output_index", "content_index", "summary_index", "logprobs")
PLAIN = started(*text_frames(("O", "K.")), completed(message_item("OK.")))
TOOL = started(*call_frames(('{"city":', '"Oslo"}'), '{"city":"Oslo"}'), completed(call_item('{"city":"Oslo"}')))
_TOOL_WHOLE = started(*call_frames((), '{"city":"Oslo"}'), completed(call_item('{"city":"Oslo"}')))
_REFUSAL_PART = {"type": "refusal", "refusal": "I cannot."}
_REFUSAL_ITEM = {**message_item(""), "content": [_REFUSAL_PART]}
_PLACE = {"item_id": "msg_01", "output_index": 0, "content_index": 0}
_REFUSAL = started(
    named("response.output_item.added", output_index=0, item=message_item("", "in_progress")),
    named("response.content_part.added", **_PLACE, part={"type": "refusal", "refusal": ""}),
    named("response.refusal.delta", **_PLACE, delta="I can"),
    named("response.refusal.delta", **_PLACE, delta="not."),
    named("response.refusal.done", **_PLACE, refusal="I cannot."),
    named("response.content_part.done", **_PLACE, part=_REFUSAL_PART),
    named("response.output_item.done", output_index=0, item=_REFUSAL_ITEM),
    completed(_REFUSAL_ITEM),
)
_AT_LIMIT = started(
    named("response.output_item.added", output_index=0, item=REASONING),
    named("response.reasoning_text.delta", item_id="rs_01", output_index=0, content_index=0, delta="Hm"),
    named("response.output_item.done", output_index=0, item=REASONING),
    named(
        "response.incomplete",
        response=response(
            "incomplete",
            incomplete_details={"reason": "max_output_tokens"},
            output=[REASONING],
            usage={**RESPONSES_USAGE, "output_tokens": 16, "output_tokens_details": {"reasoning_tokens": 16}}
            | {"total_tokens": 28},
        ),
    ),
)
_CUT_ITEM = message_item("OK.", "incomplete")
_TEXT_AT_LIMIT = started(
    *text_frames(("O", "K."))[:-1],
    named("response.output_item.done", output_index=0, item=_CUT_ITEM),
    named(
        "response.incomplete",
        response=response(
            "incomplete",
            incomplete_details={"reason": "max_output_tokens"},
            output=[_CUT_ITEM],
            usage=RESPONSES_USAGE,
        ),
    ),
)
_OPEN_REASONING = started(
    named("response.output_item.added", output_index=0, item=REASONING),
    named("response.reasoning.delta", item_id="rs_01", output_index=0, content_index=0, delta="Hm"),
    named("response.reasoning.done", item_id="rs_01", output_index=0, content_index=0, text="Hm"),
    named("response.output_item.done", output_index=0, item=REASONING),
    *text_frames(("O", "K."), 1),
    completed(REASONING, message_item("OK.")),
)
_THOUGHT = {"item_id": "rs_01", "output_index": 0, "content_index": 0}
_THOUGHT_PART = {"type": "reasoning_text", "text": "Hm"}
_SUMMARY_AND_CONTENT = started(
    named("response.output_item.added", output_index=0, item=REASONING),
    named("response.reasoning_summary_part.added", **_SUMMARY, part={"type": "summary_text", "text": ""}),
    named("response.reasoning_summary_text.done", **_SUMMARY, text="The reply is fixed."),
    named("response.reasoning_summary_part.done", **_SUMMARY, part=_SUMMARY_TEXT),
    named("response.content_part.added", **_THOUGHT, part={"type": "reasoning_text", "text": ""}),
    named("response.reasoning_text.delta", **_THOUGHT, delta="Hm"),
    named("response.reasoning_text.done", **_THOUGHT, text="Hm"),
    named("response.content_part.done", **_THOUGHT, part=_THOUGHT_PART),
    named("response.output_item.done", output_index=0, item={**SUMMARIZED, "content": [_THOUGHT_PART]}),
    *text_frames(("O", "K."), 1),
    completed({**SUMMARIZED, "content": [_THOUGHT_PART]}, message_item("OK.")),
)
_SEARCH = {"id": "ws_01", "type": "web_search_call", "status": "completed"}
_HOSTED = started(
    named("response.output_item.added", output_index=0, item={**_SEARCH, "status": "in_progress"}),
    named("response.web_search_call.in_progress", output_index=0, item_id="ws_01"),
    named("response.web_search_call.searching", output_index=0, item_id="ws_01"),
    named("response.web_search_call.completed", output_index=0, item_id="ws_01"),
    named("response.output_item.done", output_index=0, item=_SEARCH),
    *text_frames(("O", "K."), 1),
    completed(_SEARCH, message_item("OK.")),
)
_CUSTOM = {"id": "ct_01", "type": "custom_tool_call", "call_id": "call_02", "name": "patch", "input": "a b"}
_CUSTOM_TOOL = started(
    named("response.output_item.added", output_index=0, item={**_CUSTOM, "input": ""}),
    named("response.custom_tool_call_input.delta", output_index=0, item_id="ct_01", delta="a "),
    named("response.custom_tool_call_input.delta", output_index=0, item_id="ct_01", delta="b"),
    named("response.custom_tool_call_input.done", output_index=0, item_id="ct_01", input="a b"),
    named("response.output_item.done", output_index=0, item=_CUSTOM),
    completed(_CUSTOM),
)


def _rotated(frames: tuple[SseEvent, ...]) -> tuple[SseEvent, ...]:
    """Give every id another value in every event, as Copilot does; the last one has those that are read."""
    rotated = []
    for number, frame in enumerate(frames):
        value = json.loads(frame.data)
        for holder, key in ((value, "item_id"), (value.get("item"), "id"), (value.get("response"), "id")):
            if holder and key in holder and frame != frames[-1]:
                holder[key] = f"{holder[key]}_{number}"
        rotated.append(SseEvent(frame.name, json.dumps(value)))
    return tuple(rotated)


def _queued() -> tuple[SseEvent, ...]:
    states = (("created", "queued"), ("queued", "queued"), ("in_progress", "in_progress"))
    return numbered(
        (
            *(named(f"response.{kind}", response=response(status)) for kind, status in states),
            *text_frames(("O", "K.")),
            completed(message_item("OK.")),
        )
    )


_XAI = {**RESPONSES_USAGE, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 290}, "total_tokens": 306}
_STRUCTURED = '{"score":0.9,"verdict":"ready"}'
RESPONSES = _golden("as the vendor sends it", reasoning="The reply is fixed.")
RESPONSES_PLAIN = _golden("plain text", PLAIN)
RESPONSES_TOOL = _golden("tool call", TOOL, text="")
RESPONSES_GOLDEN = (
    RESPONSES,
    RESPONSES_PLAIN,
    RESPONSES_TOOL,
    _golden("queued first", _queued()),
    _golden("structured", started(*text_frames(_STRUCTURED), completed(message_item(_STRUCTURED))), text=_STRUCTURED),
    _golden("hosted tool", _HOSTED),
    _golden("custom tool", _CUSTOM_TOOL, text=""),
    _golden("arguments only in .done: LM Studio", _TOOL_WHOLE, text="", findings=("RSP-STREAM-06",)),
    _golden("with [DONE]", (*PLAIN, DONE), terminal=len(PLAIN) - 1, findings=("RSP-STREAM-11",), is_over=True),
    _golden(
        "no event lines, no sequence, [DONE]: LiteLLM",
        (*unnamed(without(PLAIN, "sequence_number")), DONE),
        terminal=len(PLAIN) - 1,
        findings=("RSP-STREAM-02", "RSP-STREAM-03", "RSP-STREAM-11"),
        is_over=True,
    ),
    _golden("only event lines", untyped(PLAIN), findings=("RSP-STREAM-02",)),
    _golden(
        "no sequence, no indexes: llama.cpp",
        without(PLAIN, *_BARE),
        findings=("RSP-STREAM-03", "RSP-STREAM-04"),
    ),
    _golden("reasoning as Open Responses names it", _OPEN_REASONING, reasoning="Hm"),
    _golden("a summary and the reasoning itself", _SUMMARY_AND_CONTENT, reasoning="Hm"),
    _golden("refusal", _REFUSAL, text="I cannot."),
    _golden(
        "reasoning up to the limit",
        _AT_LIMIT,
        finish="max_output_tokens",
        usage=Usage(input_tokens=12, cached_tokens=4, output_tokens=16, reasoning_tokens=16),
        text="",
        reasoning="Hm",
        findings=("RSP-B-06",),
    ),
    _golden("text up to the limit", _TEXT_AT_LIMIT, finish="max_output_tokens", findings=("COM-U-02",)),
    _golden(
        "no usage",
        started(*text_frames(("O", "K.")), completed(message_item("OK."), usage=None)),
        usage=Usage(),
        findings=("RSP-U-01",),
    ),
    _golden(
        "reasoning counted beside the output: xAI",
        started(*text_frames(("O", "K.")), completed(message_item("OK."), usage=_XAI)),
        usage=Usage(input_tokens=12, cached_tokens=4, output_tokens=4, reasoning_tokens=290),
        findings=("RSP-U-01",),
    ),
    _golden(
        "ids that rotate: Copilot",
        _rotated(PLAIN),
        findings=("RSP-STREAM-10", "RSP-STREAM-09", "RSP-STREAM-07"),
    ),
    _golden(
        "unknown events are let through",
        (*PLAIN[:3], named("acme:trace", delta="not content"), *PLAIN[3:]),
        findings=("COM-O-06",),
    ),
)
