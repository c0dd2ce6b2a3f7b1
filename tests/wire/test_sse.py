from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from console.wire.sse import SseDecoder, SseEvent, SseFault

_FEW = examples(150)


def _decoded(data: bytes, **limits: int) -> list[SseEvent]:
    return SseDecoder(**limits).feed(data)


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a\n\n", [("", "a")]),
        (b"data: a\r\n\r\n", [("", "a")]),
        (b"data: a\r\r", [("", "a")]),
        (b"data: a\r\n\n", [("", "a")]),
        (b"data: a\r\n\r", [("", "a")]),
        (b"data: a\r\ndata: b\rdata: c\n\r\n", [("", "a\nb\nc")]),
        (b"data: a\n\r", [("", "a")]),
        (b"data: a\n\ndata: b\r\n\r\ndata: c\r\r", [("", "a"), ("", "b"), ("", "c")]),
    ],
)
def test_lines_end_in_lf_crlf_cr_or_a_mix(data: bytes, events: list[tuple[str, str]]) -> None:
    assert _decoded(data) == [SseEvent(*event) for event in events]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        pytest.param(b"data: a\ndata: b\n\n", [("", "a\nb")], id="data lines are joined by a line feed"),
        pytest.param(b"data:a\n\n", [("", "a")], id="no space after the colon"),
        pytest.param(b"data:  a \n\n", [("", " a ")], id="one space is taken, no more"),
        pytest.param(b"data: a: b\n\n", [("", "a: b")], id="only the first colon divides"),
        pytest.param(b"data\n\n", [("", "")], id="a field without a colon is empty"),
        pytest.param(b"data:\ndata:\n\n", [("", "\n")], id="two empty data lines"),
        pytest.param(b": ping\n: pong\ndata: a\n\n", [("", "a")], id="comments are skipped"),
        pytest.param(b"data: a\n: ping\ndata: b\n\n", [("", "a\nb")], id="a comment does not cut an event"),
        pytest.param(b"\n\n\n", [], id="blank lines alone are not an event"),
        pytest.param(b": ping\n\n", [], id="a comment alone is not an event"),
        pytest.param(b"event: x\n\n", [], id="a name alone is not an event"),
        pytest.param(b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("", "b")], id="a name counts once"),
        pytest.param(b"event: x\n\ndata: b\n\n", [("", "b")], id="a name without data is dropped"),
        pytest.param(b"event: x\nevent: y\ndata: a\n\n", [("y", "a")], id="the last name counts"),
        pytest.param(b"data: a\nevent:x\n\n", [("x", "a")], id="the name may follow the data"),
        pytest.param(b"id: 7\nretry: 10\nother: z\ndata: a\n\n", [("", "a")], id="other fields are ignored"),
        pytest.param(b"Data: z\ndata : z\n data: z\ndata: a\n\n", [("", "a")], id="a field's name is exact"),
        pytest.param(b"da\nta: z\n\ndata: a\n\n", [("", "a")], id="a torn field name is not data"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [("", "a")], id="a byte order mark at the start is taken off"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", [], id="a second byte order mark is not"),
        pytest.param(b"data: \xef\xbb\xbfa\n\n", [("", "\ufeffa")], id="a byte order mark within text stays"),
        pytest.param(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("", "a")], id="a byte order mark later is no start"),
        pytest.param("data: é😀\n\n".encode(), [("", "é😀")], id="text is UTF-8"),
        pytest.param("data: a\u2028b\x85c\x0bd\n\n".encode(), [("", "a\u2028b\x85c\x0bd")], id="no other line ends"),
        pytest.param(b"data: a\x00b\n\n", [("", "a\x00b")], id="a NUL is a character"),
        pytest.param(b"data: a\n", [], id="an event ends with a blank line only"),
    ],
)
def test_fields_are_read_as_the_standard_says(data: bytes, events: list[tuple[str, str]]) -> None:
    decoder = SseDecoder()
    assert decoder.feed(data) == [SseEvent(*event) for event in events]
    assert decoder.fault is None


