import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.wire.golden import DONE, bare, named
from support.wire.golden_messages import MESSAGE_STOP, MESSAGES, block_delta, message_delta, message_start

from console.domain.finding import Severity
from console.wire.answer import Answer, WireError
from console.wire.anthropic_messages import MessagesStream, build, read
from console.wire.request import Request
from console.wire.sse import SseEvent
from console.wire.usage import Usage


def _answer(*frames: SseEvent) -> Answer:
    reader = MessagesStream()
    for frame in frames:
        reader.feed(frame)
    return reader.close()


def _ids(answer: Answer) -> list[str]:
    return [finding.id for finding in answer.findings]


def _body(text: str = "OK.", stop_reason: str | None = "end_turn", **fields: object) -> dict[str, object]:
    return {
        "id": "msg_02",
        "type": "message",
        "role": "assistant",
        "model": "claude-route-2026-05-01",
        "content": [{"type": "thinking", "thinking": "hm", "text": "no"}, {"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 6},
        **fields,
    }


@pytest.mark.parametrize("stream", [True, False])
def test_the_request_is_the_smallest_correct_one(stream: bool) -> None:
    assert json.loads(build("claude-route", Request("Reply with OK.", 64, is_streamed=stream))) == {
        "model": "claude-route",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "Reply with OK."}],
        "stream": stream,
    }


def test_a_good_body_is_read() -> None:
    assert read(_body()) == Answer(
        is_complete=True,
        answer_id="msg_02",
        model="claude-route-2026-05-01",
        text="OK.",
        finish="end_turn",
        usage=Usage(input_tokens=15, cached_tokens=5, output_tokens=6),
    )


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (_body("", "max_tokens"), ["MSG-B-02"]),
        (_body(""), ["MSG-B-02"]),
        (_body(content=[]), ["MSG-B-02"]),
        (_body(usage=None), ["MSG-B-01"]),
    ],
)
def test_a_complete_body_that_lacks_something_is_a_warning(body: dict[str, object], findings: list[str]) -> None:
    answer = read(body)
    assert answer.is_complete
    assert _ids(answer) == findings
    assert {finding.severity for finding in answer.findings} == {Severity.WARN}


def test_a_body_without_a_stop_reason_is_cut() -> None:
    answer = read(_body(stop_reason=None))
    assert not answer.is_complete
    assert _ids(answer) == ["MSG-B-01"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        _body(type="completion"),
        _body(role="user"),
        _body(content=None),
        _body(content="OK."),
        {"object": "chat.completion", "choices": [{"message": {"role": "assistant"}, "finish_reason": "stop"}]},
        {"object": "response", "output": [], "status": "completed"},
    ],
)
def test_a_body_of_another_shape_never_passes(body: object) -> None:
    answer = read(body)
    assert not answer.is_complete
    assert _ids(answer) == ["COM-B-02"]


def test_an_error_body_is_read_as_an_error() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
    answer = read(body)
    assert answer == Answer(error=WireError("", "overloaded_error", "Overloaded"), findings=answer.findings)
    assert _ids(answer) == ["COM-S-01"]


@pytest.mark.parametrize("cut", range(len(MESSAGES.frames)))
def test_an_error_event_fails_the_stream_wherever_it_comes(cut: int) -> None:
    reader = MessagesStream()
    for frame in (
        *MESSAGES.frames[:cut],
        named("error", error={"type": "overloaded_error", "message": "Overloaded", "details": None}),
    ):
        reader.feed(frame)
    answer = reader.close()
    assert reader.is_over
    assert not answer.is_complete
    assert answer.error == WireError("", "overloaded_error", "Overloaded")
    assert _ids(answer) == ["MSG-STREAM-05"]


def test_an_error_of_another_familys_shape_fails_the_stream_too() -> None:
    answer = _answer(message_start(), bare(error={"message": "boom", "type": "new_api_error", "code": "x"}))
    assert answer.error == WireError("x", "new_api_error", "boom")


def test_an_error_event_that_says_nothing_is_an_error() -> None:
    answer = _answer(*MESSAGES.frames[:-2], named("error"))
    assert answer.error == WireError()


