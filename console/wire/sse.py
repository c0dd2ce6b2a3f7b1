"""A strict decoder of server-sent events: feed bytes as they arrive, get whole events.

Follows the WHATWG HTML standard, section 9.2.6 (line ends LF, CRLF and CR; several `data` lines; comments; one
optional space after the colon; a byte order mark at the start), with three differences that a checker needs: it
reports bytes that are not UTF-8 instead of replacing them, it reports a stream that ended inside an event, and it
has limits.
"""

from dataclasses import dataclass
from enum import StrEnum


class SseFault(StrEnum):
    """Why a decoder gave up."""

    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    EVENT_TOO_LONG = "event_too_long"
    TOO_MANY_EVENTS = "too_many_events"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its name (empty if the stream gives none) and its data lines joined by line feeds."""

    name: str
    data: str


class SseDecoder:
    """Decodes one stream. Never raises: after a fault it returns no more events, and `fault` says why."""

    def __init__(
        self, *, line_limit: int = 1_048_576, event_limit: int = 4_194_304, count_limit: int = 100_000
    ) -> None:
        """Start a stream.

        Args:
            line_limit: The maximum bytes in a line.
            event_limit: The maximum characters in an event's data.
            count_limit: The maximum events in the stream.

        """
        self.fault: SseFault | None = None
        self._line_limit = line_limit
        self._event_limit = event_limit
        self._count_limit = count_limit
        self._count = 0
        self._tail = b""
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []
        self._data_length = 0

    def feed(self, data: bytes) -> list[SseEvent]:
        """Add the next bytes, split anywhere, and return the events that they complete."""
        if self.fault is not None or not data:
            return []
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
            if not data:
                return []
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._tail = (self._tail + data).split(b"\n")
        events = [event for line in lines if (event := self._take(line)) is not None]
        if len(self._tail) > self._line_limit:
            self._give_up(SseFault.LINE_TOO_LONG)
        return events

    @property
    def is_inside_event(self) -> bool:
        """Whether the bytes so far end inside an event."""
        return bool(self._tail or self._data or self._name)

    def _take(self, line: bytes) -> SseEvent | None:
        if self.fault is not None:
            return None
        if len(line) > self._line_limit:
            self._give_up(SseFault.LINE_TOO_LONG)
            return None
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch()
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self._give_up(SseFault.NOT_UTF8)
            return None
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._data_length += len(value) + 1
            if self._data_length > self._event_limit:
                self._give_up(SseFault.EVENT_TOO_LONG)
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> SseEvent | None:
        name, lines = self._name, self._data
        self._name, self._data, self._data_length = "", [], 0
        if not lines:
            return None
        self._count += 1
        if self._count > self._count_limit:
            self._give_up(SseFault.TOO_MANY_EVENTS)
            return None
        return SseEvent(name, "\n".join(lines))

    def _give_up(self, fault: SseFault) -> None:
        self.fault = fault
        self._tail = b""
        self._data = []