def test_crlf_may_be_cut_between_its_two_bytes() -> None:
    decoder = SseDecoder()
    pieces = [b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n", b"data: c\r", b"\r"]
    assert [decoder.feed(piece) for piece in pieces] == [[], [], [SseEvent("", "a\nb")], [], [], [SseEvent("", "c")]]


def test_a_character_may_be_cut_between_its_bytes() -> None:
    decoder = SseDecoder()
    events = [event for byte in "data: ✓é😀\n\n".encode() for event in decoder.feed(bytes([byte]))]
    assert events == [SseEvent("", "✓é😀")]
    assert decoder.fault is None


@pytest.mark.parametrize(
    "line",
    [b"data: \xff", b"data: \xc3", b"data: \xed\xa0\x80", b"data: \xc0\xaf", b": \xff", b"event: \xe2\x82", b"\x80"],
)
def test_bytes_that_are_no_utf8_are_a_fault_and_never_replaced(line: bytes) -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n\n" + line + b"\n\ndata: b\n\n") == [SseEvent("", "a")]
    assert decoder.fault is SseFault.NOT_UTF8


@pytest.mark.parametrize(
    ("data", "limits", "fault", "events"),
    [
        (b"data: 1234\n\n", {"line_limit": 10}, None, 1),
        (b"data: 12345\n\n", {"line_limit": 10}, SseFault.LINE_TOO_LONG, 0),
        (b"data: a\n\n: 3456789a\n", {"line_limit": 9}, SseFault.LINE_TOO_LONG, 1),
        (b"data: a\n\n" + b"x" * 11, {"line_limit": 10}, SseFault.LINE_TOO_LONG, 1),
        (b"data: a\n\n" + b"x" * 10, {"line_limit": 10}, None, 1),
        (b"data: ab\ndata: cd\n\n", {"event_limit": 6}, None, 1),
        (b"data: ab\ndata: cde\n\n", {"event_limit": 6}, SseFault.EVENT_TOO_LONG, 0),
        (b"data\n" * 7, {"event_limit": 6}, SseFault.EVENT_TOO_LONG, 0),
        (b"data: abcd\n\ndata: efgh\n\n", {"event_limit": 6}, None, 2),
        (b"data: a\n\n" * 3, {"count_limit": 3}, None, 3),
        (b"data: a\n\n" * 4, {"count_limit": 3}, SseFault.TOO_MANY_EVENTS, 3),
    ],
)
def test_a_stream_is_bounded(data: bytes, limits: dict[str, int], fault: SseFault | None, events: int) -> None:
    decoder = SseDecoder(**limits)
    assert len(decoder.feed(data)) == events
    assert decoder.fault is fault


def test_nothing_is_read_after_a_fault() -> None:
    decoder = SseDecoder(line_limit=10)
    decoder.feed(b"data: 12345")
    assert decoder.feed(b"\n\ndata: a\n\n") == []
    assert decoder.fault is SseFault.LINE_TOO_LONG


def test_an_endless_line_is_not_kept() -> None:
    decoder = SseDecoder(line_limit=1000)
    for _ in range(100):
        decoder.feed(b"x" * 100)
    assert decoder.fault is SseFault.LINE_TOO_LONG
    assert not decoder.is_inside_event


@pytest.mark.parametrize("stream", [b"data: a\ndata: b\n\n", b"data: a\nevent: x\n: c\n\n", b"data: a\r\ndata\r\n\r"])
def test_a_cut_within_the_data_is_inside_an_event(stream: bytes) -> None:
    for cut in range(1, len(stream)):
        decoder = SseDecoder()
        assert decoder.feed(stream[:cut]) == []
        assert decoder.is_inside_event, stream[:cut]


def test_a_cut_after_the_event_name_is_inside_an_event() -> None:
    decoder = SseDecoder()
    decoder.feed(b"data: a\n\nevent: response.completed\n")
    assert decoder.is_inside_event


@pytest.mark.parametrize("stream", [b"", b"data: a\n\n", b"event: x\ndata: a\r\n\r\n", b": ping\n", b"event: x\n\n"])
def test_between_events_nothing_is_cut(stream: bytes) -> None:
    decoder = SseDecoder()
    decoder.feed(stream)
    assert not decoder.is_inside_event


_PIECES = st.sampled_from(
    [
        *(b"data:", b"data: ", b"data", b"event: a", b"event", b":c", b"id: 1", b"retry: 2"),
        *(b"\n", b"\r", b"\r\n", b"\n\n", b" ", b":", b"x", b"{}", b"longer text", b"\x00"),
        *("é".encode(), "😀".encode(), b"\xff", b"\xc3", b"\xef\xbb\xbf"),
    ]
)
_STREAMS = st.one_of(st.lists(_PIECES, max_size=60).map(b"".join), st.binary(max_size=200))
_LIMITS = st.sampled_from([{}, {"line_limit": 12}, {"event_limit": 8}, {"count_limit": 2}])


@_FEW
@given(stream=_STREAMS, cuts=st.lists(st.integers(0, 240), max_size=12), limits=_LIMITS)
def test_any_split_gives_the_same_events_and_fault_as_one_feed(
    stream: bytes, cuts: list[int], limits: dict[str, int]
) -> None:
    whole, split = SseDecoder(**limits), SseDecoder(**limits)
    expected = whole.feed(stream)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    found = [event for first, last in pairwise(edges) for event in split.feed(stream[first:last])]
    assert found == expected
    assert (split.fault, split.is_inside_event) == (whole.fault, whole.is_inside_event)


@_FEW
@given(stream=st.binary(max_size=400))
def test_no_bytes_make_it_raise(stream: bytes) -> None:
    decoder = SseDecoder()
    assert all(isinstance(event.data, str) for event in decoder.feed(stream))
    assert decoder.fault in (None, SseFault.NOT_UTF8)


_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)
_NAME = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=8)
_SENT = st.tuples(st.one_of(st.just(""), _NAME), st.lists(_LINE, min_size=1, max_size=4))
_END = st.sampled_from(["\n", "\r", "\r\n"])


@_FEW
@given(sent=st.lists(_SENT, max_size=6), end=_END, note=st.one_of(st.none(), _LINE))
def test_what_was_written_is_read(sent: list[tuple[str, list[str]]], end: str, note: str | None) -> None:
    text = "".join(
        (f": {note}{end}" if note is not None else "")
        + (f"event: {name}{end}" if name else "")
        + "".join(f"data: {line}{end}" for line in lines)
        + end
        for name, lines in sent
    )
    decoder = SseDecoder()
    assert decoder.feed(text.encode()) == [SseEvent(name, "\n".join(lines)) for name, lines in sent]
    assert not decoder.is_inside_event
