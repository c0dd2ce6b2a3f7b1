"""Chat Completions on the wire: build a request, read an answer, read a stream."""

from console.wire.answer import REFUSED_CONTENT, Answer, Delta, error_in
from console.wire.judge.asked import NOTHING, Asked
from console.wire.judge.chat import ChatJudge
from console.wire.judge.chat_body import judge_completion, text_in
from console.wire.judge.notes import Notes
from console.wire.judge.stream import StreamJudge
from console.wire.stream import StreamReader
from console.wire.usage import chat_usage
from console.wire.value import at, encode, text_at

_REFUSED = frozenset({"content_filter"})


def build(model: str, prompt: str, *, max_output_tokens: int, stream: bool) -> bytes:
    """Build the smallest correct request; a streamed one asks for usage, which the family leaves out otherwise."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_completion_tokens": max_output_tokens,
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    return encode(body)


def read(body: object, asked: Asked = NOTHING) -> Answer:
    """Read and judge a non-streamed answer."""
    notes = Notes()
    if (error := error_in(body)) is not None:
        notes.note("COM-S-01", "error_in_success")
        return Answer(error=error, findings=notes.findings)
    message = at(body, "choices", 0, "message")
    if not isinstance(body, dict) or body.get("object") != "chat.completion" or at(message, "role") != "assistant":
        notes.note("COM-B-02", "other_family")
        return Answer(findings=notes.findings)
    finish = text_at(body, "choices", 0, "finish_reason")
    is_refused = finish in _REFUSED
    if not is_refused:
        judge_completion(body, notes, asked)
    return Answer(
        is_complete=finish is not None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text=text_in(message),
        finish=finish,
        usage=chat_usage(body.get("usage")),
        error=REFUSED_CONTENT if is_refused else None,
        findings=notes.findings,
    )


class ChatStream(StreamReader):
    """Reads one Chat Completions stream. Complete with a finish_reason; a usage chunk and `[DONE]` follow it."""

    refused = _REFUSED

    def __init__(self, asked: Asked = NOTHING, judge: StreamJudge | None = None) -> None:
        super().__init__(judge or ChatJudge(asked))

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        if (error := error_in(value)) is not None:
            self._fail(error)
            self.is_over = True
            return []
        if "choices" not in value:
            return []
        self._model = text_at(value, "model") or self._model
        self._answer_id = text_at(value, "id") or self._answer_id
        if at(value, "usage") is not None:
            self._usage = chat_usage(at(value, "usage"))
        finish = text_at(value, "choices", 0, "finish_reason")
        pieces = self._content(at(value, "choices", 0, "delta"))
        if self.is_complete and (finish or pieces):
            return []
        if finish:
            self._finish = finish
            self.is_complete = True
        return pieces

    def _content(self, delta: object) -> list[Delta]:
        reasoning = text_at(delta, "reasoning_content") or text_at(delta, "reasoning")
        return self._reasoned(reasoning) + self._said(text_in(delta))

    def _take_done_marker(self) -> None:
        self.is_over = True
