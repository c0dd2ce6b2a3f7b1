"""An open output item of a Responses stream: its parts and the text of their deltas."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from console.wire.json_value import decode, list_at, text_at
from console.wire.judge.digest import Digest
from console.wire.judge.notes import Notes

_PART_LIMIT = 64


@dataclass(slots=True)
class OpenPart:
    """An open part of an item."""

    item: "OpenItem"
    index: object
    """The index in its events; None if they have none."""
    item_index: object
    item_id: object
    text: Digest = field(default_factory=Digest)
    has_text_done: bool = False


@dataclass(slots=True)
class OpenItem:
    """An open output item."""

    index: object
    """The output_index in its opening event; None if it had none."""
    id: object
    kind: str
    part: OpenPart | None = None
    part_count: int = 0
    summary_count: int = 0
    """Parts of a reasoning summary, which are numbered separately from the content."""
    texts: list[Digest] = field(default_factory=list)
    """The texts of its closed parts: at most 64."""
    arguments: Digest = field(default_factory=Digest)
    """The arguments of a tool call, or the input of a custom tool."""
    has_arguments_done: bool = False

    def open_part(self, index: object, *, is_summary: bool) -> OpenPart:
        """Open the next part."""
        self.part = OpenPart(self, index, self.index, self.id)
        if is_summary:
            self.summary_count += 1
        else:
            self.part_count += 1
        return self.part

    def close_part(self) -> None:
        """Close the open part."""
        if self.part is not None and len(self.texts) < _PART_LIMIT:
            self.texts.append(self.part.text)
        self.part = None


def judge_text(digest: Digest, text: object, notes: Notes, *, is_reasoning: bool = False) -> None:
    """Note where a closing event's text differs from the deltas; without deltas, use its text."""
    if not isinstance(text, str):
        notes.add("RSP-STREAM-05", "differs")
    elif digest.count == 0:
        if text and not is_reasoning:
            notes.add("RSP-STREAM-05", "no_deltas")
        digest.add(text)
    elif not digest.is_of(text):
        notes.add("RSP-STREAM-05", "differs", f"deltas: {digest.count}, characters: {digest.length}")


def judge_arguments(item: OpenItem, text: object, notes: Notes, *, is_json: bool) -> None:
    """Note where repeated arguments differ from their deltas, or are not JSON."""
    digest = item.arguments
    if not isinstance(text, str):
        notes.add("RSP-STREAM-06", "differs")
        return
    if digest.count == 0:
        if text:
            notes.add("RSP-STREAM-06", "no_deltas")
        digest.add(text)
    elif not digest.is_of(text):
        notes.add("RSP-STREAM-06", "differs", f"deltas: {digest.count}, characters: {digest.length}")
    if is_json and text and decode(text) is None:
        notes.add("RSP-STREAM-06", "not_json")


def judge_closing(item: OpenItem, closed: object, notes: Notes) -> None:
    """Note where a closed item's text or arguments differ from the stream."""
    if item.part is not None:
        notes.add("RSP-STREAM-07", "part_not_done")
        item.close_part()
    match item.kind:
        case "message":
            _judge_message(item, list_at(closed, "content"), notes)
        case "function_call" | "custom_tool_call":
            is_function = item.kind == "function_call"
            if item.arguments.count and not item.has_arguments_done:
                notes.add("RSP-STREAM-06", "no_arguments_done")
            text = text_at(closed, "arguments" if is_function else "input")
            judge_arguments(item, text, notes, is_json=is_function)


def _judge_message(item: OpenItem, parts: Sequence[object], notes: Notes) -> None:
    texts = [text_at(part, "text") or text_at(part, "refusal") or "" for part in parts]
    if not item.texts:
        if any(texts):
            notes.add("RSP-STREAM-05", "no_deltas")
        return
    if item.part_count <= _PART_LIMIT and len(texts) != len(item.texts):
        notes.add("RSP-STREAM-05", "differs")
    for digest, text in zip(item.texts, texts, strict=False):
        judge_text(digest, text, notes)
