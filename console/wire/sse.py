"""A strict decoder of server-sent events: feed bytes as they arrive, get whole events.

Follows the WHATWG HTML standard, section 9.2.6 (line ends LF, CRLF and CR; several `data` lines; comments; one
optional space after the colon; a byte order mark at the start), with three differences that a checker needs: it
reports bytes that are not UTF-8 instead of replacing them, it reports a stream that ended inside an event, and it
has limits.
"""

from enum import StrEnum

import msgspec


class SseFault(StrEnum):
    """Why a decoder gave up."""

    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    EVENT_TOO_LONG = "event_too_long"
    TOO_MANY_EVENTS = "too_many_events"


class SseEvent(msgspec.Struct, frozen=True, gc=False):
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
        self._quick_limit = min(line_limit, event_limit)
        """The maximum bytes of which no line and no event can be too long."""
        self._count = 0
        self._tail = bytearray()
        """The beginning of a line."""
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
        if self._tail:
            self._tail += data  # in place: a line in many pieces is not copied for each of them
            if b"\n" not in data:
                self._check_tail()
                return []
            data = bytes(self._tail)
            self._tail.clear()
        return self._split(data)

    def _split(self, data: bytes) -> list[SseEvent]:
        """Return the events that these lines complete, and keep the beginning of the next line."""
        events: list[SseEvent] = []
        begin, end, last = self._next_event(data), data.rfind(b"\n\n") + 2, data.rfind(b"\n") + 1
        if len(data) > self._quick_limit or end < 2 or not 0 <= begin < end:
            begin = end = 0
        if begin:
            self._take_lines(data[:begin], events)
        if begin < end and self.fault is None:
            self._take_events(data[begin:end], events)
        if end < last and self.fault is None:
            self._take_lines(data[end:last], events)
        if last < len(data) and self.fault is None:
            self._tail += data[last:]
            self._check_tail()
        return events

    def _next_event(self, data: bytes) -> int:
        """Return where the next event can begin in lines: at once, or after a blank line; -1 if nowhere."""
        if not (self._at_start or self._data or self._name):
            return 0
        if data.startswith(b"\n"):
            return 1
        place = data.find(b"\n\n")
        return place if place < 0 else place + 2

    def _take_events(self, data: bytes, events: list[SseEvent]) -> None:
        """Take whole events, too short for any limit but that of their count."""
        try:
            blocks = data.decode().split("\n\n")
        except UnicodeDecodeError:
            self._take_lines(data, events)  # the events before the fault count
            return
        del blocks[-1]
        for block in blocks:
            name, line = "", block
            if block.startswith("event: "):
                head, _, line = block.partition("\n")
                name = head[7:]
            if not line.startswith("data: ") or "\n" in line:
                self._take_lines(f"{block}\n\n".encode(), events)
            elif self._count < self._count_limit:
                self._count += 1
                events.append(SseEvent(name, line[6:]))
            else:
                self._give_up(SseFault.TOO_MANY_EVENTS)
            if self.fault is not None:
                return

    def _take_lines(self, data: bytes, events: list[SseEvent]) -> None:
        """Take whole lines, of whatever form."""
        for line in data.split(b"\n")[:-1]:
            event = self._take(line)
            if event is not None:
                events.append(event)
            if self.fault is not None:
                return

    def _check_tail(self) -> None:
        if len(self._tail) > self._line_limit:
            self._give_up(SseFault.LINE_TOO_LONG)

    @property
    def is_inside_event(self) -> bool:
        """Whether the bytes so far end inside an event."""
        return bool(self._tail or self._data or self._name)

    def _take(self, line: bytes) -> SseEvent | None:
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
        self._tail.clear()
        self._data = []
