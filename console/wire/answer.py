"""What every family's answer is read into, streamed or not."""

from dataclasses import dataclass

from console.domain.contract import Finding, Severity
from console.wire.usage import Usage
from console.wire.value import at, encode, text_at


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

    def as_body(self) -> bytes:
        """Return the error as a refused call's body would hold it."""
        return encode({"error": {"code": self.code, "type": self.kind, "message": self.message}})


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
    error_body: bytes = b""
    """The error as it came: text from outside, to be classified and then dropped."""
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
EMPTY = Finding("COM-B-03", Severity.FAIL, "The answer says that it is complete and holds no text.")
EMPTY_TURN = Finding("COM-B-04", Severity.WARN, "The answer is complete and holds no text, which its family allows.")
AFTER_END = Finding("COM-O-05", Severity.FAIL, "Content or another end followed the answer's end.")
OTHER_NAME = Finding("COM-O-03", Severity.FAIL, "An event's name and the type in its data differ.")
UNKNOWN_FINISH = Finding("COM-B-05", Severity.WARN, "The finish reason is not one that the family has.")


@dataclass(frozen=True, slots=True)
class Finishes:
    """The finish reasons of a family."""

    known: frozenset[str]
    at_limit: frozenset[str]
    """Those that say that the token limit was met."""
    refused: frozenset[str]
    """Those that say that the content was refused."""
    empty_turn: frozenset[str] = frozenset()
    """Those with which an answer without text is allowed."""

    def refusal(self, finish: str | None) -> WireError | None:
        """Return the error that a finish reason stands for, where it says that the content was refused."""
        return WireError(code="content_filter") if finish in self.refused else None

    def judge(self, finish: str | None, usage: Usage, *, has_text: bool, has_reasoning: bool) -> tuple[Finding, ...]:
        """Return the findings on an answer that is complete."""
        findings = [NO_USAGE] if usage == Usage() else []
        if finish not in self.known:
            findings.append(UNKNOWN_FINISH)
        if finish in self.at_limit:
            findings.append(BUDGET)
        elif not has_text:
            findings.append(EMPTY_TURN if has_reasoning or finish in self.empty_turn else EMPTY)
        return tuple(findings)


def whole(body: object, text: str, finish: str | None, usage: Usage, finishes: Finishes) -> Answer:
    """Return what a non-streamed answer of the right shape came to; without a finish it is cut."""
    error = finishes.refusal(finish)
    findings: tuple[Finding, ...] = (TRUNCATED,)
    if finish is not None:
        has_reasoning = bool(usage.reasoning_tokens)
        findings = finishes.judge(finish, usage, has_text=bool(text), has_reasoning=has_reasoning)
    return Answer(
        is_complete=finish is not None,
        answer_id=text_at(body, "id"),
        model=text_at(body, "model"),
        text=text,
        finish=finish,
        usage=usage,
        error=error,
        findings=() if error else findings,
    )


def error_in(value: object) -> WireError | None:
    """Find the error in a decoded body or event; None where there is none.

    Reads OpenAI's and Anthropic's envelope, `error` as plain text, FastAPI's `detail`, `message` with `error` and
    `statusCode` beside it, and a flat error event.
    """
    inner = at(value, "error")
    if isinstance(inner, dict):
        return WireError(word_at(inner, "code"), word_at(inner, "type"), word_at(inner, "message"))
    if isinstance(inner, str) and inner:
        return WireError(message=text_at(value, "message") or inner)
    if at(value, "type") == "error" or at(value, "status") == "failure":
        return WireError(word_at(value, "code"), "", word_at(value, "message"))
    detail = at(value, "detail")
    if isinstance(detail, str):
        return WireError(message=detail)
    if isinstance(detail, list):
        return WireError(kind="invalid_request_error", message=text_at(detail, 0, "msg") or "")
    return None


def word_at(value: object, key: str) -> str:
    """Return a code, type or message as text, whatever JSON type the gateway gave it; empty where there is none."""
    found = at(value, key)
    if isinstance(found, bool) or found is None:
        return ""
    return str(found) if isinstance(found, str | int) else ""
