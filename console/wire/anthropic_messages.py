"""Anthropic Messages on the wire: build a request, read an answer, read a stream."""

from console.domain.contract import Finding, Severity
from console.wire.answer import AFTER_END, WRONG_SHAPE, Answer, Delta, Finishes, error_in, whole
from console.wire.stream import StreamReader
from console.wire.usage import messages_usage
from console.wire.value import at, count_at, encode, list_at, text_at

FINISHES = Finishes(
    known=frozenset(
        {
            "end_turn",
            "max_tokens",
            "stop_sequence",
            "tool_use",
            "pause_turn",
            "refusal",
            "model_context_window_exceeded",
        }
    ),
    at_limit=frozenset({"max_tokens", "model_context_window_exceeded"}),
    refused=frozenset({"refusal"}),
    empty_turn=frozenset({"end_turn"}),
)
"""The family's stop reasons; an `end_turn` without text is documented behaviour."""

_NO_START = Finding("MSG-STREAM-01", Severity.FAIL, "The stream does not begin with exactly one message_start.")
_DONE_MARKER = Finding("MSG-STREAM-04", Severity.WARN, "The stream ends in [DONE], which the family does not have.")


def build(model: str, prompt: str, *, max_output_tokens: int, stream: bool) -> bytes:
    """Build the smallest correct request; no sampling parameter, because newer API versions refuse them."""
    return encode(
        {
            "model": model,
            "max_tokens": max_output_tokens,
            "messages": [{"role": "user", "content": prompt}],
            "stream": stream,
        }
    )


def read(body: object) -> Answer:
    """Read a non-streamed answer."""
    if (error := error_in(body)) is not None:
        return Answer(error=error)
    if at(body, "type") != "message" or at(body, "role") != "assistant" or not isinstance(at(body, "content"), list):
        return Answer(findings=(WRONG_SHAPE,))
    text = "".join(text_at(block, "text") or "" for block in list_at(body, "content") if at(block, "type") == "text")
    finish = text_at(body, "stop_reason")
    usage = messages_usage(at(body, "usage"))
    return whole(body, text, finish, usage, FINISHES)


class MessagesStream(StreamReader):
    """Reads one Messages stream. Complete with `message_stop` after a `message_delta` with a stop reason."""

    finishes = FINISHES

    def __init__(self) -> None:
        super().__init__()
        self._figures: dict[str, object] = {}
        self._has_start = False

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        if kind.startswith(("message_", "content_block_")):
            if self.is_over:
                self._note(AFTER_END)
                return []
            if self._has_start is (kind == "message_start"):
                self._note(_NO_START)
        match kind:
            case "content_block_delta":
                said = self._said(text_at(value, "delta", "text"))
                return said + self._reasoned(text_at(value, "delta", "thinking"))
            case "message_start":
                self._has_start = True
                self._model = text_at(value, "message", "model")
                self._answer_id = text_at(value, "message", "id")
                self._count(at(value, "message", "usage"))
            case "message_delta":
                self._finish = text_at(value, "delta", "stop_reason") or self._finish
                self._count(at(value, "usage"))
            case "message_stop":
                self.is_over = True
                self.is_complete = self._finish is not None
            case "error":
                self._take_error(value)
                self.is_over = True
            case "":
                self._take_untyped(value)
            case _ if kind.startswith("response."):
                self._note(WRONG_SHAPE)
        return []

    def _count(self, figures: object) -> None:
        """Take usage figures: each is cumulative and replaces the one before; those left out stay as they were."""
        if isinstance(figures, dict):
            self._figures |= {
                name: figure
                for name, figure in figures.items()
                if isinstance(figure, dict) or count_at(figures, name) is not None
            }
        self._usage = messages_usage(self._figures)

    def _take_done_marker(self) -> None:
        self._note(_DONE_MARKER)
