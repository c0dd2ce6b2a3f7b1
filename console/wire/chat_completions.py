"""Chat Completions on the wire: build a request, read an answer, read a stream."""

from console.wire.answer import REFUSED_CONTENT, Answer, Delta, error_in
from console.wire.json_value import encode, list_at, text_at, value_at
from console.wire.judge.chat import ChatJudge
from console.wire.judge.chat_body import has_content, judge_completion, text_in
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.notes import Notes
from console.wire.judge.stream import StreamJudge
from console.wire.piece import UNFIT, ChatPiece, decoder_of
from console.wire.request import Request
from console.wire.sse import SseEvent
from console.wire.stream import StreamReader
from console.wire.usage import chat_usage

_REFUSED = frozenset({"content_filter"})
_decode_piece = decoder_of(ChatPiece)


def build(model: str, request: Request) -> bytes:
    """Build a request; a streamed one asks for usage, which the family otherwise omits."""
    messages = [{"role": "system", "content": request.instructions}] if request.instructions else []
    body: dict[str, object] = {
        "model": model,
        "messages": [*messages, {"role": "user", "content": request.prompt}],
        "max_completion_tokens": request.max_output_tokens,
        "stream": request.is_streamed,
    }
    if request.is_streamed:
        body["stream_options"] = {"include_usage": True}
    if request.schema is not None:
        about = {"name": request.schema.name, "strict": True, "schema": request.schema.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": about}
    return encode(body)


def build_without_input(model: str) -> bytes:
    """Build a request without its messages: it is refused, and nothing is generated."""
    return encode({"model": model, "max_completion_tokens": 16})


def read(body: object, expected: Expectation = NOTHING) -> Answer:
    """Read and judge a non-streamed answer."""
    notes = Notes()
    if (error := error_in(body)) is not None:
        notes.add("COM-S-01", "error_in_success")
        return Answer(error=error, findings=notes.findings)
    message = value_at(body, "choices", 0, "message")
    if (
        not isinstance(body, dict)
        or body.get("object") != "chat.completion"
        or value_at(message, "role") != "assistant"
    ):
        notes.add("COM-B-02", "other_family")
        return Answer(findings=notes.findings)
    finish = text_at(body, "choices", 0, "finish_reason")
    is_refused = finish in _REFUSED
    if not is_refused:
        judge_completion(body, notes, expected)
    return Answer(
        is_complete=finish is not None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text=text_in(message),
        finish=finish,
        usage=chat_usage(body.get("usage")).named(has_content=has_content(message)),
        error=REFUSED_CONTENT if is_refused else None,
        findings=notes.findings,
    )


class ChatStream(StreamReader):
    """Reads one Chat Completions stream. Complete with a finish_reason; a usage chunk and `[DONE]` follow it."""

    refused = _REFUSED

    def __init__(self, expected: Expectation = NOTHING, judge: StreamJudge | None = None) -> None:
        super().__init__(judge or ChatJudge(expected))
        self._index: object = None
        """The index of the choice that is read."""

    def _take_piece(self, event: SseEvent) -> list[Delta] | None:
        if event.name or self.is_complete:
            return None
        try:
            piece: ChatPiece = _decode_piece(event.data)
        except UNFIT:
            return None
        choices = piece.choices
        if len(choices) != 1 or choices[0].index is None or choices[0].index != self._index:
            return None
        if not self._judge.take_piece(event.name, piece):
            return None
        text = choices[0].delta.content
        if text or self._model is None:
            self._model = piece.model or self._model
            self._answer_id = piece.id or self._answer_id
        return [Delta(text)] if text else []

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        if kind == "error" or error_in(value) is not None:
            self._take_error(value)
            self.is_over = True
            return []
        if "choices" not in value:
            return []
        if value_at(value, "usage") is not None:
            self._usage = chat_usage(value_at(value, "usage"))
        choice = self._choice_in(value["choices"])
        finish = text_at(choice, "finish_reason")
        pieces = self._content(value_at(choice, "delta"))
        if pieces or finish or self._model is None:  # a filler between them may have another name
            self._model = text_at(value, "model") or self._model
            self._answer_id = text_at(value, "id") or self._answer_id
        if self.is_complete and (finish or pieces):
            return []
        if finish:
            self._finish = finish
            self.is_complete = True
        return pieces

    def _choice_in(self, choices: object) -> object:
        """Return the answer's choice in a chunk: the one that came first. None if the chunk has only others."""
        choice = value_at(choices, 0)
        index = value_at(choice, "index")
        if index == self._index or index is None:
            return choice
        if self._index is None:
            self._index = index
            return choice
        return next((each for each in list_at(choices) if value_at(each, "index") == self._index), None)

    def _content(self, delta: object) -> list[Delta]:
        for call in list_at(delta, "tool_calls"):
            self._passed(text_at(call, "function", "arguments"))
        reasoning = text_at(delta, "reasoning_content") or text_at(delta, "reasoning")
        return self._reasoned(reasoning) + self._said(text_in(delta))

    def _take_done_marker(self) -> None:
        self.is_over = True
