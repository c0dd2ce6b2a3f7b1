"""Judges a whole Messages answer, and the result of a streamed one."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.probes.token_limit import AT_LIMIT
from console.wire.json_value import count_at, list_at, text_at, value_at
from console.wire.judge.expectation import Expectation
from console.wire.judge.notes import Notes
from console.wire.usage import messages_usage

STOPS = frozenset(
    {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"}
)
"""The family's stop reasons."""
_EMPTY_ALLOWED = frozenset({"end_turn", "pause_turn", "refusal"})
_BY_ITSELF = frozenset({"end_turn", "stop_sequence"})


@dataclass(slots=True)
class Held:
    """The kinds of content in a message."""

    text: bool = False
    reasoning: bool = False
    tool: bool = False
    """Whether it calls one of the client's tools."""
    other: bool = False
    """Whether it has a block of the vendor's own tools, or of a type that the family does not define."""

    def take(self, kind: str) -> None:
        """Record a block's type; a text block counts only with its text."""
        match kind:
            case "text":
                pass
            case "thinking" | "redacted_thinking":
                self.reasoning = True
            case "tool_use":
                self.tool = True
            case _:
                self.other = True


def judge_message(message: dict[str, object], notes: Notes, expected: Expectation) -> None:
    """Note where a whole message violates its contract."""
    judge_fields(message, notes)
    held = Held()
    blocks = list_at(message, "content")
    for block in blocks:
        kind = text_at(block, "type")
        if not kind:
            notes.add("MSG-B-01", "block")
            continue
        held.take(kind)
        held.text = held.text or (kind == "text" and bool(text_at(block, "text")))
        if kind == "tool_use" and not isinstance(value_at(block, "input"), dict):
            notes.add("MSG-B-02", "input")
    has_content = held.text or held.reasoning or held.tool or held.other
    judge_usage(message.get("usage"), notes, has_content=has_content)
    stop = text_at(message, "stop_reason")
    if stop:
        judge_stop(stop, held, notes)
    else:
        notes.add("MSG-B-01", "unfinished")
    if (case := expected.departure_of(text_in(blocks), stop)) is not None:
        notes.add("MSG-B-02", case)


def judge_fields(message: dict[str, object], notes: Notes) -> None:
    """Note a field of a message that is missing or has the wrong type."""
    for name, is_right in (
        ("type", message.get("type") == "message"),
        ("role", message.get("role") == "assistant"),
        ("id", bool(text_at(message, "id"))),
        ("model", bool(text_at(message, "model"))),
        ("content", isinstance(message.get("content"), list)),
    ):
        if not is_right:
            notes.add("MSG-B-01", "field", name)


def judge_usage(usage: object, notes: Notes, *, has_content: bool) -> None:
    """Note where a message's usage is missing, names only one side, or counts nothing beside content."""
    figures = [count_at(usage, name) for name in ("input_tokens", "output_tokens")]
    if figures == [None, None]:
        notes.add("MSG-B-01", "no_usage")
    elif None in figures:
        notes.add("MSG-B-01", "usage_part")
    elif messages_usage(usage).is_naught(has_content=has_content):
        notes.add("MSG-B-01", "zero_usage")


def judge_stop(stop: str, held: Held, notes: Notes) -> None:
    """Note where a stop reason does not match the message's content."""
    if stop == "error":
        notes.add("MSG-B-01", "error_stop")
    elif stop not in STOPS:
        notes.add("MSG-B-01", "unknown_stop")
    if stop == "tool_use" and not held.tool:
        notes.add("MSG-B-02", "no_tool_use")
    elif held.tool and stop in _BY_ITSELF:
        notes.add("MSG-B-02", "unsaid_tool_use")
    has_answer = held.text or held.tool or held.other
    if stop in AT_LIMIT:
        notes.add(*(("COM-U-02", "at_limit") if has_answer else ("MSG-B-02", "budget")))
    elif not has_answer and stop != "tool_use":
        notes.add("MSG-B-02", "empty_turn" if held.reasoning or stop in _EMPTY_ALLOWED else "empty")


def text_in(blocks: Sequence[object]) -> str:
    """Return the text of all text blocks."""
    return "".join(text_at(block, "text") or "" for block in blocks if value_at(block, "type") == "text")
