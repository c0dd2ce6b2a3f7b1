"""Judges a Messages stream: message_start, non-overlapping blocks, message_delta, message_stop."""

from collections.abc import Callable
from dataclasses import dataclass, field

from console.wire.answer import error_in
from console.wire.json_value import count_at, decode, list_at, text_at, value_at
from console.wire.judge.expectation import NOTHING, Expectation, Kept
from console.wire.judge.messages_body import Held, judge_fields, judge_stop, judge_usage
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.piece import MessagesPiece

_DELTAS: dict[str, frozenset[str]] = {
    "text": frozenset({"text_delta", "citations_delta"}),
    "thinking": frozenset({"thinking_delta", "signature_delta"}),
    "tool_use": frozenset({"input_json_delta"}),
    "server_tool_use": frozenset({"input_json_delta"}),
    "redacted_thinking": frozenset(),
}
"""The deltas that fit each type of block; other types accept any."""
_KNOWN_DELTAS = frozenset().union(*_DELTAS.values())


@dataclass(slots=True)
class _Block:
    """The open content block."""

    index: object
    kind: str
    deltas: frozenset[str]
    is_signed: bool
    input: Kept = field(default_factory=Kept)


class MessagesJudge(StreamJudge):
    """Judges one Messages stream."""

    def __init__(self, expected: Expectation = NOTHING) -> None:
        super().__init__(expected)
        self._has_start = False
        self._has_begun = False
        self._is_stopped = False
        """Whether message_stop arrived."""
        self._block: _Block | None = None
        self._block_count = 0
        self._held = Held()
        self._text = Kept() if expected.accepts is not None else None
        self._has_stop_reason = False
        self._usage: dict[str, object] = {}
        self._steps: dict[str, Callable[[dict[str, object]], None]] = {
            "content_block_delta": self._delta,
            "message_start": self._start,
            "content_block_start": self._block_start,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
        }

    def take(self, kind: str, name: str, value: dict[str, object]) -> None:
        """Judge one decoded event."""
        self._notes.position += 1
        step = self._steps.get(kind)
        if name != kind:
            if name or step is not None or kind == "error":  # clients skip any other event without a name
                self._judge_name(kind, name)
            kind = kind or name
            step = self._steps.get(kind)
        if step is None:
            self._other(kind, value)
        elif self._is_stopped:
            self._notes.add("MSG-STREAM-03", "after_end")
        else:
            if not self._has_begun:
                self._has_begun = True
                if kind != "message_start":
                    self._notes.add("MSG-STREAM-01", "first")
            step(value)

    def take_piece(self, name: str, piece: MessagesPiece) -> bool:
        """Judge a piece of text if it belongs to the open block of text."""
        block = self._block
        if self._is_stopped or block is None or block.kind != "text" or piece.index != block.index:
            return False
        if piece.delta.type != "text_delta":
            return False
        self._notes.position += 1
        if self._text is not None:
            self._add_text(piece.delta.text)
        elif piece.delta.text:
            self._held.text = True
        return True

    @property
    def has_content(self) -> bool:
        """Whether the model has generated anything so far."""
        held = self._held
        return held.text or held.reasoning or held.tool or held.other

    def take_done_marker(self) -> None:
        """Judge a `[DONE]`."""
        self._notes.position += 1
        self._notes.add("MSG-STREAM-03", "done_marker")

    def close(self, ending: Ending) -> None:
        """Judge the end of the stream."""
        if ending.has_error or self._is_other_family:
            return
        if not ending.is_complete:
            self._notes.add("MSG-STREAM-03", "cut")
            return
        judge_usage(self._usage, self._notes, has_content=self.has_content)
        if ending.is_refused:
            return
        judge_stop(ending.finish or "", self._held, self._notes)
        text = None if self._text is None else self._text.text
        case = None if text is None else self._expected.departure_of(text, ending.finish)
        if case is not None:
            self._notes.add("MSG-B-02", case)

    def _other(self, kind: str, value: dict[str, object]) -> None:
        match kind:
            case "ping":
                if not self._has_start:
                    self._notes.add("MSG-STREAM-01", "early_ping")
            case "error":
                self._notes.add("MSG-STREAM-05", "error")
                if not isinstance(value.get("error"), dict):
                    self._notes.add("COM-E-01", "dialect")
            case "" if error_in(value) is not None:
                self._notes.add("MSG-STREAM-05", "error")
                self._notes.add("COM-E-01", "dialect")
            case "":
                self._notes.add("COM-B-02", "other_family")
            case _ if kind.startswith("response."):
                self._notes.add("COM-B-02", "other_family")
            case _:
                self._notes.add("COM-O-06", "unknown_event")

    # --- The message -------------------------------------------------------------------------------------------------

    def _start(self, value: dict[str, object]) -> None:
        message = value.get("message")
        if self._has_start:
            self._notes.add("MSG-STREAM-01", "twice")
            return
        self._has_start = True
        judge_fields(message if isinstance(message, dict) else {}, self._notes)
        if list_at(message, "content") or value_at(message, "stop_reason") is not None:
            self._notes.add("MSG-STREAM-01", "not_empty")
        if not isinstance(value_at(message, "usage"), dict):
            self._notes.add("MSG-STREAM-01", "null_usage")
        self._count(value_at(message, "usage"))

    def _message_delta(self, value: dict[str, object]) -> None:
        if self._block is not None:
            self._notes.add("MSG-STREAM-02", "not_stopped")
            self._close_block()
        if text_at(value, "delta", "stop_reason"):
            self._has_stop_reason = True
        usage = value.get("usage")
        if not isinstance(usage, dict):
            self._notes.add("MSG-STREAM-03", "null_usage")
        elif count_at(usage, "output_tokens") is None:
            self._notes.add("MSG-STREAM-03", "no_usage")
        self._count(usage)

    def _message_stop(self, value: dict[str, object]) -> None:
        if self._block is not None:
            self._notes.add("MSG-STREAM-02", "not_stopped")
            self._close_block()
        self._is_stopped = True

    def _count(self, usage: object) -> None:
        """Judge usage figures: they are cumulative, so none may fall."""
        for name in ("input_tokens", "output_tokens"):
            figure, before = count_at(usage, name), count_at(self._usage, name)
            if figure is None:
                continue
            if name == "output_tokens" and before is not None and figure < before:
                self._notes.add("MSG-STREAM-03", "usage_falls")
            self._usage[name] = figure

    # --- Blocks ------------------------------------------------------------------------------------------------------

    def _block_start(self, value: dict[str, object]) -> None:
        if self._block is not None:
            self._notes.add("MSG-STREAM-02", "overlap")
            self._close_block()
        if self._has_stop_reason:
            self._notes.add("MSG-STREAM-03", "block_after_stop_reason")
        index, block = value.get("index"), value.get("content_block")
        if index != self._block_count or type(index) is not int:
            self._notes.add("MSG-STREAM-02", "index", f"number {self._block_count} comes next")
        kind = text_at(block, "type") or ""
        if not kind:
            self._notes.add("MSG-STREAM-02", "no_block")
        else:
            self._held.take(kind)
        if text_at(block, "text"):
            self._add_text(text_at(block, "text") or "")
        self._block_count += 1
        self._block = _Block(
            index=index,
            kind=kind,
            deltas=_DELTAS.get(kind, _KNOWN_DELTAS),
            is_signed=bool(text_at(block, "signature")),
        )

    def _delta(self, value: dict[str, object]) -> None:
        block = self._block
        if block is None or value.get("index") != block.index:
            case = (
                ("MSG-STREAM-03", "block_after_stop_reason") if self._has_stop_reason else ("MSG-STREAM-02", "not_open")
            )
            self._notes.add(*case)
            return
        delta = value.get("delta")
        kind = delta.get("type") if type(delta) is dict else None
        if type(delta) is not dict or type(kind) is not str:
            self._notes.add("MSG-STREAM-02", "delta_type")
        elif kind == "text_delta" and block.kind == "text":
            if self._text is None:
                if delta.get("text"):
                    self._held.text = True
            else:
                self._add_text(text_at(delta, "text") or "")
        elif kind in block.deltas:
            if kind == "signature_delta":
                block.is_signed = True
            elif kind == "input_json_delta":
                block.input.add(text_at(delta, "partial_json") or "")
        elif kind in _KNOWN_DELTAS:
            self._notes.add("MSG-STREAM-02", "delta_type")
        else:
            self._notes.add("COM-O-06", "unknown_event")

    def _add_text(self, text: str) -> None:
        self._held.text = self._held.text or bool(text)
        if self._text is not None:
            self._text.add(text)

    def _block_stop(self, value: dict[str, object]) -> None:
        if self._block is None or value.get("index") != self._block.index:
            self._notes.add("MSG-STREAM-02", "not_open")
            return
        self._close_block()

    def _close_block(self) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        if block.kind == "thinking" and not block.is_signed:
            self._notes.add("MSG-STREAM-02", "unsigned")
        if block.kind in ("tool_use", "server_tool_use"):
            text = block.input.text
            arguments = {} if text == "" else decode(text) if text is not None else None
            if text is not None and not isinstance(arguments, dict):
                case = ("MSG-STREAM-02", "not_json") if arguments is None else ("MSG-B-02", "input")
                self._notes.add(*case)
