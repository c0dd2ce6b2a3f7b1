"""What holds for the stream reader of every family."""

import json
from itertools import permutations

import pytest
from support.wire.golden import DONE, Golden, to_bytes
from support.wire.golden_streams import ALL_GOLDEN, BROKEN, VENDOR_GOLDEN, Broken

from console.domain.finding import Severity
from console.domain.routes.family import EndpointFamily
from console.wire import FAMILY_WIRES
from console.wire.answer import Answer, Delta
from console.wire.judge.expectation import NOTHING, Expectation
from console.wire.sse import SseDecoder, SseEvent
from console.wire.stream import StreamReader

CUT = {
    EndpointFamily.RESPONSES: "RSP-STREAM-08",
    EndpointFamily.CHAT_COMPLETIONS: "CHT-STREAM-04",
    EndpointFamily.ANTHROPIC_MESSAGES: "MSG-STREAM-03",
}
"""What says that a stream is cut; a dialect may be noted under the same id, but never as a fail."""
_EVERY = pytest.mark.parametrize("golden", ALL_GOLDEN, ids=lambda golden: golden.name)
"""For what depends on what a vendor or a gateway sends."""
_EACH_FAMILY = pytest.mark.parametrize("golden", VENDOR_GOLDEN, ids=lambda golden: golden.name)
"""For what a reader decides before it looks at what it was sent: the decoder's work, and what is not an event."""


def _read(
    family: EndpointFamily, frames: tuple[SseEvent, ...], expected: Expectation = NOTHING
) -> tuple[Answer, list[Delta], StreamReader]:
    reader = FAMILY_WIRES[family].open_stream(expected)
    deltas = [delta for frame in frames for delta in reader.feed(frame)]
    return reader.close(), deltas, reader


def _ids(answer: Answer) -> list[str]:
    return [finding.id for finding in answer.findings]


def _failed(answer: Answer) -> list[str]:
    return [finding.id for finding in answer.findings if finding.severity is Severity.FAIL]


@_EVERY
def test_a_golden_stream_is_complete_and_read_whole(golden: Golden) -> None:
    answer, deltas, reader = _read(golden.family, golden.frames)
    assert answer.is_complete
    assert answer.error is None
    assert "".join(delta.text for delta in deltas if not delta.is_reasoning) == golden.text
    assert "".join(delta.text for delta in deltas if delta.is_reasoning) == golden.reasoning
    assert (answer.model, answer.answer_id) == (golden.model, golden.answer_id)
    assert (answer.finish, answer.usage) == (golden.finish, golden.usage)
    assert tuple(_ids(answer)) == golden.findings
    assert _failed(answer) == []
    assert reader.is_over is golden.is_over


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_stream_that_a_gateway_breaks_off_is_an_error_and_says_how(broken: Broken) -> None:
    answer, _, _ = _read(broken.family, broken.frames)
    assert not answer.is_complete
    assert answer.error is not None
    assert tuple(_ids(answer)) == broken.findings


@_EVERY
def test_a_stream_cut_at_any_event_is_complete_only_from_its_terminal_marker_on(golden: Golden) -> None:
    for cut in range(len(golden.frames) + 1):
        answer, _, reader = _read(golden.family, golden.frames[:cut])
        assert reader.is_complete is (cut > golden.terminal), cut
        assert answer.is_complete is (cut > golden.terminal), cut
        assert (CUT[golden.family] in _failed(answer)) is (cut <= golden.terminal), cut


@_EACH_FAMILY
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_stream_read_byte_by_byte_is_complete_only_from_its_terminal_marker_on(golden: Golden, end: str) -> None:
    decoder, reader = SseDecoder(), FAMILY_WIRES[golden.family].open_stream()
    complete_at = len(to_bytes(golden.frames[: golden.terminal + 1], end)) - (1 if end == "\r\n" else 0)
    for count, byte in enumerate(to_bytes(golden.frames, end), start=1):
        for event in decoder.feed(bytes([byte])):
            reader.feed(event)
        assert reader.is_complete is (count >= complete_at)
    assert decoder.fault is None
    assert not decoder.is_inside_event


