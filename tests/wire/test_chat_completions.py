import json

import pytest
from support.wire.golden import DONE, bare
from support.wire.golden_chat import CHAT, CHAT_USAGE, chunk

from console.domain.finding import Severity
from console.wire.answer import Answer, Delta, WireError
from console.wire.chat_completions import ChatStream, build, read
from console.wire.request import Request
from console.wire.sse import SseEvent
from console.wire.usage import Usage


def _answer(*frames: SseEvent) -> Answer:
    reader = ChatStream()
    for frame in frames:
        reader.feed(frame)
    return reader.close()


def _ids(answer: Answer) -> list[str]:
    return [finding.id for finding in answer.findings]


def _body(content: object = "OK.", finish: str | None = "stop", **fields: object) -> dict[str, object]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-01",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "chat-route-2026-05-01",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": CHAT_USAGE,
        **fields,
    }


def test_a_streamed_request_is_the_smallest_correct_one_and_asks_for_usage() -> None:
    assert json.loads(build("chat-route", Request("Reply with OK.", 64))) == {
        "model": "chat-route",
        "messages": [{"role": "user", "content": "Reply with OK."}],
        "max_completion_tokens": 64,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_request_without_a_stream_has_no_stream_options() -> None:
    assert json.loads(build("chat-route", Request("Reply with OK.", 1, is_streamed=False))) == {
        "model": "chat-route",
        "messages": [{"role": "user", "content": "Reply with OK."}],
        "max_completion_tokens": 1,
        "stream": False,
    }


def test_a_good_body_is_read() -> None:
    assert read(_body()) == Answer(
        is_complete=True,
        answer_id="chatcmpl-01",
        model="chat-route-2026-05-01",
        text="OK.",
        finish="stop",
        usage=Usage(input_tokens=11, cached_tokens=2, output_tokens=3, reasoning_tokens=1),
    )


def test_content_may_be_a_list_of_parts() -> None:
    assert read(_body([{"type": "text", "text": "O"}, {"type": "image"}, {"type": "text", "text": "K"}])).text == "OK"


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (_body("", "length"), ["CHT-B-03"]),
        (_body("half", "length"), ["COM-U-02"]),
        (_body(None), ["CHT-B-03"]),
        (_body(""), ["CHT-B-03"]),
        (_body(usage=None), ["CHT-U-01"]),
        (_body(usage={}), ["CHT-U-01"]),
    ],
)
def test_a_complete_body_that_lacks_something_is_told(body: dict[str, object], findings: list[str]) -> None:
    answer = read(body)
    assert answer.is_complete
    assert _ids(answer) == findings
    assert {each.severity for each in answer.findings} == {Severity.WARN}


def test_a_body_without_a_finish_reason_is_cut() -> None:
    answer = read(_body(finish=None))
    assert not answer.is_complete
    assert _ids(answer) == ["CHT-B-02"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "<html>",
        {},
        _body(object="chat.completion.chunk"),
        _body(object="response"),
        _body(choices=[]),
        _body(choices=None),
        _body(choices=[{"message": {"role": "user", "content": "OK."}, "finish_reason": "stop"}]),
        {"object": "response", "output": [], "status": "completed"},
        {"type": "message", "role": "assistant", "content": [], "stop_reason": "end_turn"},
    ],
)
def test_a_body_of_another_shape_never_passes(body: object) -> None:
    answer = read(body)
    assert not answer.is_complete
    assert _ids(answer) == ["COM-B-02"]


def test_an_error_body_is_read_as_an_error() -> None:
    answer = read({"error": {"message": "no", "type": "t", "param": None, "code": 429}})
    assert not answer.is_complete
    assert answer.error == WireError("429", "t", "no")


@pytest.mark.parametrize("cut", range(len(CHAT.frames) + 1))
def test_an_error_inside_a_200_fails_the_stream_wherever_it_comes(cut: int) -> None:
    event = bare(error={"message": "boom", "type": "server_error", "code": "500"})
    reader = ChatStream()
    for frame in (*CHAT.frames[:cut], event):
        reader.feed(frame)
    answer = reader.close()
    assert reader.is_over
    assert not answer.is_complete
    assert answer.error == WireError("500", "server_error", "boom")


def test_an_error_is_never_read_as_text() -> None:
    reader = ChatStream()
    assert reader.feed(chunk({"content": "boom"}, error={"message": "boom"})) == []


def test_a_missing_done_marker_is_only_a_warning() -> None:
    answer = _answer(*CHAT.frames[:-1])
    assert answer.is_complete
    assert [(finding.id, finding.severity) for finding in answer.findings] == [("CHT-STREAM-06", Severity.WARN)]


def test_a_done_marker_without_a_finish_reason_completes_nothing() -> None:
    answer = _answer(*CHAT.frames[:3], DONE)
    assert not answer.is_complete
    assert _ids(answer) == ["CHT-STREAM-04"]


def test_usage_may_come_after_the_finish_reason() -> None:
    assert _answer(*CHAT.frames[:4]).usage == Usage()
    assert _answer(*CHAT.frames[:5]).usage.output_tokens == 3


def test_a_later_chunk_without_usage_does_not_take_it_away() -> None:
    answer = _answer(chunk({"content": "OK"}, "stop", usage=CHAT_USAGE), chunk(None), DONE)
    assert answer.usage.output_tokens == 3


def test_an_empty_model_or_id_does_not_take_the_place_of_a_known_one() -> None:
    answer = _answer(*CHAT.frames[:4], chunk(None, id="", model=""), DONE)
    assert (answer.model, answer.answer_id) == ("chat-route-2026-05-01", "chatcmpl-01")


def test_reasoning_and_text_of_one_chunk_are_told_apart() -> None:
    deltas = ChatStream().feed(chunk({"reasoning_content": "hm", "content": "OK"}))
    assert deltas == [Delta("hm", is_reasoning=True), Delta("OK")]


@pytest.mark.parametrize("choices", [None, [], {}, "x", [None], [{}], [{"delta": None}], [{"delta": {"content": 7}}]])
def test_choices_of_any_shape_hold_no_content(choices: object) -> None:
    reader = ChatStream()
    assert reader.feed(bare(choices=choices)) == []
    assert not reader.is_complete
