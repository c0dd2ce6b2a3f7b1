"""OpenAI Responses on the wire: build a request, read an answer, read a stream."""

from console.domain.probes.token_limit import AT_LIMIT
from console.wire.answer import Answer, Delta, WireError, error_in
from console.wire.json_value import encode, list_at, text_at, value_at
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.judge.notes import Notes
from console.wire.judge.responses import ResponsesJudge
from console.wire.judge.responses_body import Content, judge_response, text_in
from console.wire.judge.stream import StreamJudge
from console.wire.piece import UNFIT, ResponsesPiece, decoder_of
from console.wire.request import Request
from console.wire.sse import SseEvent
from console.wire.stream import StreamReader
from console.wire.usage import responses_usage

_PIECE = "response.output_text.delta"
_decode_piece = decoder_of(ResponsesPiece)
MIN_OUTPUT_TOKENS = 16
"""The family's own minimum for max_output_tokens (openai-openapi, `minimum: 16`)."""


def build(model: str, request: Request) -> bytes:
    """Build a request; `store` is off because the family stores answers by default."""
    body: dict[str, object] = {
        "model": model,
        "input": request.prompt,
        "max_output_tokens": max(request.max_output_tokens, MIN_OUTPUT_TOKENS),
        "store": False,
        "stream": request.is_streamed,
    }
    if request.instructions:
        body["instructions"] = request.instructions
    if request.schema is not None:
        about = {"type": "json_schema", "name": request.schema.name, "strict": True, "schema": request.schema.schema}
        body["text"] = {"format": about}
    return encode(body)


def build_without_input(model: str) -> bytes:
    """Build a request without its input: it is refused, and nothing is generated."""
    return encode({"model": model, "max_output_tokens": MIN_OUTPUT_TOKENS, "store": False})


def read(body: object, expected: Expectation = NOTHING) -> Answer:
    """Read and judge a non-streamed answer."""
    notes = Notes()
    if (error := error_in(body)) is not None:
        notes.add("COM-S-01", "error_in_success")
        return Answer(error=error, findings=notes.findings)
    if not isinstance(body, dict) or body.get("object") != "response" or not isinstance(body.get("output"), list):
        notes.add("COM-B-02", "other_family")
        return Answer(findings=notes.findings)
    finish, failure = _outcome(body)
    if failure is None:
        judge_response(body, notes, expected, Content())
    elif body.get("status") not in ("failed", "incomplete"):
        notes.add("RSP-B-01", "unfinished")
    return Answer(
        is_complete=failure is None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text="" if failure else text_in(list_at(body, "output")),
        finish=finish,
        usage=responses_usage(value_at(body, "usage")).named(has_content=bool(body["output"])),
        error=failure,
        findings=notes.findings,
    )


_ARGUMENTS = ("_arguments.delta", "_input.delta", "_code.delta")
"""How the names of events end that carry a piece of what the model passes to a tool."""


class ResponsesStream(StreamReader):
    """Reads one Responses stream. Complete with `response.completed`; `[DONE]` may follow or be absent."""

    def __init__(self, expected: Expectation = NOTHING, judge: StreamJudge | None = None) -> None:
        super().__init__(judge or ResponsesJudge(expected))

    def _take_piece(self, event: SseEvent) -> list[Delta] | None:
        if event.name not in (_PIECE, "") or self.is_complete:
            return None
        try:
            piece: ResponsesPiece = _decode_piece(event.data)
        except UNFIT:
            return None
        if piece.type != _PIECE or not self._judge.take_piece(event.name, piece):
            return None
        return [Delta(piece.delta)] if piece.delta else []

    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        match kind:
            case "response.failed":
                self._identify(value_at(value, "response"))
                self._fail(error_in(value_at(value, "response")) or WireError(message=kind))
                self.is_over = True
            case "error":
                # Only response.failed may follow, and it adds nothing to this event.
                self._take_error(value)
            case _ if self.is_complete:
                pass
            case "response.output_text.delta" | "response.refusal.delta":
                return self._said(text_at(value, "delta"))
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" | "response.reasoning.delta":
                return self._reasoned(text_at(value, "delta"))
            case _ if kind.endswith(_ARGUMENTS):
                self._passed(text_at(value, "delta"))
            case "response.created" | "response.in_progress":
                self._identify(value_at(value, "response"))
            case "response.completed" | "response.incomplete":
                self._end(value_at(value, "response"))
            case "":
                self._take_untyped(value)
        return []

    def _take_done_marker(self) -> None:
        self.is_over = True

    def _identify(self, response: object) -> None:
        self._model = text_at(response, "model") or self._model
        self._answer_id = text_at(response, "id") or self._answer_id

    def _end(self, response: object) -> None:
        self._identify(response)
        self._usage = responses_usage(value_at(response, "usage"))
        self._finish, error = _outcome(response)
        if error is not None:
            self._fail(error)
            self.is_over = True
        else:
            self.is_complete = True


def _outcome(response: object) -> tuple[str | None, WireError | None]:
    """Return how a response ended, and the error unless it completed or only reached its token limit."""
    status = text_at(response, "status")
    if status == "completed":
        return status, error_in(response)
    reason = text_at(response, "incomplete_details", "reason")
    if status == "incomplete" and reason in AT_LIMIT:
        return reason, None
    return reason or status, error_in(response) or WireError(code=reason or "", message=f"status {status}"[:200])
