"""Chat Completions on the wire: build a request, read an answer, read a stream."""

from console.domain.contract import Finding, Severity
from console.wire.answer import AFTER_END, WRONG_SHAPE, Answer, Delta, Finishes, error_in, whole
from console.wire.stream import StreamReader
from console.wire.usage import chat_usage
from console.wire.value import at, encode, list_at, text_at

FINISHES = Finishes(
    known=frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"}),
    at_limit=frozenset({"length"}),
    refused=frozenset({"content_filter"}),
)
"""The family's finish reasons."""

_NO_DONE_MARKER = Finding(
    "CHT-STREAM-06", Severity.WARN, "The stream has its finish_reason but does not end in [DONE]."
)


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


def read(body: object) -> Answer:
    """Read a non-streamed answer."""
    if (error := error_in(body)) is not None:
        return Answer(error=error)
    if at(body, "object") != "chat.completion" or at(body, "choices", 0, "message", "role") != "assistant":
        return Answer(findings=(WRONG_SHAPE,))
    text = _text(at(body, "choices", 0, "message"))
    finish = text_at(body, "choices", 0, "finish_reason")
    usage = chat_usage(at(body, "usage"))
    return whole(body, text, finish, usage, FINISHES)


class ChatStream(StreamReader):
    """Reads one Chat Completions stream. Complete with a finish_reason; a usage chunk and `[DONE]` follow it."""

    finishes = FINISHES

    def __init__(self) -> None:
        super().__init__()
        self._has_done_marker = False

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        if (error := error_in(value)) is not None:
            self._fail(error)
            self.is_over = True
            return []
        if "choices" not in value:
            self._note(WRONG_SHAPE)
            return []
        self._model = text_at(value, "model") or self._model
        self._answer_id = text_at(value, "id") or self._answer_id
        if at(value, "usage") is not None:
            self._usage = chat_usage(at(value, "usage"))
        finish = text_at(value, "choices", 0, "finish_reason")
        pieces = self._content(at(value, "choices", 0, "delta"))
        if self.is_complete and (finish or pieces):
            self._note(AFTER_END)
            return []
        if finish:
            self._finish = finish
            self.is_complete = True
        return pieces

    def _content(self, delta: object) -> list[Delta]:
        reasoning = text_at(delta, "reasoning_content") or text_at(delta, "reasoning")
        return self._reasoned(reasoning) + self._said(_text(delta))

    def _take_done_marker(self) -> None:
        self.is_over = True
        self._has_done_marker = True

    def _ended(self) -> tuple[Finding, ...]:
        findings = super()._ended()
        return findings if self._has_done_marker else (*findings, _NO_DONE_MARKER)


def _text(message: object) -> str:
    """Return a message's or delta's text; some providers send it as a list of parts."""
    parts = list_at(message, "content")
    if parts:
        return "".join(text_at(part, "text") or "" for part in parts)
    return text_at(message, "content") or text_at(message, "refusal") or ""
