import json

import pytest
from support.errors.corpus import classified
from support.wire.frames_responses import RESPONSES_USAGE, message_item, numbered, response
from support.wire.golden import DONE, named
from support.wire.golden_responses import RESPONSES

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.wire.answer import Answer, WireError
from console.wire.request import Request
from console.wire.responses import ResponsesStream, build, read
from console.wire.sse import SseEvent
from console.wire.usage import Usage

_CREATED = named("response.created", response=response("in_progress"))


def _answer(*frames: SseEvent) -> Answer:
    reader = ResponsesStream()
    for frame in frames:
        reader.feed(frame)
    return reader.close()


def _ids(answer: Answer) -> list[str]:
    return [finding.id for finding in answer.findings]


def test_the_request_is_the_smallest_correct_one() -> None:
    assert json.loads(build("gpt-route", Request("Reply with OK.", 64))) == {
        "model": "gpt-route",
        "input": "Reply with OK.",
        "max_output_tokens": 64,
        "store": False,
        "stream": True,
    }


def test_a_request_without_a_stream_says_so() -> None:
    assert json.loads(build("m", Request("p", 64, is_streamed=False)))["stream"] is False


@pytest.mark.parametrize(("asked", "sent"), [(-1, 16), (0, 16), (1, 16), (15, 16), (16, 16), (17, 17), (4096, 4096)])
def test_the_token_limit_is_never_below_the_familys_minimum(asked: int, sent: int) -> None:
    assert json.loads(build("m", Request("p", asked)))["max_output_tokens"] == sent


def test_a_good_body_is_read() -> None:
    body = response("completed", output=[{"id": "rs_01", "type": "reasoning", "summary": []}, message_item("OK.")])
    assert read({**body, "usage": RESPONSES_USAGE}) == Answer(
        is_complete=True,
        answer_id="resp_01",
        model="gpt-route-2026-05-01",
        text="OK.",
        finish="completed",
        usage=Usage(input_tokens=12, cached_tokens=4, output_tokens=9, reasoning_tokens=5),
    )


def test_all_parts_of_all_messages_are_the_text() -> None:
    parts = [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}, {"type": "output_text"}]
    items = [{"type": "message", "content": parts}, {"type": "function_call", "content": parts}, message_item("c")]
    assert read(response("completed", output=items, usage=RESPONSES_USAGE)).text == "abc"


def test_a_body_cut_by_the_token_limit_is_complete_with_a_warning() -> None:
    details = {"reason": "max_output_tokens"}
    answer = read(response("incomplete", incomplete_details=details, usage=RESPONSES_USAGE))
    assert (answer.is_complete, answer.finish, _ids(answer)) == (True, "max_output_tokens", ["RSP-B-06"])


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (response("completed", output=[message_item("OK.")]), ["RSP-U-01"]),
        (response("completed", usage=RESPONSES_USAGE), ["RSP-B-06"]),
        (response("completed"), ["RSP-U-01", "RSP-B-06"]),
    ],
)
def test_a_complete_body_that_lacks_something_is_told(body: dict[str, object], findings: list[str]) -> None:
    answer = read(body)
    assert answer.is_complete
    assert _ids(answer) == findings
    is_empty = body["usage"] is None and not body["output"]
    assert (Severity.FAIL in {each.severity for each in answer.findings}) is is_empty


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"message": "no", "type": "t", "param": None, "code": None}}, WireError("", "t", "no")),
        (response("failed", error={"code": "server_error", "message": "no"}), WireError("server_error", "", "no")),
        (
            response("incomplete", incomplete_details={"reason": "content_filter"}),
            WireError("content_filter", "", "status incomplete"),
        ),
        (response("in_progress"), WireError("", "", "status in_progress")),
        (response("cancelled"), WireError("", "", "status cancelled")),
        ({"object": "response", "output": []}, WireError("", "", "status None")),
    ],
)
def test_a_body_that_did_not_complete_is_an_error(body: dict[str, object], error: WireError) -> None:
    answer = read(body)
    assert not answer.is_complete
    assert answer.error == error


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"object": "response"},
        {"object": "response", "output": {}},
        {"object": "chat.completion", "output": []},
        {"object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "OK."}}]},
        {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "OK."}]},
    ],
)
def test_a_body_of_another_shape_never_passes(body: object) -> None:
    answer = read(body)
    assert not answer.is_complete
    assert _ids(answer) == ["COM-B-02"]


