"""Judges a Responses object: a whole answer, or the one in a stream's last event."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.probes.token_limit import AT_LIMIT
from console.wire.json_value import count_at, list_at, text_at, value_at
from console.wire.judge.expectation import Expectation
from console.wire.judge.notes import Notes
from console.wire.usage import responses_usage

_STATUSES = frozenset({"completed", "failed", "in_progress", "cancelled", "queued", "incomplete"})
_PARTS = frozenset({"output_text", "refusal"})
_SDK_FIELDS = ("parallel_tool_calls", "tool_choice", "tools")
_SPECIFIED = (
    "background", "completed_at", "created_at", "error", "frequency_penalty", "id", "incomplete_details",
    "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model", "object", "output",
    "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt_cache_key", "reasoning",
    "safety_identifier", "service_tier", "status", "store", "temperature", "text", "tool_choice", "tools",
    "top_logprobs", "top_p", "truncation", "usage",
)  # fmt: skip
"""The fields that Open Responses requires in a response (ResponseResource, v2026-04-24)."""


@dataclass(slots=True)
class Content:
    """The kinds of content seen in an answer."""

    text: bool = False
    reasoning: bool = False
    tool: bool = False

    @property
    def is_any(self) -> bool:
        """Whether there is content of any kind."""
        return self.text or self.reasoning or self.tool


def judge_response(response: dict[str, object], notes: Notes, expected: Expectation, content: Content) -> None:
    """Note where a finished response violates its contract; `content` is that of its stream, if any."""
    _judge_fields(response, notes)
    _judge_outcome(response, notes)
    items = list_at(response, "output")
    for item in items:
        judge_item(item, notes)
        note_content(item, content)
    _judge_usage(response.get("usage"), notes, content)
    _judge_amount(response, notes, content)
    reason = text_at(response, "incomplete_details", "reason") if response.get("status") == "incomplete" else None
    if (case := expected.departure_of(text_in(items), reason)) is not None:
        notes.add("RSP-B-07", case)


def judge_item(item: object, notes: Notes) -> None:
    """Note where an output item violates its contract."""
    kind = text_at(item, "type")
    if not kind:
        notes.add("RSP-B-05", "item")
        return
    if not text_at(item, "id"):
        notes.add("RSP-B-05", "no_id")
    if kind == "message":
        parts = value_at(item, "content")
        is_list = isinstance(parts, list) and all(text_at(part, "type") is not None for part in parts)
        if value_at(item, "role") != "assistant" or not is_list:
            notes.add("RSP-B-05", "message")
        elif any(text_at(part, "type") not in _PARTS for part in list_at(item, "content")):
            notes.add("RSP-B-05", "unknown_part")


def note_content(item: object, content: Content) -> None:
    """Record the kind of content in an output item."""
    match text_at(item, "type"):
        case "message":
            content.text = content.text or bool(text_in((item,)))
        case "reasoning":
            content.reasoning = True
        case None:
            pass
        case _:
            content.tool = True


def text_in(items: Sequence[object]) -> str:
    """Return the text of all messages in output items, including refusals."""
    return "".join(
        text_at(part, "text") or text_at(part, "refusal") or ""
        for item in items
        if value_at(item, "type") == "message"
        for part in list_at(item, "content")
    )


def _judge_fields(response: dict[str, object], notes: Notes) -> None:
    created = response.get("created_at")
    for name, is_right in (
        ("object", response.get("object") == "response"),
        ("id", bool(text_at(response, "id"))),
        ("created_at", isinstance(created, int | float) and not isinstance(created, bool)),
        ("model", bool(text_at(response, "model"))),
        ("output", isinstance(response.get("output"), list)),
    ):
        if not is_right:
            notes.add("RSP-B-01", "field", name)
    if text_at(response, "status") not in _STATUSES:
        notes.add("RSP-B-01", "status")
    missing = [name for name in _SDK_FIELDS if name not in response]
    if missing:
        notes.add("RSP-B-02", "missing", ", ".join(missing))
    count = sum(name not in response for name in _SPECIFIED)
    if count:
        notes.add("RSP-B-03", "missing", f"{count} of {len(_SPECIFIED)} fields")


def _judge_outcome(response: dict[str, object], notes: Notes) -> None:
    error, details = response.get("error"), response.get("incomplete_details")
    match response.get("status"):
        case "completed" if error or details:
            notes.add("RSP-B-04", "contradiction")
        case "incomplete" if not text_at(details, "reason"):
            notes.add("RSP-B-04", "no_reason")
        case "failed" if not (text_at(error, "code") and text_at(error, "message")):
            notes.add("RSP-B-04", "no_reason")


def _judge_usage(usage: object, notes: Notes, content: Content) -> None:
    read, written = count_at(usage, "input_tokens"), count_at(usage, "output_tokens")
    if read is None or written is None:
        notes.add("RSP-U-01", "missing")
        return
    if responses_usage(usage).is_naught(has_content=content.is_any):
        notes.add("RSP-U-01", "zero")
    total = count_at(usage, "total_tokens")
    reasoning = count_at(usage, "output_tokens_details", "reasoning_tokens") or 0
    if total is None:
        notes.add("RSP-U-01", "no_total")
    elif total != read + written:
        notes.add("RSP-U-01", "beside" if total == read + written + reasoning else "total")
    if reasoning > written:
        notes.add("RSP-U-01", "beside")
    if (count_at(usage, "input_tokens_details", "cached_tokens") or 0) > read:
        notes.add("RSP-U-01", "details")


def _judge_amount(response: dict[str, object], notes: Notes, content: Content) -> None:
    """Judge whether the answer has any content, and whether the token limit cut it."""
    has_answer = content.text or content.tool
    if response.get("status") == "incomplete" and text_at(response, "incomplete_details", "reason") in AT_LIMIT:
        notes.add(*(("COM-U-02", "at_limit") if has_answer else ("RSP-B-06", "budget")))
    elif response.get("status") == "completed" and not has_answer:
        has_reasoned = content.reasoning or count_at(response, "usage", "output_tokens_details", "reasoning_tokens")
        notes.add("RSP-B-06", "only_reasoning" if has_reasoned else "empty")
