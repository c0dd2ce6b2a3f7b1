"""Judges a Responses stream: created, items with their parts and deltas, one terminal event."""

from collections.abc import Callable
from enum import Enum, auto

from console.wire.answer import error_in
from console.wire.judge.asked import NOTHING, Asked
from console.wire.judge.digest import Digest
from console.wire.judge.response_item import OpenItem, OpenPart, judge_arguments, judge_closing, judge_text
from console.wire.judge.responses_body import Content, judge_item, judge_response, note_content
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.value import at, list_at, text_at

_ITEM_LIMIT = 256
"""The most items that are followed at the same time."""
_OTHER_FAMILY = ("message_", "content_block_")
_HOSTED = (
    "response.audio.", "response.audio_transcript.", "response.code_interpreter_call", "response.compaction.",
    "response.file_search_call.", "response.image_generation_call.", "response.mcp_", "response.reasoning_summary.",
    "response.shell_call", "response.web_search_call.", "response.output_text.annotation.", "response.custom_tool_call",
    "response.apply_patch_call", "response.computer_call", "response.local_shell_call",
)  # fmt: skip


class _Stage(Enum):
    START = auto()
    OPEN = auto()
    FAILED = auto()
    """An error event was seen: only response.failed may follow."""
    ENDED = auto()