@_EACH_FAMILY
@pytest.mark.parametrize("comment", [b": PING\n\n", b": OPENROUTER PROCESSING\n\n", b":\n"])
def test_comments_that_keep_a_stream_alive_change_nothing(golden: Golden, comment: bytes) -> None:
    decoder, reader = SseDecoder(), FAMILY_WIRES[golden.family].open_stream()
    for frame in golden.frames:
        for event in decoder.feed(comment + to_bytes([frame])):
            reader.feed(event)
    assert reader.close() == _read(golden.family, golden.frames)[0]


@_EVERY
def test_without_its_terminal_event_a_stream_is_cut(golden: Golden) -> None:
    answer, _, _ = _read(golden.family, golden.frames[: golden.terminal] + golden.frames[golden.terminal + 1 :])
    assert not answer.is_complete
    assert CUT[golden.family] in _failed(answer)


@_EACH_FAMILY
@pytest.mark.parametrize("data", ["", "null", "[]", '"text"', "7", "{", "<html>", "DONE", "[done]", "\ud800"])
def test_a_terminal_event_that_is_no_object_ends_nothing(golden: Golden, data: str) -> None:
    frames = list(golden.frames)
    frames[golden.terminal] = SseEvent(frames[golden.terminal].name, data)
    answer, _, _ = _read(golden.family, tuple(frames))
    assert not answer.is_complete
    assert {"COM-O-01", CUT[golden.family]} <= set(_failed(answer))


@_EACH_FAMILY
def test_an_event_that_is_no_json_fails_a_stream_that_is_otherwise_complete(golden: Golden) -> None:
    answer, _, _ = _read(golden.family, (golden.frames[0], SseEvent("", "{"), *golden.frames[1:]))
    assert [finding.severity for finding in answer.findings if finding.id == "COM-O-01"] == [Severity.FAIL]


@_EACH_FAMILY
def test_a_torn_terminal_event_ends_nothing(golden: Golden) -> None:
    terminal = golden.frames[golden.terminal]
    for cut in range(len(terminal.data.rstrip())):
        torn = SseEvent(terminal.name, terminal.data[:cut])
        answer, _, _ = _read(golden.family, (*golden.frames[: golden.terminal], torn))
        assert not answer.is_complete, torn.data


@pytest.mark.parametrize("family", EndpointFamily)
@pytest.mark.parametrize("frames", [(), (DONE,), (DONE, DONE)], ids=["nothing", "[DONE]", "[DONE] twice"])
def test_a_stream_without_content_is_never_complete(family: EndpointFamily, frames: tuple[SseEvent, ...]) -> None:
    answer, deltas, _ = _read(family, frames)
    assert not answer.is_complete
    assert CUT[family] in _failed(answer)
    assert deltas == []


@pytest.mark.parametrize(
    ("sent", "called"),
    [(sent, called.family) for sent, called in permutations(VENDOR_GOLDEN, 2)],
    ids=[f"{sent.family} read as {called.family}" for sent, called in permutations(VENDOR_GOLDEN, 2)],
)
def test_another_familys_stream_never_passes(sent: Golden, called: EndpointFamily) -> None:
    answer, deltas, reader = _read(called, sent.frames)
    assert not reader.is_complete
    assert not answer.is_complete
    assert Severity.FAIL in [finding.severity for finding in answer.findings]
    assert deltas == []


@pytest.mark.parametrize("golden", [g for g in ALL_GOLDEN if g not in VENDOR_GOLDEN], ids=lambda golden: golden.name)
def test_no_dialect_passes_in_another_familys_reader(golden: Golden) -> None:
    for called in EndpointFamily:
        if called is not golden.family:
            answer, _, _ = _read(called, golden.frames)
            assert not answer.is_complete, called


@pytest.mark.parametrize("family", EndpointFamily)
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "boom", "type": "server_error", "code": "x"}},
        {"error": "boom"},
        {"type": "error", "error": {"type": "api_error", "message": "boom"}},
        {"type": "error", "code": "x", "message": "boom"},
        {"detail": "boom"},
    ],
)
def test_an_error_within_a_stream_fails_it_in_every_family(family: EndpointFamily, body: dict[str, object]) -> None:
    golden = next(golden for golden in VENDOR_GOLDEN if golden.family is family)
    frames = (*golden.frames[: golden.terminal], SseEvent("", json.dumps(body)))
    answer, _, _ = _read(family, frames)
    assert not answer.is_complete
    assert answer.error is not None
    assert answer.error.message == "boom"
    assert CUT[family] not in _failed(answer)


