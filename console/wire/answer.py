"""What every family's answer is read into, streamed or not."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from console.domain.contract import Finding, Severity
from console.wire.sse import SseEvent
from console.wire.usage import Usage
from console.wire.value import at, decode, text_at


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of generated content."""

    text: str
    is_reasoning: bool = False


@dataclass(frozen=True, slots=True)
class WireError:
    """An error as the gateway worded it: text from outside, to be classified and then dropped."""

    code: str = ""
    kind: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read as far as it went."""

    is_complete: bool = False
    """The family's terminal marker was seen; without it nothing in the answer can be trusted."""
    answer_id: str | None = None
    model: str | None = None
    text: str = ""
    """The whole text of a non-streamed answer; a streamed one is handed out as deltas."""
    finish: str | None = None
    usage: Usage = Usage()
    error: WireError | None = None
    findings: tuple[Finding, ...] = ()


TRUNCATED = Finding(
    "COM-O-02", Severity.FAIL, "The stream ended without its family's terminal marker: the answer is cut."
)
WRONG_SHAPE = Finding("COM-B-02", Severity.FAIL, "The answer does not have the shape of the family that was called.")
NOT_JSON = Finding("COM-O-01", Severity.FAIL, "An event's data is neither JSON nor the family's end marker.")
NO_USAGE = Finding("COM-U-01", Severity.WARN, "The answer names no token usage, so its price cannot be known.")
BUDGET = Finding(
    "COM-U-02", Severity.WARN, "The answer stopped at the token limit: the limit is too low, not the route wrong."
)
EMPTY = Finding("COM-B-03", Severity.WARN, "The answer is complete and holds no text.")


def ended(usage: Usage, *, at_limit: bool, has_text: bool) -> tuple[Finding, ...]:
    """Return the findings on an answer that is complete."""
    findings = [NO_USAGE] if usage == Usage() else []
    if at_limit:
        findings.append(BUDGET)
    elif not has_text:
        findings.append(EMPTY)
    return tuple(findings)


def whole(body: object, text: str, finish: str | None, usage: Usage, *, at_limit: bool) -> Answer:
    """Return what a non-streamed answer of the right shape came to; without a finish it is cut."""
    return Answer(
        is_complete=finish is not None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text=text,
        finish=finish,
        usage=usage,
        findings=(TRUNCATED,) if finish is None else ended(usage, at_limit=at_limit, has_text=bool(text)),
    )


class StreamReader(ABC):
    """Reads one stream of a family, event by event. Never raises on anything a gateway may send."""

    def __init__(self) -> None:
        self.is_complete = False
        """The family's terminal marker was seen: all that may follow is a formality."""
        self.is_over = False
        """Nothing may follow any more: the stream's very last event, or an error, was seen."""
        self._has_text = False
        self._model: str | None = None
        self._answer_id: str | None = None
        self._finish: str | None = None
        self._usage = Usage()
        self._error: WireError | None = None
        self._findings: list[Finding] = []

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take the next event and return the content in it."""
        if event.data == "[DONE]":
            self._take_done_marker()
            return []
        value = decode(event.data)
        if not isinstance(value, dict):
            self._note(NOT_JSON)
            return []
        return self._take(text_at(value, "type") or event.name, value)

    def close(self) -> Answer:
        """Say what the stream came to, its bytes having ended here."""
        is_complete = self._error is None and self.is_complete
        if is_complete:
            for finding in self._ended():
                self._note(finding)
        elif self._error is None and WRONG_SHAPE not in self._findings:
            self._note(TRUNCATED)
        return Answer(
            is_complete=is_complete,
            answer_id=self._answer_id,
            model=self._model,
            finish=self._finish,
            usage=self._usage,
            error=self._error,
            findings=tuple(self._findings),
        )

    @abstractmethod
    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        """Take one decoded event; `kind` is its `type`, or its name where it has none."""

    @abstractmethod
    def _take_done_marker(self) -> None:
        """Take a `[DONE]`."""

    @abstractmethod
    def _ended(self) -> tuple[Finding, ...]:
        """Return the findings on a stream that is complete."""

    def _note(self, finding: Finding) -> None:
        if finding not in self._findings:
            self._findings.append(finding)

    def _fail(self, error: WireError) -> None:
        """Keep the first error: what follows one is only its echo."""
        self._error = self._error or error

    def _take_error(self, value: dict[str, object]) -> None:
        """Take an event that is an error by its name or type, nested or flat."""
        self._fail(error_in(value) or WireError(_word(value, "code"), "", _word(value, "message")))

    def _take_untyped(self, value: dict[str, object]) -> None:
        """Take an event that does not say what it is: an error, or another family's."""
        if (error := error_in(value)) is not None:
            self._fail(error)
            self.is_over = True
        else:
            self._note(WRONG_SHAPE)

    def _said(self, text: str) -> list[Delta]:
        self._has_text = True
        return [Delta(text)]


def read_error(body: bytes) -> WireError | None:
    """Find the error in a refused call's body; None where the body is not JSON or names no error."""
    value = decode(body)
    return None if value is None else error_in(value)


def error_in(value: object) -> WireError | None:
    """Find the error in a decoded body or event; None where there is none.

    Reads OpenAI's and Anthropic's envelope, `error` as plain text, FastAPI's `detail`, `message` with `error` and
    `statusCode` beside it, and a flat error event.
    """
    inner = at(value, "error")
    if isinstance(inner, dict):
        return WireError(_word(inner, "code"), _word(inner, "type"), _word(inner, "message"))
    if isinstance(inner, str) and inner:
        return WireError(message=text_at(value, "message") or inner)
    if at(value, "type") == "error" or at(value, "status") == "failure":
        return WireError(_word(value, "code"), "", _word(value, "message"))
    detail = at(value, "detail")
    if isinstance(detail, str):
        return WireError(message=detail)
    if isinstance(detail, list):
        return WireError(kind="invalid_request_error", message=text_at(detail, 0, "msg") or "")
    return None


def _word(value: object, key: str) -> str:
    found = at(value, key)
    if isinstance(found, bool) or found is None:
        return ""
    return str(found) if isinstance(found, str | int) else ""
