"""What the readers of all three families' streams have in common."""

from abc import ABC, abstractmethod
from typing import ClassVar

from console.domain.contract import Finding
from console.wire.answer import (
    NOT_JSON,
    OTHER_NAME,
    TRUNCATED,
    WRONG_SHAPE,
    Answer,
    Delta,
    Finishes,
    WireError,
    error_in,
    word_at,
)
from console.wire.sse import SseEvent
from console.wire.usage import Usage
from console.wire.value import decode, text_at

_ERROR_LIMIT = 65_536
"""The most characters of a failing event that are kept until it is classified."""


class StreamReader(ABC):
    """Reads one stream of a family, event by event. Never raises on anything a gateway may send."""

    finishes: ClassVar[Finishes]
    """The family's finish reasons."""

    def __init__(self) -> None:
        self.is_complete = False
        """The family's terminal marker was seen: all that may follow is a formality."""
        self.is_over = False
        """Nothing may follow any more: the stream's very last event, or an error, was seen."""
        self._has_text = False
        self._has_reasoning = False
        self._model: str | None = None
        self._answer_id: str | None = None
        self._finish: str | None = None
        self._usage = Usage()
        self._error: WireError | None = None
        self._error_body = b""
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
        kind = text_at(value, "type") or ""
        if kind and event.name and kind != event.name:
            self._note(OTHER_NAME)
        had_failed = self.has_failed
        deltas = self._take(kind or event.name, value)
        if self.has_failed and not had_failed:
            self._error_body = event.data[:_ERROR_LIMIT].encode("utf-8", "replace")
        return deltas

    @property
    def has_failed(self) -> bool:
        """Tell whether the stream has said that it failed."""
        return self._error is not None

    def close(self) -> Answer:
        """Say what the stream came to, its bytes having ended here."""
        is_complete = self._error is None and self.is_complete
        refusal = self.finishes.refusal(self._finish) if is_complete else None
        if is_complete and refusal is None:
            for finding in self._ended():
                self._note(finding)
        elif not is_complete and self._error is None and WRONG_SHAPE not in self._findings:
            self._note(TRUNCATED)
        return Answer(
            is_complete=is_complete,
            answer_id=self._answer_id,
            model=self._model,
            finish=self._finish,
            usage=self._usage,
            error=self._error or refusal,
            error_body=self._error_body or (refusal.as_body() if refusal is not None else b""),
            findings=tuple(self._findings),
        )

    @abstractmethod
    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        """Take one decoded event; `kind` is its `type`, or its name where it has none."""

    @abstractmethod
    def _take_done_marker(self) -> None:
        """Take a `[DONE]`."""

    def _ended(self) -> tuple[Finding, ...]:
        """Return the findings on a stream that is complete."""
        return self.finishes.judge(
            self._finish, self._usage, has_text=self._has_text, has_reasoning=self._has_reasoning
        )

    def _note(self, finding: Finding) -> None:
        if finding not in self._findings:
            self._findings.append(finding)

    def _fail(self, error: WireError) -> None:
        """Keep the first error: what follows one is only its echo."""
        self._error = self._error or error

    def _take_error(self, value: dict[str, object]) -> None:
        """Take an event that is an error by its name or type, nested or flat."""
        self._fail(error_in(value) or WireError(word_at(value, "code"), "", word_at(value, "message")))

    def _take_untyped(self, value: dict[str, object]) -> None:
        """Take an event that does not say what it is: an error, or another family's."""
        if (error := error_in(value)) is not None:
            self._fail(error)
            self.is_over = True
        else:
            self._note(WRONG_SHAPE)

    def _said(self, text: str | None) -> list[Delta]:
        if not text:
            return []
        self._has_text = True
        return [Delta(text)]

    def _reasoned(self, text: str | None) -> list[Delta]:
        if not text:
            return []
        self._has_reasoning = True
        return [Delta(text, is_reasoning=True)]
