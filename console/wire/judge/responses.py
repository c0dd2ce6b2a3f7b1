"""Judges a Responses stream: created, items with their parts and deltas, one terminal event."""

from collections.abc import Callable
from enum import Enum, auto

from console.wire.answer import error_in
from console.wire.json_value import list_at, text_at, value_at
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.response_items import Items
from console.wire.judge.responses_body import judge_response
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.piece import ResponsesPiece

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
    """An error event arrived: only response.failed may follow."""
    ENDED = auto()


class ResponsesJudge(StreamJudge):
    """Judges one Responses stream."""

    naming = "RSP-STREAM-02"

    def __init__(self, expected: Expectation = NOTHING) -> None:
        super().__init__(expected)
        self._stage = _Stage.START
        self._number = 0
        """The next expected sequence number."""
        self._is_numbered = False
        self._is_unnumbered = False
        """Whether an event without a number was noted, with no numbered event before it."""
        self._items = items = Items(self._notes)
        self._response_id: str | None = None
        self._response_sightings = 0
        self._response_changes = 0
        self._has_created = False
        self._steps: dict[str, Callable[[dict[str, object]], None]] = {
            "response.output_text.delta": items.text_delta,
            "response.refusal.delta": items.text_delta,
            "response.reasoning_text.delta": items.reasoning_delta,
            "response.reasoning.delta": items.reasoning_delta,
            "response.reasoning_summary_text.delta": items.reasoning_delta,
            "response.function_call_arguments.delta": items.arguments_delta,
            "response.custom_tool_call_input.delta": items.arguments_delta,
            "response.created": self._created,
            "response.queued": self._going_on,
            "response.in_progress": self._going_on,
            "response.output_item.added": items.add,
            "response.content_part.added": items.add_part,
            "response.reasoning_summary_part.added": items.add_part,
            "response.output_text.done": items.text_done,
            "response.refusal.done": items.text_done,
            "response.reasoning_text.done": items.reasoning_done,
            "response.reasoning.done": items.reasoning_done,
            "response.reasoning_summary_text.done": items.reasoning_done,
            "response.content_part.done": items.close_part,
            "response.reasoning_summary_part.done": items.close_part,
            "response.function_call_arguments.done": items.arguments_done,
            "response.custom_tool_call_input.done": items.arguments_done,
            "response.output_item.done": items.close,
            "response.completed": self._completed,
            "response.incomplete": self._incomplete,
            "response.failed": self._failed,
            "error": self._error,
        }

    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Judge one decoded event."""
        self._notes.position += 1
        if name != kind:
            self._judge_name(kind, name)
            kind = kind or name
        number = value.get("sequence_number")
        if number == self._number and type(number) is int:
            self._number = number + 1
            self._is_numbered = True
        elif number is not None or not self._is_unnumbered:
            self._judge_number(number, kind)
        step = self._steps.get(kind)
        if step is None:
            self._other(kind, value)
        elif self._stage is _Stage.OPEN or self._may_come(kind):
            step(value)

    def take_piece(self, name: str, piece: ResponsesPiece) -> bool:
        """Judge a piece of text if it is in order."""
        number = piece.sequence_number
        if number is None:
            if not self._is_unnumbered:
                return False
        elif number != self._number or type(number) is not int:
            return False
        if self._stage is not _Stage.OPEN or not (name or self._is_unnamed):
            return False
        if not self._items.text_piece(piece.output_index, piece.content_index, piece.item_id, piece.delta):
            return False
        self._notes.position += 1
        if number is not None:
            self._number = number + 1
            self._is_numbered = True
        return True

    @property
    def has_content(self) -> bool:
        """Whether the model has generated anything so far."""
        return self._items.content.is_any

    def take_done_marker(self) -> None:
        """Judge a `[DONE]`."""
        self._notes.position += 1
        self._notes.add("RSP-STREAM-11", "present")

    def close(self, ending: Ending) -> None:
        """Judge the end of the stream."""
        if self._response_changes:
            is_rotating = self._items.is_rotating or self._response_changes == self._response_sightings - 1 > 1
            self._notes.add("RSP-STREAM-09", "rotating" if is_rotating else "other_id")
        self._items.judge_ids()
        if not ending.has_error and self._stage is not _Stage.ENDED and not self._is_other_family:
            self._notes.add("RSP-STREAM-08", "cut")

    # --- Order -------------------------------------------------------------------------------------------------------

    def _judge_number(self, number: object, kind: str) -> None:
        if type(number) is not int:
            if kind in self._steps and kind != "error":
                self._notes.add("RSP-STREAM-03", "gap" if self._is_numbered else "unnumbered")
                self._is_unnumbered = not self._is_numbered
            return
        if number < self._number:
            self._notes.add("RSP-STREAM-03", "not_rising")
            return
        if kind != "error":  # the vendor itself skips a number before an error
            self._notes.add("RSP-STREAM-03", "gap")
        self._number = number + 1
        self._is_numbered = True

    def _may_come(self, kind: str) -> bool:
        """Return whether a known event may be judged at this stage; note one that must not come at all."""
        match self._stage:
            case _Stage.START:
                if kind not in ("response.created", "error", "response.failed"):
                    self._notes.add("RSP-STREAM-01", "first")
                self._stage = _Stage.OPEN
                return True
            case _Stage.FAILED:
                if kind == "response.failed":
                    return True
                self._notes.add("RSP-STREAM-12", "after_error")
            case _Stage.ENDED:
                self._notes.add("RSP-STREAM-08", "after_end")
        return False

    def _other(self, kind: str, value: dict[str, object]) -> None:
        if kind.startswith(_OTHER_FAMILY) or (not kind and error_in(value) is None):
            self._notes.add("COM-B-02", "other_family")
        elif not kind:
            self._notes.add("COM-E-01", "dialect")
            self._notes.add("RSP-STREAM-13", "error")
            self._stage = _Stage.FAILED
        elif kind.startswith(_HOSTED):
            if self._stage is _Stage.OPEN or self._may_come(kind):
                self._items.item_of(value)
        else:
            self._notes.add("COM-O-06", "unknown_event")

    def _created(self, value: dict[str, object]) -> None:
        response = value.get("response")
        if self._has_created:
            self._notes.add("RSP-STREAM-01", "twice")
        self._has_created = True
        if value_at(response, "status") not in ("in_progress", "queued"):
            self._notes.add("RSP-STREAM-01", "status")
        if list_at(response, "output"):
            self._notes.add("RSP-STREAM-01", "output")
        self._going_on(value)

    def _going_on(self, value: dict[str, object]) -> None:
        response = value.get("response")
        self._identify(response)
        if value_at(response, "usage") is not None:
            self._notes.add("RSP-U-01", "early")

    def _identify(self, response: object) -> None:
        response_id = text_at(response, "id")
        if response_id:
            self._response_sightings += 1
            self._response_changes += self._response_id not in (None, response_id)
            self._response_id = response_id

    # --- The end -----------------------------------------------------------------------------------------------------

    def _completed(self, value: dict[str, object]) -> None:
        self._end(value, "completed")

    def _incomplete(self, value: dict[str, object]) -> None:
        self._end(value, "incomplete")

    def _failed(self, value: dict[str, object]) -> None:
        response = value.get("response")
        self._stage = _Stage.ENDED
        self._notes.add("RSP-STREAM-13", "error")
        self._identify(response)
        if not (text_at(response, "error", "code") and text_at(response, "error", "message")):
            self._notes.add("RSP-B-04", "no_reason")
        if isinstance(response, dict) and response.get("status") != "failed":
            self._notes.add("RSP-STREAM-09", "status")

    def _error(self, value: dict[str, object]) -> None:
        self._notes.add("RSP-STREAM-13", "error")
        self._stage = _Stage.FAILED

    def _end(self, value: dict[str, object], status: str) -> None:
        found = value.get("response")
        response = found if isinstance(found, dict) else {}
        self._stage = _Stage.ENDED
        self._identify(response)
        if response.get("status") != status:
            self._notes.add("RSP-STREAM-09", "status")
        judge_response(response, self._notes, self._expected, self._items.content)
        self._items.judge_end(response, status)