@pytest.mark.parametrize("family", EndpointFamily)
def test_a_finding_is_noted_once_however_often_it_is_met(family: EndpointFamily) -> None:
    answer, _, _ = _read(family, (SseEvent("", "no json"),) * 5)
    assert [finding.evidence for finding in answer.findings] == ["event 1", "event 5"]
    assert _ids(answer) == ["COM-O-01", CUT[family]]


@pytest.mark.parametrize(
    ("family", "data"),
    [
        (EndpointFamily.CHAT_COMPLETIONS, '{"choices":[{"delta":{"content":"more"}}]}'),
        (EndpointFamily.CHAT_COMPLETIONS, '{"choices":[{"delta":{},"finish_reason":"stop"}]}'),
        (EndpointFamily.RESPONSES, '{"type":"response.completed","response":{"status":"completed"}}'),
        (EndpointFamily.ANTHROPIC_MESSAGES, '{"type":"message_start","message":{}}'),
        (EndpointFamily.ANTHROPIC_MESSAGES, '{"type":"content_block_delta","delta":{"text":"x"}}'),
    ],
)
def test_what_follows_the_end_breaks_the_answer_and_is_no_content(family: EndpointFamily, data: str) -> None:
    golden = next(each for each in VENDOR_GOLDEN if each.family is family)
    frames = golden.frames[: golden.terminal + 1]
    answer, deltas, _ = _read(family, (*frames, SseEvent("", data)))
    assert CUT[family] in _failed(answer)
    assert deltas == _read(family, frames)[1]


@pytest.mark.parametrize(
    "late", ['{"type":"error","code":"x","message":"m"}', '{"type":"response.failed","response":{}}']
)
def test_an_error_after_the_end_of_a_responses_stream_is_an_error(late: str) -> None:
    golden = next(each for each in ALL_GOLDEN if each.family is EndpointFamily.RESPONSES)
    answer, _, _ = _read(golden.family, (*golden.frames, SseEvent("", late)))
    assert answer.error is not None
    assert not answer.is_complete


def test_a_messages_stream_without_its_start_is_broken() -> None:
    frames = ['{"type":"message_delta","delta":{"stop_reason":"end_turn"}}', '{"type":"message_stop"}']
    answer, _, _ = _read(EndpointFamily.ANTHROPIC_MESSAGES, [SseEvent("", data) for data in frames])
    assert {each.id: each.severity for each in answer.findings}["MSG-STREAM-01"] is Severity.FAIL


def test_an_event_whose_name_is_not_its_type_is_broken() -> None:
    golden = next(each for each in ALL_GOLDEN if each.family is EndpointFamily.RESPONSES)
    renamed = [SseEvent("other", frame.data) for frame in golden.frames]
    answer, _, _ = _read(golden.family, renamed)
    assert "RSP-STREAM-02" in _failed(answer)


@pytest.mark.parametrize(
    ("family", "frames"),
    [
        (EndpointFamily.CHAT_COMPLETIONS, ['{"choices":[{"delta":{},"finish_reason":"content_filter"}]}']),
        (
            EndpointFamily.ANTHROPIC_MESSAGES,
            [
                '{"type":"message_start","message":{}}',
                '{"type":"message_delta","delta":{"stop_reason":"refusal"}}',
                '{"type":"message_stop"}',
            ],
        ),
        (
            EndpointFamily.RESPONSES,
            [
                '{"type":"response.incomplete","response":{"status":"incomplete",'
                '"incomplete_details":{"reason":"content_filter"}}}'
            ],
        ),
    ],
)
def test_refused_content_is_the_same_error_in_all_families(family: EndpointFamily, frames: list[str]) -> None:
    answer, _, _ = _read(family, [SseEvent("", data) for data in frames])
    assert answer.error is not None
    assert answer.error.code == "content_filter"