@pytest.mark.parametrize("stop_reason", [None, ""])
def test_a_message_stop_without_a_stop_reason_is_a_cut_stream(stop_reason: str | None) -> None:
    answer = _answer(*MESSAGES.frames[:-2], message_delta(stop_reason), MESSAGE_STOP)
    assert not answer.is_complete
    assert _ids(answer) == ["MSG-STREAM-03"]


def test_a_message_stop_alone_completes_nothing() -> None:
    answer = _answer(*MESSAGES.frames[:-2], MESSAGE_STOP)
    assert not answer.is_complete


def test_a_stop_reason_that_came_once_is_not_taken_back() -> None:
    answer = _answer(*MESSAGES.frames[:-1], message_delta(None, output_tokens=9), MESSAGE_STOP)
    assert (answer.is_complete, answer.finish, answer.usage.output_tokens) == (True, "end_turn", 9)


def test_a_done_marker_is_a_warning_and_completes_nothing() -> None:
    answer = _answer(*MESSAGES.frames[:-1], DONE)
    assert not answer.is_complete
    assert [(f.id, f.severity) for f in answer.findings] == [
        ("MSG-STREAM-03", Severity.WARN),
        ("MSG-STREAM-03", Severity.FAIL),
    ]


_START = {"input_tokens": 3, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 1}


def _counted(start: dict[str, object], *ends: object) -> Usage:
    deltas = [named("message_delta", delta={"stop_reason": "end_turn"}, usage=end) for end in ends]
    return _answer(message_start(**start), *MESSAGES.frames[1:-2], *deltas, MESSAGE_STOP).usage


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        ({"output_tokens": 6}, Usage(input_tokens=108, cached_tokens=100, output_tokens=6)),
        ({"output_tokens": 0}, Usage(input_tokens=108, cached_tokens=100, output_tokens=None)),
        ({}, Usage(input_tokens=108, cached_tokens=100, output_tokens=1)),
        (None, Usage(input_tokens=108, cached_tokens=100, output_tokens=1)),
        ([7], Usage(input_tokens=108, cached_tokens=100, output_tokens=1)),
        ({"input_tokens": None}, Usage(input_tokens=108, cached_tokens=100, output_tokens=1)),
        ({"input_tokens": 4, "output_tokens": 6}, Usage(input_tokens=109, cached_tokens=100, output_tokens=6)),
        ({"cache_read_input_tokens": 90}, Usage(input_tokens=98, cached_tokens=90, output_tokens=1)),
        ({**_START, "output_tokens": 6}, Usage(input_tokens=108, cached_tokens=100, output_tokens=6)),
        (
            {"output_tokens": 6, "output_tokens_details": {"thinking_tokens": 2}},
            Usage(input_tokens=108, cached_tokens=100, output_tokens=6, reasoning_tokens=2),
        ),
    ],
)
def test_later_figures_replace_those_before_and_those_left_out_stay(end: object, seen: Usage) -> None:
    assert _counted(_START, end) == seen


def test_figures_are_cumulative_and_never_added() -> None:
    assert _counted(_START, {"output_tokens": 4}, {"output_tokens": 6}, {"output_tokens": 9}).output_tokens == 9


_COUNT = st.integers(0, 999)
_FIGURES = st.fixed_dictionaries(
    {},
    optional={
        "input_tokens": _COUNT,
        "cache_creation_input_tokens": _COUNT,
        "cache_read_input_tokens": _COUNT,
        "output_tokens": _COUNT,
    },
)


@examples(100)
@given(start=_FIGURES, ends=st.lists(_FIGURES, max_size=3))
def test_the_input_always_holds_what_the_cache_gave(start: dict[str, int], ends: list[dict[str, int]]) -> None:
    seen = _counted({"input_tokens": 1, **start}, *ends)
    assert (seen.input_tokens or 0) >= (seen.cached_tokens or 0)


def test_a_tools_arguments_are_no_text() -> None:
    reader = MessagesStream()
    assert reader.feed(block_delta(0, "input_json_delta", partial_json='{"score": 0.9}')) == []


@pytest.mark.parametrize("delta", [None, "x", [], {}, {"text": None}, {"text": 7}, {"text": ""}, {"thinking": []}])
def test_a_delta_of_any_shape_that_holds_no_text_is_no_content(delta: object) -> None:
    assert MessagesStream().feed(named("content_block_delta", index=0, delta=delta)) == []
