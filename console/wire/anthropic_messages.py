"""Anthropic Messages on the wire: build a request, read an answer, read a stream."""

from console.domain.contract import Finding, Severity
from console.wire.answer import WRONG_SHAPE, Answer, Delta, ended, error_in, whole
from console.wire.stream import StreamReader
from console.wire.usage import messages_usage
from console.wire.value import at, count_at, encode, list_at, text_at

DEFAULT_VERSION = "2023-06-01"
"""The `anthropic-version` that every gateway knows; 2026-10-21 is the newer one."""

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
    return whole(body, text, finish, usage, at_limit=finish == "max_tokens")


class MessagesStream(StreamReader):
    """Reads one Messages stream. Complete with `message_stop` after a `message_delta` with a stop reason."""

    def __init__(self) -> None:
        super().__init__()
        self._figures: dict[str, object] = {}

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        match kind:
            case "content_block_delta":
                if text := text_at(value, "delta", "text"):
                    return self._said(text)
                thinking = text_at(value, "delta", "thinking")
                return [Delta(thinking, is_reasoning=True)] if thinking else []
            case "message_start":
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

    def _ended(self) -> tuple[Finding, ...]:
        return ended(self._usage, at_limit=self._finish == "max_tokens", has_text=self._has_text)
