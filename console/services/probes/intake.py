"""The intake of an answer's bytes: a stream of events, or a whole body. Its first bytes decide, not its content type.

Gateways label a whole JSON body as a stream, because they repeat what the request accepts, and a stream as something
else. No IO; never raises.
"""

from console.services.gateway.call import Started
from console.wire.sse import SseDecoder, SseEvent, SseFault

EVENT_STREAM = "text/event-stream"
BODY_LIMIT = 65_536
"""The most bytes of a whole body that are kept."""
_START_LIMIT = 4_096
"""The most bytes of which the first ones with text decide."""
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_BODY_STARTS = (b"{", b"[", b"<")


class Intake:
    """Takes the bytes of one answer."""

    def __init__(self, started: Started) -> None:
        """Start with the answer's head."""
        self._decoder = SseDecoder()
        self._is_labelled = started.content_type == EVENT_STREAM
        self._is_stream = self._is_labelled
        self._is_decided = not self._is_labelled and started.status >= 300  # a refusal's body is read as it is
        self._plain = bytearray()
        self.size = 0
        """The bytes so far."""
        self.events = 0
        """The events so far."""

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events; bytes that no event can begin with are a body."""
        return self._is_stream and (self.events > 0 or self._decoder.fault is not None or not self._is_foreign)

    @property
    def body(self) -> bytes:
        """The body's beginning; empty if the answer is a stream."""
        return b"" if self.is_stream else bytes(self._plain)

    @property
    def is_body_cut(self) -> bool:
        """Whether the body is longer than what is kept of it."""
        return self.size > BODY_LIMIT

    @property
    def fault(self) -> SseFault | None:
        """Why a stream cannot be decoded further; None if it can."""
        return self._decoder.fault if self._is_stream else None

    @property
    def is_inside_event(self) -> bool:
        """Whether a stream's bytes so far end inside an event."""
        return self.is_stream and self._decoder.is_inside_event

    def feed(self, data: bytes) -> list[SseEvent]:
        """Take the next bytes and return the events that they complete."""
        self.size += len(data)
        if not self._is_decided:
            before = bytes(self._plain)
            self._plain += data[: BODY_LIMIT - len(before)]
            if self._decide():
                data = before + data
        elif not self.events:
            self._plain += data[: BODY_LIMIT - len(self._plain)]
        if not self._is_stream:
            return []
        events = self._decoder.feed(data)
        self.events += len(events)
        return events

    def _decide(self) -> bool:
        """Decide by the first bytes, once they are here; return whether a stream without its label begins with them."""
        start = bytes(self._plain[:_START_LIMIT]).removeprefix(_BOM).lstrip(_BLANKS)
        is_short = len(self._plain) < _START_LIMIT
        if is_short and (not start or any(field.startswith(start) for field in _FIELDS)):
            return False
        self._is_decided = True
        if start.startswith(_BODY_STARTS):
            self._is_stream = False
        elif start.startswith(_FIELDS) and not self._is_stream:
            self._is_stream = True
            return True
        return False

    @property
    def _is_foreign(self) -> bool:
        """Whether the first line with text is neither a comment nor a field of an event."""
        lines = bytes(self._plain).removeprefix(_BOM).splitlines()
        first = next((line for line in lines if line.strip()), b":")
        return not (first.startswith(_FIELDS) or any(field.startswith(first) for field in _FIELDS))
