"""Judges a whole Chat Completions answer, and the result of a streamed one."""

from console.wire.json_value import count_at, list_at, text_at, value_at
from console.wire.judge.expectation import Expectation
from console.wire.judge.notes import Notes

FINISHES = frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"})
"""The family's finish reasons."""
AT_LIMIT = frozenset({"length"})
"""The finish reasons for a reached token limit."""
_TOOL_FINISHES = frozenset({"tool_calls", "function_call"})


def judge_completion(body: dict[str, object], notes: Notes, expected: Expectation) -> None:
    """Note where a whole answer violates its contract."""
    message = value_at(body, "choices", 0, "message")
    created = body.get("created")
    for name, is_right in (
        ("id", bool(text_at(body, "id"))),
        ("created", isinstance(created, int | float) and not isinstance(created, bool)),
        ("model", bool(text_at(body, "model"))),
    ):
        if not is_right:
            notes.add("CHT-B-01", "field", name)
    judge_content(value_at(message, "content"), notes)
    finish = text_at(body, "choices", 0, "finish_reason")
    has_tool = bool(list_at(message, "tool_calls")) or isinstance(value_at(message, "function_call"), dict)
    text = text_in(message)
    usage = body.get("usage")
    has_reasoned = bool(value_at(message, "reasoning_content") or value_at(message, "reasoning"))
    has_counted = bool(count_at(usage, "completion_tokens_details", "reasoning_tokens"))
    if finish is None:
        notes.add("CHT-B-02", "unfinished")
    else:
        judge_finish(finish, notes, has_text=bool(text), has_reasoning=has_reasoned or has_counted, has_tool=has_tool)
    if not judge_usage(usage, notes):
        notes.add("CHT-U-01", "missing")
    if (case := expected.departure_of(text)) is not None:
        notes.add("CHT-B-04", case)


def judge_content(content: object, notes: Notes) -> None:
    """Note where the content of a message or delta is neither text nor null."""
    if isinstance(content, list):
        notes.add("CHT-B-03", "parts")
    elif content is not None and not isinstance(content, str):
        notes.add("CHT-B-03", "content_type")


def judge_finish(finish: str, notes: Notes, *, has_text: bool, has_reasoning: bool, has_tool: bool) -> None:
    """Note where a finish reason does not match the answer's content."""
    if finish not in FINISHES:
        notes.add("CHT-B-02", "unknown")
    if finish in _TOOL_FINISHES and not has_tool:
        notes.add("CHT-B-02", "no_tool_call")
    elif has_tool and finish == "stop":
        notes.add("CHT-B-02", "unsaid_tool_call")
    if finish in AT_LIMIT:
        notes.add(*(("COM-U-02", "at_limit") if has_text or has_tool else ("CHT-B-03", "budget")))
    elif not (has_text or has_tool or finish in _TOOL_FINISHES or finish == "content_filter"):
        notes.add("CHT-B-03", "only_reasoning" if has_reasoning else "empty")


def judge_usage(usage: object, notes: Notes) -> bool:
    """Note where a usage's total is not its sum; return whether it names both sides."""
    read, written = count_at(usage, "prompt_tokens"), count_at(usage, "completion_tokens")
    if read is None or written is None:
        return False
    total = count_at(usage, "total_tokens")
    reasoning = count_at(usage, "completion_tokens_details", "reasoning_tokens") or 0
    if total is not None and total != read + written:
        notes.add("CHT-U-01", "beside" if total == read + written + reasoning else "total")
    return True


def text_in(message: object) -> str:
    """Return the text of a message or delta; some providers send it as a list of parts."""
    parts = list_at(message, "content")
    if parts:
        return "".join(text_at(part, "text") or "" for part in parts)
    return text_at(message, "content") or text_at(message, "refusal") or ""
