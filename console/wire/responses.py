"""OpenAI Responses on the wire: build a request, read an answer, read a stream."""

from console.wire.answer import AFTER_END, WRONG_SHAPE, Answer, Delta, Finishes, WireError, error_in, whole
from console.wire.stream import StreamReader
from console.wire.usage import responses_usage
from console.wire.value import at, encode, list_at, text_at

MIN_OUTPUT_TOKENS = 16
"""The family's own minimum for max_output_tokens (openai-openapi, `minimum: 16`)."""

FINISHES = Finishes(
    known=frozenset({"completed", "max_output_tokens", "max_tokens"}),
    at_limit=frozenset({"max_output_tokens", "max_tokens"}),
    refused=frozenset({"content_filter"}),
)
"""A response's status, or the reason where it is incomplete."""

_OTHER_FAMILY = ("message_", "content_block_")


def build(model: str, prompt: str, *, max_output_tokens: int, stream: bool) -> bytes:
    """Build the smallest correct request; `store` is off because the family keeps answers by default."""
    return encode(
        {
            "model": model,
            "input": prompt,
            "max_output_tokens": max(max_output_tokens, MIN_OUTPUT_TOKENS),
            "store": False,
            "stream": stream,
        }
    )


def read(body: object) -> Answer:
    """Read a non-streamed answer."""
    if (error := error_in(body)) is not None:
        return Answer(error=error)
    if at(body, "object") != "response" or not isinstance(at(body, "output"), list):
        return Answer(findings=(WRONG_SHAPE,))
    text = "".join(
        text_at(part, "text") or text_at(part, "refusal") or ""
        for item in list_at(body, "output")
        if at(item, "type") == "message"
        for part in list_at(item, "content")
    )
    finish, failure = _outcome(body)
    usage = responses_usage(at(body, "usage"))
    if failure is not None:
        return Answer(model=text_at(body, "model"), answer_id=text_at(body, "id"), finish=finish, error=failure)
    return whole(body, text, finish, usage, FINISHES)


class ResponsesStream(StreamReader):
    """Reads one Responses stream. Complete with `response.completed`; `[DONE]` may follow or be absent."""

    finishes = FINISHES

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        match kind:
            case "response.failed":
                self._identify(at(value, "response"))
                self._fail(error_in(at(value, "response")) or WireError(message=kind))
                self.is_over = True
            case "error":
                # Only response.failed may follow it, and that says no more than this event does.
                self._take_error(value)
            case _ if self.is_complete:
                self._note(AFTER_END)
            case "response.output_text.delta" | "response.refusal.delta":
                return self._said(text_at(value, "delta"))
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" | "response.reasoning.delta":
                return self._reasoned(text_at(value, "delta"))
            case "response.created" | "response.in_progress":
                self._identify(at(value, "response"))
            case "response.completed" | "response.incomplete":
                self._end(at(value, "response"))
            case "":
                self._take_untyped(value)
            case _ if kind.startswith(_OTHER_FAMILY):
                self._note(WRONG_SHAPE)
        return []

    def _take_done_marker(self) -> None:
        self.is_over = True

    def _identify(self, response: object) -> None:
        self._model = text_at(response, "model") or self._model
        self._answer_id = text_at(response, "id") or self._answer_id

    def _end(self, response: object) -> None:
        self._identify(response)
        self._usage = responses_usage(at(response, "usage"))
        self._finish, error = _outcome(response)
        if error is not None:
            self._fail(error)
            self.is_over = True
        else:
            self.is_complete = True


def _outcome(response: object) -> tuple[str | None, WireError | None]:
    """Return how a response ended, and the error where it neither completed nor only met its token limit."""
    status = text_at(response, "status")
    if status == "completed":
        return status, error_in(response)
    reason = text_at(response, "incomplete_details", "reason")
    if status == "incomplete" and reason in FINISHES.at_limit:
        return reason, None
    return reason or status, error_in(response) or WireError(code=reason or "", message=f"status {status}"[:200])