_FAILED = named("response.failed", response=response("failed", error={"code": "server_error", "message": "boom"}))
_NESTED = named("error", error={"type": "invalid_request_error", "code": "insufficient_quota", "message": "boom"})
_FLAT = named("error", code="insufficient_quota", message="boom", param=None, sequence_number=2)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        pytest.param(_FAILED, WireError("server_error", "", "boom"), id="response.failed"),
        pytest.param(_NESTED, WireError("insufficient_quota", "invalid_request_error", "boom"), id="nested"),
        pytest.param(_FLAT, WireError("insufficient_quota", "", "boom"), id="flat"),
        pytest.param(
            SseEvent("", _NESTED.data),
            WireError("insufficient_quota", "invalid_request_error", "boom"),
            id="nested, unnamed",
        ),
        pytest.param(SseEvent("", _FLAT.data), WireError("insufficient_quota", "", "boom"), id="flat, unnamed"),
        pytest.param(named("response.failed"), WireError("", "", "response.failed"), id="response.failed says nothing"),
        pytest.param(named("error"), WireError(), id="error says nothing"),
    ],
)
def test_an_error_event_fails_the_stream(event: SseEvent, error: WireError) -> None:
    answer = _answer(*numbered((_CREATED, event)))
    assert not answer.is_complete
    assert answer.error == error
    says_nothing = ["RSP-B-04"] if error.message == "response.failed" else []
    assert _ids(answer) == (["RSP-STREAM-02"] if not event.name else says_nothing)


@pytest.mark.parametrize("first", [_NESTED, _FLAT], ids=["nested", "flat"])
def test_the_first_error_counts_and_response_failed_is_its_echo(first: SseEvent) -> None:
    answer = _answer(_CREATED, first, _FAILED)
    assert answer.error is not None
    assert classified(200, answer.error_body).category is Category.ACCOUNT_QUOTA
    assert answer.error_body == first.data.encode()


def test_after_an_error_response_failed_may_follow_and_then_nothing() -> None:
    reader = ResponsesStream()
    reader.feed(_FLAT)
    assert not reader.is_over
    reader.feed(_FAILED)
    assert reader.is_over


def test_no_completion_after_an_error_heals_it() -> None:
    answer = _answer(*RESPONSES.frames[:-1], _FLAT, RESPONSES.frames[-1])
    assert not answer.is_complete
    assert answer.error is not None


def test_what_follows_the_terminal_event_breaks_the_answer_and_is_no_content() -> None:
    reader = ResponsesStream()
    for frame in RESPONSES.frames:
        reader.feed(frame)
    late = named("response.output_text.delta", delta="more", sequence_number=len(RESPONSES.frames))
    assert reader.feed(late) == []
    answer = reader.close()
    assert answer.is_complete
    assert _ids(answer) == ["RSP-STREAM-08"]


def test_a_done_marker_alone_completes_nothing_but_ends_the_stream() -> None:
    reader = ResponsesStream()
    for frame in (*RESPONSES.frames[:-1], DONE):
        reader.feed(frame)
    assert reader.is_over
    assert not reader.is_complete


@pytest.mark.parametrize(
    "terminal",
    [
        named("response.completed", response=response("in_progress")),
        named("response.completed", response=response("failed", error={"code": "x", "message": "m"})),
        named("response.completed", response={}),
        named("response.completed"),
        named("response.completed", response="completed"),
        named("response.incomplete", response=response("incomplete", incomplete_details={"reason": "content_filter"})),
        named("response.incomplete", response=response("incomplete")),
    ],
)
def test_a_terminal_event_whose_status_does_not_say_so_completes_nothing(terminal: SseEvent) -> None:
    answer = _answer(*RESPONSES.frames[:-1], terminal)
    assert not answer.is_complete
    assert answer.error is not None


def test_content_refused_within_the_stream_is_named_as_such() -> None:
    ended = response("incomplete", incomplete_details={"reason": "content_filter"})
    answer = _answer(_CREATED, named("response.incomplete", response=ended))
    assert answer.error is not None
    assert classified(200, answer.error_body).category is Category.CONTENT_POLICY


@pytest.mark.parametrize("delta", [None, "", 7, {"text": "x"}, ["x"]])
def test_a_delta_that_is_no_text_is_no_content(delta: object) -> None:
    reader = ResponsesStream()
    assert reader.feed(named("response.output_text.delta", delta=delta)) == []


def test_of_a_failed_response_only_the_error_is_kept() -> None:
    """The event repeats the whole call, which may be longer than what is kept and must not decide."""
    error = {"code": "server_error", "message": "The model produced an error."}
    repeated = {"instructions": "insufficient_quota " * 10_000, "tools": [{"name": "invalid api key"}], "model": "m"}
    failed = {**repeated, "status": "failed", "error": error}
    answer = _answer(_CREATED, named("response.failed", response=failed))
    assert json.loads(answer.error_body)["response"] == {"status": "failed", "error": error}
    assert classified(200, answer.error_body).category is Category.UPSTREAM_UNAVAILABLE
