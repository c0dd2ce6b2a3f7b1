"""Anthropic Messages on the wire: build a request, read an answer, read a stream."""

from collections.abc import Mapping

from console.wire.answer import REFUSED_CONTENT, Answer, Delta, error_in
from console.wire.json_value import count_at, encode, list_at, text_at, value_at
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.messages import MessagesJudge
from console.wire.judge.messages_body import judge_message, text_in
from console.wire.judge.notes import Notes
from console.wire.judge.stream import StreamJudge
from console.wire.piece import UNFIT, MessagesPiece, decoder_of
from console.wire.request import Request
from console.wire.sse import SseEvent
from console.wire.stream import StreamReader
from console.wire.usage import messages_usage

_REFUSED = frozenset({"refusal"})
_PIECE = "content_block_delta"
_decode_piece = decoder_of(MessagesPiece)


def build(model: str, request: Request) -> bytes:
    """Build a request; without sampling parameters, because newer API versions refuse them."""
    body: dict[str, object] = {
        "model": model,
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": "user", "content": request.prompt}],
        "stream": request.is_streamed,
    }
    if request.instructions:
        body["system"] = request.instructions
    if request.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": _without_sizes(request.schema.schema)}}
    return encode(body)


def _without_sizes(schema: object) -> object:
    """Return a schema without the keywords that this family refuses; the answer is checked against them anyway.

    Arrays cannot have `maxItems` (https://docs.claude.com/en/docs/build-with-claude/structured-outputs); the vendor's
    SDK removes it before it sends a schema.
    """
    match schema:
        case Mapping():
            return {key: _without_sizes(value) for key, value in schema.items() if key != "maxItems"}
        case list():
            return [_without_sizes(each) for each in schema]
        case _:
            return schema


def build_without_input(model: str) -> bytes:
    """Build a request without its messages: it is refused, and nothing is generated."""
    return encode({"model": model, "max_tokens": 16})


def read(body: object, expected: Expectation = NOTHING) -> Answer:
    """Read and judge a non-streamed answer."""
    notes = Notes()
    if (error := error_in(body)) is not None:
        notes.add("COM-S-01", "error_in_success")
        return Answer(error=error, findings=notes.findings)
    if (
        not isinstance(body, dict)
        or body.get("type") != "message"
        or body.get("role") != "assistant"
        or not isinstance(body.get("content"), list)
    ):
        notes.add("COM-B-02", "other_family")
        return Answer(findings=notes.findings)
    finish = text_at(body, "stop_reason")
    is_refused = finish in _REFUSED
    if not is_refused:
        judge_message(body, notes, expected)
    return Answer(
        is_complete=finish is not None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text=text_in(list_at(body, "content")),
        finish=finish,
        usage=messages_usage(body.get("usage")).named(has_content=bool(body["content"])),
        error=REFUSED_CONTENT if is_refused else None,
        findings=notes.findings,
    )


class MessagesStream(StreamReader):
    """Reads one Messages stream. Complete with `message_stop` after a `message_delta` with a stop reason."""

    refused = _REFUSED

    def __init__(self, expected: Expectation = NOTHING, judge: StreamJudge | None = None) -> None:
        super().__init__(judge or MessagesJudge(expected))
        self._figures: dict[str, object] = {}

    def _take_piece(self, event: SseEvent) -> list[Delta] | None:
        if event.name != _PIECE or self.is_over:
            return None
        try:
            piece: MessagesPiece = _decode_piece(event.data)
        except UNFIT:
            return None
        if piece.type != _PIECE or not self._judge.take_piece(event.name, piece):
            return None
        return [Delta(piece.delta.text)] if piece.delta.text else []

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        if self.is_over and kind != "error":
            return []
        match kind:
            case "content_block_delta":
                self._passed(text_at(value, "delta", "partial_json"))
                said = self._said(text_at(value, "delta", "text"))
                return said + self._reasoned(text_at(value, "delta", "thinking"))
            case "message_start":
                self._model = text_at(value, "message", "model")
                self._answer_id = text_at(value, "message", "id")
                self._count(value_at(value, "message", "usage"))
            case "message_delta":
                self._finish = text_at(value, "delta", "stop_reason") or self._finish
                self._count(value_at(value, "usage"))
            case "message_stop":
                self.is_over = True
                self.is_complete = self._finish is not None
            case "error":
                self._take_error(value)
                self.is_over = True
            case "":
                self._take_untyped(value)
        return []

    def _count(self, figures: object) -> None:
        """Update the usage: figures are cumulative and replace earlier ones; missing ones stay unchanged."""
        if isinstance(figures, dict):
            self._figures |= {
                name: figure
                for name, figure in figures.items()
                if isinstance(figure, dict) or count_at(figures, name) is not None
            }
        self._usage = messages_usage(self._figures)

    def _take_done_marker(self) -> None:
        """Ignore a `[DONE]`, which this family does not have."""
