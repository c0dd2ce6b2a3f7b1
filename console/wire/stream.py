"""The common base of the three families' stream readers."""

from abc import ABC, abstractmethod
from typing import ClassVar

from console.wire.answer import REFUSED_CONTENT, Answer, Delta, WireError, error_in
from console.wire.json_value import decode, encode, text_at, value_at, word_at
from console.wire.judge.stream import Ending, StreamJudge
from console.wire.sse import SseEvent
from console.wire.usage import Usage

_LONGEST_PAUSE = 63
"""The maximum events between two tries to read a piece of content the short way, in a stream that does not allow it."""
_ERROR_LIMIT = 65_536
"""The maximum characters of a failing event that are kept until it is classified."""


class StreamReader(ABC):
    """Reads one stream of a family, event by event, and passes each event to the family's judge.

    Never raises, whatever a gateway sends.
    """

    refused: ClassVar[frozenset[str]] = frozenset()
    """The finish reasons for refused content."""

    def __init__(self, judge: StreamJudge) -> None:
        self.is_complete = False
        """Whether the family's terminal marker arrived: anything after it is a formality."""
        self.is_over = False
        """Whether nothing may follow: the stream's very last event, or an error, arrived."""
        self.argument_bytes = 0
        """The bytes of what the model passed to tools: output that costs as text does, and is not shown."""
        self.was_piece = False
        """Whether the newest event was a piece of content as its vendor sends it."""
        self._judge = judge
        self._model: str | None = None
        self._answer_id: str | None = None
        self._finish: str | None = None
        self._usage = Usage()
        self._error: WireError | None = None
        self._error_body = b""
        self._pause = 0
        """The number of events that are read generically before the short way is tried again."""
        self._last_pause = 0

    def feed(self, event: SseEvent) -> list[Delta]:
        """Read the next event and return its content."""
        if self._pause:
            self._pause -= 1
        else:
            deltas = self._take_piece(event)
            if deltas is not None:
                self._last_pause = 0
                self.was_piece = True
                return deltas
            self._pause = self._last_pause = min(2 * self._last_pause + 1, _LONGEST_PAUSE)
        self.was_piece = False
        return self._feed_any(event)

    def _feed_any(self, event: SseEvent) -> list[Delta]:
        if event.data == "[DONE]":
            self._judge.take_done_marker()
            self._take_done_marker()
            return []
        value = decode(event.data)
        if not isinstance(value, dict):
            self._judge.take_unreadable()
            if event.name == "error":
                self._fail(WireError(message=event.data[:_ERROR_LIMIT]))
                self.is_over = True
            return []
        kind = text_at(value, "type") or ""
        had_failed = self.has_failed
        self._judge.take(kind, event.name, value)
        deltas = self._take(kind or event.name, value)
        if self.has_failed and not had_failed:
            self._error_body = _error_part(event, value)
        return deltas

    @property
    def has_failed(self) -> bool:
        """Whether the stream reported a failure."""
        return self._error is not None

    def close(self, *, is_refusal: bool = False) -> Answer:
        """Return the answer of the stream, which ends here; a refusal's stream owes no answer."""
        is_complete = self._error is None and self.is_complete
        is_refused = is_complete and self._finish in self.refused
        self._judge.close(Ending(is_complete, is_refusal or self._error is not None, is_refused, self._finish))
        return Answer(
            is_complete=is_complete,
            answer_id=self._answer_id,
            model=self._model,
            finish=self._finish,
            usage=self._usage.named(has_content=self._judge.has_content),
            error=self._error or (REFUSED_CONTENT if is_refused else None),
            error_body=self._error_body or (REFUSED_CONTENT.as_body() if is_refused else b""),
            findings=self._judge.findings,
        )

    @abstractmethod
    def _take_piece(self, event: SseEvent) -> list[Delta] | None:
        """Read and judge a piece of content as its vendor sends it; None, and nothing changed, if it is anything else.

        It may only be read here if reading it generically had the same result.
        """

    @abstractmethod
    def _take(self, kind: str, value: dict[str, object]) -> list[Delta]:
        """Read one decoded event; `kind` is its `type`, or its name if it has none."""

    @abstractmethod
    def _take_done_marker(self) -> None:
        """Read a `[DONE]`."""

    def _fail(self, error: WireError) -> None:
        """Keep the first error: later ones only echo it."""
        self._error = self._error or error

    def _take_error(self, value: dict[str, object]) -> None:
        """Read an error event, by its name or type, nested or flat."""
        self._fail(error_in(value) or WireError(word_at(value, "code"), "", word_at(value, "message")))

    def _take_untyped(self, value: dict[str, object]) -> None:
        """Read an event without a type: it may be an error."""
        if (error := error_in(value)) is not None:
            self._fail(error)
            self.is_over = True

    def _passed(self, text: str | None) -> None:
        """Count what the model passes to a tool."""
        self.argument_bytes += len(text.encode("utf-8", "replace")) if text else 0

    def _said(self, text: str | None) -> list[Delta]:
        return [Delta(text)] if text else []

    def _reasoned(self, text: str | None) -> list[Delta]:
        return [Delta(text, is_reasoning=True)] if text else []


def _error_part(event: SseEvent, value: dict[str, object]) -> bytes:
    """Return a failing event without what it repeats of the call: a `response.failed` holds the whole of it."""
    response = value_at(value, "response")
    if isinstance(response, dict):
        kept = {key: response[key] for key in ("status", "error", "incomplete_details") if key in response}
        return encode({**value, "response": kept})[:_ERROR_LIMIT]
    return event.data[:_ERROR_LIMIT].encode("utf-8", "replace")
