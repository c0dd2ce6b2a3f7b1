"""The decoder of events is quick, and gives exactly what reading a stream line by line gives, however it is split."""

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.sse import SseDecoder, SseEvent, SseFault


class _LineByLine:
    """A decoder that looks at each line by itself."""

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


_PARTS = st.sampled_from(
    [b"data: ", b"data:", b"event: ", b"event:", b"\n", b"\n\n", b"\n\n", b"\r", b"\r\n", b": c", b"id: 7", b"x",
     b"\xc3\xa9", b"\xff", b"\xef\xbb\xbf", b"event: e\ndata: {}\n\n", b"data: hello\n\n"]
)  # fmt: skip
_LIMITS = st.sampled_from(
    [{}, {"line_limit": 12}, {"event_limit": 9}, {"count_limit": 2},
     {"line_limit": 20, "event_limit": 15, "count_limit": 3}]
)  # fmt: skip


@examples(600)
@given(parts=st.lists(_PARTS, max_size=16), sizes=st.lists(st.integers(1, 40), min_size=1), limits=_LIMITS)
def test_any_stream_split_anywhere_is_decoded_as_line_by_line(
    parts: list[bytes], sizes: list[int], limits: dict[str, int]
) -> None:
    data, quick, plain = b"".join(parts), SseDecoder(**limits), _LineByLine(**limits)
    begin = number = 0
    while begin < len(data):
        piece = data[begin : begin + sizes[number % len(sizes)]]
        begin, number = begin + len(piece), number + 1
        assert quick.feed(piece) == plain.feed(piece)
        assert (quick.fault, quick.is_inside_event) == (plain.fault, plain.is_inside_event)