class ResponsesJudge(StreamJudge):
    """Judges one Responses stream."""

    naming = "RSP-STREAM-02"

    def __init__(self, asked: Asked = NOTHING) -> None:
        super().__init__(asked)
        self._stage = _Stage.START
        self._number = 0
        """The sequence number that comes next."""
        self._is_numbered = False
        self._items: dict[object, OpenItem] = {}
        self._item_count = 0
        self._part: OpenPart | None = None
        """The part that the last delta belonged to."""
        self._done_ids = Digest()
        self._content = Content()
        self._response_id: str | None = None
        self._response_sightings = 0
        self._response_changes = 0
        self._has_created = False
        self._has_same_id = False
        """An event named the id that its item was opened with."""
        self._other_ids = 0
        """Events that named another id than their item was opened with."""
        self._closed_otherwise = 0
        self._steps: dict[str, Callable[[dict[str, object]], None]] = {
            "response.output_text.delta": self._text_delta,
            "response.refusal.delta": self._text_delta,
            "response.reasoning_text.delta": self._reasoning_delta,
            "response.reasoning.delta": self._reasoning_delta,
            "response.reasoning_summary_text.delta": self._reasoning_delta,
            "response.function_call_arguments.delta": self._arguments_delta,
            "response.custom_tool_call_input.delta": self._arguments_delta,
            "response.created": self._created,
            "response.queued": self._going_on,
            "response.in_progress": self._going_on,
            "response.output_item.added": self._item_added,
            "response.content_part.added": self._part_added,
            "response.reasoning_summary_part.added": self._part_added,
            "response.output_text.done": self._text_done,
            "response.refusal.done": self._text_done,
            "response.reasoning_text.done": self._reasoning_done,
            "response.reasoning.done": self._reasoning_done,
            "response.reasoning_summary_text.done": self._reasoning_done,
            "response.content_part.done": self._part_done,
            "response.reasoning_summary_part.done": self._part_done,
            "response.function_call_arguments.done": self._arguments_done,
            "response.custom_tool_call_input.done": self._arguments_done,
            "response.output_item.done": self._item_done,
            "response.completed": self._completed,
            "response.incomplete": self._incomplete,
            "response.failed": self._failed,
            "error": self._error,
        }

    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Take one decoded event."""
        self._notes.position += 1
        if name != kind:
            self._judge_name(kind, name)
            kind = kind or name
        number = value.get("sequence_number")
        if number == self._number and type(number) is int:
            self._number = number + 1
            self._is_numbered = True
        else:
            self._judge_number(number, kind)
        step = self._steps.get(kind)
        if step is None:
            self._other(kind, value)
        elif self._stage is _Stage.OPEN or self._may_come(kind):
            step(value)

    def take_done_marker(self) -> None:
        """Take a `[DONE]`."""
        self._notes.position += 1
        self._notes.note("RSP-STREAM-11", "present")

    def close(self, ending: Ending) -> None:
        """Take the stream's end."""
        if self._response_changes:
            is_rotating = self._response_changes == self._response_sightings - 1 > 1 or self._is_rotating
            self._notes.note("RSP-STREAM-09", "rotating" if is_rotating else "other_id")
        if self._is_rotating:
            self._notes.note("RSP-STREAM-07", "rotating")
        else:
            if self._closed_otherwise:
                self._notes.note("RSP-STREAM-07", "other_id")
            if self._other_ids:
                self._notes.note("RSP-STREAM-04", "other_item", f"events: {self._other_ids}")
        if not ending.has_error and self._stage is not _Stage.ENDED and not self._is_other_family:
            self._notes.note("RSP-STREAM-08", "cut")

    @property
    def _is_rotating(self) -> bool:
        """Whether ids are new in every event, as Copilot's are: no event named an id that was named before."""
        return self._other_ids > 0 and not self._has_same_id

    # --- Order -------------------------------------------------------------------------------------------------------

    def _judge_number(self, number: object, kind: str) -> None:
        if type(number) is not int:
            if kind in self._steps and kind != "error":
                self._notes.note("RSP-STREAM-03", "gap" if self._is_numbered else "unnumbered")
            return
        if number < self._number:
            self._notes.note("RSP-STREAM-03", "not_rising")
            return
        if kind != "error":  # the vendor itself skips a number before an error
            self._notes.note("RSP-STREAM-03", "gap")
        self._number = number + 1
        self._is_numbered = True

    def _may_come(self, kind: str) -> bool:
        """Tell whether a known event may be judged outside the stream's middle; note where it may not come at all."""
        match self._stage:
            case _Stage.START:
                if kind not in ("response.created", "error", "response.failed"):
                    self._notes.note("RSP-STREAM-01", "first")
                self._stage = _Stage.OPEN
                return True
            case _Stage.FAILED:
                if kind == "response.failed":
                    return True
                self._notes.note("RSP-STREAM-12", "after_error")
            case _Stage.ENDED:
                self._notes.note("RSP-STREAM-08", "after_end")
        return False

    def _other(self, kind: str, value: dict[str, object]) -> None:
        if kind.startswith(_OTHER_FAMILY) or (not kind and error_in(value) is None):
            self._notes.note("COM-B-02", "other_family")
        elif not kind:
            self._notes.note("COM-E-01", "dialect")
        elif kind.startswith(_HOSTED):
            if self._stage is _Stage.OPEN or self._may_come(kind):
                self._item_of(value)
        else:
            self._notes.note("COM-O-06", "unknown_event")

    def _created(self, value: dict[str, object]) -> None:
        response = value.get("response")
        if self._has_created:
            self._notes.note("RSP-STREAM-01", "twice")
        self._has_created = True
        if at(response, "status") not in ("in_progress", "queued"):
            self._notes.note("RSP-STREAM-01", "status")
        if list_at(response, "output"):
            self._notes.note("RSP-STREAM-01", "output")
        self._going_on(value)

    def _going_on(self, value: dict[str, object]) -> None:
        response = value.get("response")
        self._identify(response)
        if at(response, "usage") is not None:
            self._notes.note("RSP-U-01", "early")

    def _identify(self, response: object) -> None:
        response_id = text_at(response, "id")
        if response_id:
            self._response_sightings += 1
            self._response_changes += self._response_id not in (None, response_id)
            self._response_id = response_id

    # --- Items and parts ---------------------------------------------------------------------------------------------

    def _item_added(self, value: dict[str, object]) -> None:
        index, item = value.get("output_index"), value.get("item")
        if index is None:
            self._notes.note("RSP-STREAM-04", "unindexed")
        elif index != self._item_count:
            self._notes.note("RSP-STREAM-04", "output_index", f"number {self._item_count} comes next")
        key = index if isinstance(index, int) else self._item_count
        if key in self._items or len(self._items) < _ITEM_LIMIT:
            self._items[key] = OpenItem(index, text_at(item, "id"), text_at(item, "type") or "")
        self._item_count += 1
        if not text_at(item, "type"):
            self._notes.note("RSP-B-05", "item")

    def _item_of(self, value: dict[str, object]) -> OpenItem | None:
        """Return the open item that an event belongs to, by its index, or by its id where it has no index."""
        index, item_id = value.get("output_index"), value.get("item_id")
        if index is None:
            self._notes.note("RSP-STREAM-04", "unindexed")
            same = (item for item in self._items.values() if item.id == item_id)
            item = next(same, next(reversed(self._items.values()), None))
        else:
            item = self._items.get(index) if isinstance(index, int) else None
        if item is None:
            self._notes.note("RSP-STREAM-04", "item_not_open")
        elif item_id is not None and item.id is not None:
            self._compare_id(item, item_id)
        return item

    def _compare_id(self, item: OpenItem, item_id: object) -> None:
        if item_id == item.id:
            self._has_same_id = True
        else:
            self._other_ids += 1

    def _part_added(self, value: dict[str, object]) -> None:
        item = self._item_of(value)
        if item is None:
            return
        if item.part is not None:
            self._notes.note("RSP-STREAM-07", "part_not_done")
            item.close_part()
        index = _part_index(value)
        if index is None:
            self._notes.note("RSP-STREAM-04", "unindexed")
        elif index != item.part_count:
            self._notes.note("RSP-STREAM-04", "content_index", f"number {item.part_count} comes next")
        item.open_part(index)

    def _part_of(self, value: dict[str, object], *, is_implied: bool = False) -> OpenPart | None:
        """Return the open part that an event belongs to; reasoning may come without one being opened."""
        item = self._item_of(value)
        if item is None:
            return None
        index = _part_index(value)
        if item.part is None and is_implied:
            item.open_part(index)
        if item.part is None or (index is not None and index != item.part.index):
            self._notes.note("RSP-STREAM-04", "part_not_open")
            return None
        return item.part

    def _part_done(self, value: dict[str, object]) -> None:
        part = self._part_of(value)
        if part is None:
            return
        text = text_at(value, "part", "text")
        is_reasoning = part.item.kind == "reasoning"
        text = text_at(value, "part", "refusal") if text is None else text
        judge_text(part.text, text, self._notes, is_reasoning=is_reasoning)
        if not part.has_text_done and not is_reasoning:
            self._notes.note("RSP-STREAM-05", "no_text_done")
        part.item.close_part()
        self._part = None

    def _item_done(self, value: dict[str, object]) -> None:
        index, closed = value.get("output_index"), value.get("item")
        closed_id = text_at(closed, "id")
        if index is None:
            self._notes.note("RSP-STREAM-04", "unindexed")
            same = (key for key, item in self._items.items() if item.id == closed_id)
            index = next(same, next(reversed(self._items), None))
        item = self._items.pop(index, None) if isinstance(index, int) else None
        self._part = None
        judge_item(closed, self._notes)
        note_content(closed, self._content)
        self._done_ids.add(f"{closed_id}\n")
        if item is None:
            self._notes.note("RSP-STREAM-07", "not_added")
            return
        if item.id is not None and item.id != closed_id:
            self._closed_otherwise += 1
        if item.kind == "reasoning":
            item.close_part()
        judge_closing(item, closed, self._notes)

    # --- Text and arguments ------------------------------------------------------------------------------------------

    def _text_delta(self, value: dict[str, object]) -> None:
        part = self._part
        if (
            part is None
            or value.get("output_index") != part.item_index
            or value.get("content_index") != part.index
            or value.get("item_id") != part.item_id
        ):
            part = self._part = self._part_of(value)
            if part is None:
                return
        delta = value.get("delta")
        if type(delta) is str:
            part.text.add(delta)
            self._content.text = True
        else:
            self._notes.note("RSP-STREAM-05", "delta_type")

    def _reasoning_delta(self, value: dict[str, object]) -> None:
        self._content.reasoning = True
        part = self._part_of(value, is_implied=True)
        delta = value.get("delta")
        if not isinstance(delta, str):
            self._notes.note("RSP-STREAM-05", "delta_type")
        elif part is not None:
            part.text.add(delta)

    def _text_done(self, value: dict[str, object]) -> None:
        part = self._part_of(value)
        if part is not None:
            text = value.get("text", value.get("refusal"))
            judge_text(part.text, text, self._notes)
            part.has_text_done = True
            self._content.text = self._content.text or bool(text)

    def _reasoning_done(self, value: dict[str, object]) -> None:
        part = self._part_of(value, is_implied=True)
        if part is not None:
            judge_text(part.text, value.get("text"), self._notes, is_reasoning=True)
            part.has_text_done = True

    def _arguments_delta(self, value: dict[str, object]) -> None:
        item, delta = self._item_of(value), value.get("delta")
        if not isinstance(delta, str):
            self._notes.note("RSP-STREAM-06", "differs")
        elif item is not None:
            item.arguments.add(delta)

    def _arguments_done(self, value: dict[str, object]) -> None:
        item = self._item_of(value)
        if item is not None:
            is_function = "input" not in value
            text = value.get("arguments" if is_function else "input")
            judge_arguments(item, text, self._notes, is_json=is_function)
            item.has_arguments_done = True

    # --- The end -----------------------------------------------------------------------------------------------------

    def _completed(self, value: dict[str, object]) -> None:
        self._end(value, "completed")

    def _incomplete(self, value: dict[str, object]) -> None:
        self._end(value, "incomplete")

    def _failed(self, value: dict[str, object]) -> None:
        response = value.get("response")
        self._stage = _Stage.ENDED
        self._identify(response)
        if not (text_at(response, "error", "code") and text_at(response, "error", "message")):
            self._notes.note("RSP-B-04", "no_reason")
        if isinstance(response, dict) and response.get("status") != "failed":
            self._notes.note("RSP-STREAM-09", "status")

    def _error(self, value: dict[str, object]) -> None:
        self._stage = _Stage.FAILED

    def _end(self, value: dict[str, object], status: str) -> None:
        found = value.get("response")
        response = found if isinstance(found, dict) else {}
        self._stage = _Stage.ENDED
        self._identify(response)
        if response.get("status") != status:
            self._notes.note("RSP-STREAM-09", "status")
        if self._items:
            case = "item_not_done" if status == "completed" else "cut"
            self._notes.note("RSP-STREAM-07", case, f"open items: {len(self._items)}")
        judge_response(response, self._notes, self._asked, self._content)
        listed = Digest()
        for item in list_at(response, "output"):
            listed.add(f"{text_at(item, 'id')}\n")
        if not listed.is_same(self._done_ids):
            self._notes.note("RSP-STREAM-10", "other_items")


def _part_index(value: dict[str, object]) -> object:
    return value.get("content_index", value.get("summary_index"))
