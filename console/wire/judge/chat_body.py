"""Judges a whole Chat Completions answer, and the result of a streamed one."""

from console.domain.probes.token_limit import AT_LIMIT
from console.wire.json_value import count_at, list_at, text_at, value_at
from console.wire.judge.expectation import Expectation
from console.wire.judge.notes import Notes
from console.wire.usage import chat_usage

FINISHES = frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"})
"""The family's finish reasons."""
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
    has_tool = _has_tool(message)
    text = text_in(message)
    usage = body.get("usage")
    has_reasoned = _has_reasoned(message)
    has_counted = bool(count_at(usage, "completion_tokens_details", "reasoning_tokens"))
    if finish is None:
        notes.add("CHT-B-02", "unfinished")
    else:
        judge_finish(finish, notes, has_text=bool(text), has_reasoning=has_reasoned or has_counted, has_tool=has_tool)
    if not judge_usage(usage, notes):
        notes.add("CHT-U-01", "missing")
    elif chat_usage(usage).is_naught(has_content=has_content(message)):
        notes.add("CHT-U-01", "zero")
    if (case := expected.departure_of(text, finish)) is not None:
        notes.add("CHT-B-04", case)


def has_content(message: object) -> bool:
    """Return whether a message has text, reasoning or a tool call."""
    return bool(text_in(message)) or _has_tool(message) or _has_reasoned(message)


def _has_tool(message: object) -> bool:
    return bool(list_at(message, "tool_calls")) or isinstance(value_at(message, "function_call"), dict)


def _has_reasoned(message: object) -> bool:
    return bool(value_at(message, "reasoning_content") or value_at(message, "reasoning"))


def judge_content(content: object, notes: Notes) -> None:
    """Note where the content of a message or delta is neither text nor null."""
    if isinstance(content, list):
        notes.add("CHT-B-03", "parts")
    elif content is not None and not isinstance(content, str):
        notes.add("CHT-B-03", "content_type")


def judge_finish(finish: str, notes: Notes, *, has_text: bool, has_reasoning: bool, has_tool: bool) -> None:
    """Note where a finish reason does not match the answer's content."""
    if finish == "error":
        notes.add("CHT-B-02", "error_finish")
    elif finish not in FINISHES:
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


def is_bare(choices: list[object]) -> bool:
    """Return whether a chunk's choices bring nothing: no text, reasoning, tool call or finish reason."""
    for choice in choices:
        if type(choice) is not dict or choice.get("finish_reason"):
            return False
        delta = choice.get("delta")
        if delta is not None and type(delta) is not dict:
            return False
        if any(value for key, value in (delta or {}).items() if key != "role"):
            return False
    return True


def text_in(message: object) -> str:
    """Return the text of a message or delta; some providers send it as a list of parts."""
    parts = list_at(message, "content")
    if parts:
        return "".join(text_at(part, "text") or "" for part in parts)
    return text_at(message, "content") or text_at(message, "refusal") or ""
