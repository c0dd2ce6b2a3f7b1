"""The output items of a Responses stream: opened, filled and closed in order, each with one index and one id."""

from console.wire.json_value import list_at, text_at
from console.wire.judge.digest import Digest
from console.wire.judge.notes import Notes
from console.wire.judge.response_item import OpenItem, OpenPart, judge_arguments, judge_closing, judge_text
from console.wire.judge.responses_body import Content, judge_item, note_content, text_in

_ITEM_LIMIT = 256
"""The maximum number of items that are open at the same time."""


class Items:
    """Tracks the items of one stream, and notes events that do not fit their item."""

    def __init__(self, notes: Notes) -> None:
        self.content = Content()
        """The kinds of content in the items."""
        self._notes = notes
        self._open: dict[int, OpenItem] = {}
        self._count = 0
        self._part: OpenPart | None = None
        """The part of the last piece of text."""
        self._done_ids = Digest()
        self._done_text = Digest()
        self._has_same_id = False
        """Whether an event had the same id as its item's opening event."""
        self._other_ids = 0
        """The number of events with a different id from their item's opening event."""
        self._closed_otherwise = 0

    @property
    def is_rotating(self) -> bool:
        """Whether every event has a new id, as with Copilot: no event repeats its item's opening id."""
        return self._other_ids > 0 and not self._has_same_id

    def judge_ids(self) -> None:
        """Judge the ids of all items."""
        if self.is_rotating:
            self._notes.add("RSP-STREAM-07", "rotating")
            return
        if self._closed_otherwise:
            self._notes.add("RSP-STREAM-07", "other_id")
        if self._other_ids:
            self._notes.add("RSP-STREAM-04", "other_item", f"events: {self._other_ids}")

    def judge_end(self, response: dict[str, object], status: str) -> None:
        """Note items that are open at the stream's end, and a last response that lists others than were closed."""
        if self._open:
            case = "item_not_done" if status == "completed" else "cut"
            self._notes.add("RSP-STREAM-07", case, f"open items: {len(self._open)}")
        listed = Digest()
        for item in list_at(response, "output"):
            listed.add(f"{text_at(item, 'id')}\n")
        if not listed.is_same(self._done_ids):
            self._notes.add("RSP-STREAM-10", "other_items")
        elif not self._done_text.is_of(text_in(list_at(response, "output"))):
            self._notes.add("RSP-STREAM-05", "last_differs")

    def add(self, value: dict[str, object]) -> None:
        """Judge an item's opening event."""
        index, item = value.get("output_index"), value.get("item")
        if index is None:
            self._notes.add("RSP-STREAM-04", "unindexed")
        elif index != self._count:
            self._notes.add("RSP-STREAM-04", "output_index", f"number {self._count} comes next")
        key = index if isinstance(index, int) else self._count
        if key in self._open or len(self._open) < _ITEM_LIMIT:
            self._open[key] = OpenItem(index, text_at(item, "id"), text_at(item, "type") or "")
        self._count += 1
        if not text_at(item, "type"):
            self._notes.add("RSP-B-05", "item")

    def item_of(self, value: dict[str, object]) -> OpenItem | None:
        """Return the open item of an event, by its index, or by its id if it has no index."""
        index, item_id = value.get("output_index"), value.get("item_id")
        if index is None:
            self._notes.add("RSP-STREAM-04", "unindexed")
            same = (item for item in self._open.values() if item.id == item_id)
            item = next(same, next(reversed(self._open.values()), None))
        else:
            item = self._open.get(index) if isinstance(index, int) else None
        if item is None:
            self._notes.add("RSP-STREAM-04", "item_not_open")
        elif item_id is not None and item.id is not None:
            self._compare_id(item, item_id)
        return item

    def _compare_id(self, item: OpenItem, item_id: object) -> None:
        if item_id == item.id:
            self._has_same_id = True
        else:
            self._other_ids += 1

    def add_part(self, value: dict[str, object]) -> None:
        """Judge a part's opening event."""
        item = self.item_of(value)
        if item is None:
            return
        if item.part is not None:
            self._notes.add("RSP-STREAM-07", "part_not_done")
            item.close_part()
            self._part = None
        index, is_summary = _part_index(value), "summary_index" in value
        following = item.summary_count if is_summary else item.part_count
        if index is None:
            self._notes.add("RSP-STREAM-04", "unindexed")
        elif index != following:
            self._notes.add("RSP-STREAM-04", "content_index", f"number {following} comes next")
        item.open_part(index, is_summary=is_summary)

    def _part_of(self, value: dict[str, object], *, is_implied: bool = False) -> OpenPart | None:
        """Return the open part of an event; reasoning may come without an opened part."""
        item = self.item_of(value)
        if item is None:
            return None
        index = _part_index(value)
        if item.part is None and is_implied:
            item.open_part(index, is_summary="summary_index" in value)
        if item.part is None or (index is not None and index != item.part.index):
            self._notes.add("RSP-STREAM-04", "part_not_open")
            return None
        return item.part

    def close_part(self, value: dict[str, object]) -> None:
        """Judge a part's closing event."""
        part = self._part_of(value)
        if part is None:
            return
        text = text_at(value, "part", "text")
        is_reasoning = part.item.kind == "reasoning"
        text = text_at(value, "part", "refusal") if text is None else text
        judge_text(part.text, text, self._notes, is_reasoning=is_reasoning)
        if not part.has_text_done and not is_reasoning:
            self._notes.add("RSP-STREAM-05", "no_text_done")
        part.item.close_part()
        self._part = None

    def close(self, value: dict[str, object]) -> None:
        """Judge an item's closing event."""
        index, closed = value.get("output_index"), value.get("item")
        closed_id = text_at(closed, "id")
        if index is None:
            self._notes.add("RSP-STREAM-04", "unindexed")
            same = (key for key, item in self._open.items() if item.id == closed_id)
            index = next(same, next(reversed(self._open), None))
        item = self._open.pop(index, None) if isinstance(index, int) else None
        self._part = None
        judge_item(closed, self._notes)
        note_content(closed, self.content)
        self._done_ids.add(f"{closed_id}\n")
        self._done_text.add(text_in((closed,)))
        if item is None:
            self._notes.add("RSP-STREAM-07", "not_added")
            return
        if item.id is not None and item.id != closed_id:
            self._closed_otherwise += 1
        if item.kind == "reasoning":
            item.close_part()
        judge_closing(item, closed, self._notes)

    # --- Text and arguments ------------------------------------------------------------------------------------------

    def text_delta(self, value: dict[str, object]) -> None:
        """Judge a piece of text or of a refusal."""
        part = self._part
        if part is None or value.get("output_index") != part.item_index or value.get("content_index") != part.index:
            part = self._part = self._part_of(value)
        elif value.get("item_id") != part.item_id:
            if part.item_index is None:
                part = self._part = self._part_of(value)
            elif value.get("item_id") is not None and part.item_id is not None:
                self._other_ids += 1
        if part is None:
            return
        delta = value.get("delta")
        if type(delta) is str:
            part.text.add(delta)
            self.content.text = True
        else:
            self._notes.add("RSP-STREAM-05", "delta_type")

    def text_piece(self, item_index: object, index: object, item_id: object, text: str) -> bool:
        """Judge a piece of text if it continues the part of the piece before; return False and change nothing else."""
        part = self._part
        if part is None or item_index != part.item_index or index != part.index:
            return False
        if item_id != part.item_id:
            if part.item_index is None:
                return False
            if item_id is not None and part.item_id is not None:
                self._other_ids += 1
        part.text.add(text)
        self.content.text = True
        return True

    def reasoning_delta(self, value: dict[str, object]) -> None:
        """Judge a piece of reasoning or of its summary."""
        self.content.reasoning = True
        part = self._part_of(value, is_implied=True)
        delta = value.get("delta")
        if not isinstance(delta, str):
            self._notes.add("RSP-STREAM-05", "delta_type")
        elif part is not None:
            part.text.add(delta)

    def text_done(self, value: dict[str, object]) -> None:
        """Judge the event that repeats a whole text."""
        part = self._part_of(value)
        if part is not None:
            text = value.get("text", value.get("refusal"))
            judge_text(part.text, text, self._notes)
            part.has_text_done = True
            self.content.text = self.content.text or bool(text)

    def reasoning_done(self, value: dict[str, object]) -> None:
        """Judge the event that repeats a whole reasoning."""
        part = self._part_of(value, is_implied=True)
        if part is not None:
            judge_text(part.text, value.get("text"), self._notes, is_reasoning=True)
            part.has_text_done = True

    def arguments_delta(self, value: dict[str, object]) -> None:
        """Judge a piece of a tool call's arguments."""
        item, delta = self.item_of(value), value.get("delta")
        if not isinstance(delta, str):
            self._notes.add("RSP-STREAM-06", "differs")
        elif item is not None:
            item.arguments.add(delta)

    def arguments_done(self, value: dict[str, object]) -> None:
        """Judge the event that repeats a tool call's whole arguments."""
        item = self.item_of(value)
        if item is not None:
            is_function = "input" not in value
            text = value.get("arguments" if is_function else "input")
            judge_arguments(item, text, self._notes, is_json=is_function)
            item.has_arguments_done = True


def _part_index(value: dict[str, object]) -> object:
    return value.get("content_index", value.get("summary_index"))
