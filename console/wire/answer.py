"""The common form of an answer from any family, streamed or not."""

from dataclasses import dataclass

import msgspec

from console.domain.finding import Finding
from console.wire.json_value import encode, text_at, value_at, word_at
from console.wire.usage import Usage


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A piece of generated content."""

    text: str
    is_reasoning: bool = False


@dataclass(frozen=True, slots=True)
class WireError:
    """The gateway's error: text from outside, to be classified and then dropped."""

    code: str = ""
    kind: str = ""
    message: str = ""

    def as_body(self) -> bytes:
        """Return the error as the body of a refused call."""
        return encode({"error": {"code": self.code, "type": self.kind, "message": self.message}})


REFUSED_CONTENT = WireError(code="content_filter")
"""The error for a finish reason of refused content."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as far as it was received."""

    is_complete: bool = False
    """Whether the family's terminal marker arrived; without it nothing in the answer can be trusted."""
    answer_id: str | None = None
    model: str | None = None
    text: str = ""
    """The whole text of a non-streamed answer; a streamed one is returned as deltas."""
    finish: str | None = None
    usage: Usage = Usage()
    error: WireError | None = None
    error_body: bytes = b""
    """The error: text from outside, to be classified and then dropped."""
    findings: tuple[Finding, ...] = ()


def is_shaped(answer: Answer) -> bool:
    """Return whether a body had the shape of the reader's family."""
    return not any(finding.id == "COM-B-02" for finding in answer.findings)


def error_in(value: object) -> WireError | None:
    """Return the error in a decoded body or event; None if there is none.

    Reads OpenAI's and Anthropic's envelope, `error` as plain text, FastAPI's `detail`, `message` together with `error`
    and `statusCode`, and a flat error event.
    """
    inner = value_at(value, "error")
    if isinstance(inner, dict):
        return WireError(word_at(inner, "code"), word_at(inner, "type"), word_at(inner, "message"))
    if isinstance(inner, str) and inner:
        return WireError(message=text_at(value, "message") or inner)
    if value_at(value, "type") == "error" or value_at(value, "status") == "failure":
        return WireError(word_at(value, "code"), "", word_at(value, "message"))
    detail = value_at(value, "detail")
    if isinstance(detail, str):
        return WireError(message=detail)
    if isinstance(detail, list):
        return WireError(kind="invalid_request_error", message=text_at(detail, 0, "msg") or "")
    return None
