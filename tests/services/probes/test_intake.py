"""The intake: the first bytes decide whether an answer is a stream or a body, whatever its label and its pieces."""

import json
from collections.abc import Sequence

import pytest
from support.gateway.servers import END, answer_with, chunk, closing, content, good_stream, head, opening, raw_server
from support.probes.smoking import ids, smoke_once

from console.domain.errors.category import Blame, Category
from console.domain.probes.event import RefusalRead
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.domain.tokens.secret import Secret
from console.services.gateway.call import Chunk, Started, Written
from console.services.gateway.failure import disconnected
from console.services.probes.exchange import Exchange
from console.services.probes.request import ProbeRequest
from console.wire.judge.expectation import Expectation

C = EndpointFamily.CHAT_COMPLETIONS
STREAM, JSON, TEXT = "text/event-stream", "application/json", "text/plain"
QUOTA = b'{"error":{"message":"You exceeded your current quota","type":"t","code":"insufficient_quota"}}'
GOOD = b"".join([*opening(C), content(C, "O"), *closing(C)])
WHOLE = json.dumps(
    {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "OK"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
).encode()


def taken(
    body: bytes | Sequence[bytes], content_type: str = STREAM, status: int = 200, request: ProbeRequest | None = None
) -> SmokeResult:
    """Return the result of an answer, whole or in pieces."""
    exchange = Exchange(Route(Role.WRITER, "m", C, C.standard_path), None, request)
    exchange.take(Written(1.0))
    exchange.take(Started(status, {"content-type": content_type, "x-request-id": "r-1"}, 2.0))
    for piece in [body] if isinstance(body, bytes) else body:
        exchange.take(Chunk(piece, 3.0))
    return exchange.finish(None)[-1].result  # type: ignore[union-attr]


def in_bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("lead", [b"", b"\n", b" \r\n\r\n", b"\xef\xbb\xbf"], ids=["", "line", "lines", "mark"])
@pytest.mark.parametrize("body", [QUOTA, b"[" + QUOTA + b"]"], ids=["object", "list"])
def test_an_error_under_a_streams_label_is_read_by_its_words(lead: bytes, body: bytes) -> None:
    for result in (taken(lead + body), taken(in_bytes(lead + body))):
        assert result.classification is not None
        assert (result.classification.category, result.status) == (Category.ACCOUNT_QUOTA, SmokeStatus.BLOCKED)


@pytest.mark.parametrize("status", [402, 429, 500])
def test_a_refusal_under_a_streams_label_is_read_as_a_body(status: int) -> None:
    result = taken(QUOTA, status=status)
    assert result.classification is not None
    assert result.classification.category is Category.ACCOUNT_QUOTA


def test_a_plain_text_in_place_of_events_is_read_by_its_words() -> None:
    result = taken(b"You exceeded your current quota, please check your plan")
    assert result.classification is not None
    assert result.classification.category is Category.ACCOUNT_QUOTA
    assert ids(taken(b"hello there")) == ["COM-T-03"]


def test_a_whole_answer_under_a_streams_label_is_judged_as_a_whole_one() -> None:
    result = taken(in_bytes(WHOLE))
    assert ids(result) == ["COM-T-04"]
    assert (result.model_reported, result.input_tokens, result.output_tokens, result.finish) == ("m", 3, 2, "stop")
    assert result.status is SmokeStatus.FAILED


@pytest.mark.parametrize("label", [JSON, TEXT, ""])
def test_a_stream_under_another_label_is_judged_as_a_stream(label: str) -> None:
    for result in (taken(GOOD, label), taken(in_bytes(GOOD), label)):
        assert ids(result) == ["COM-T-03"]
        assert (result.input_tokens, result.output_tokens) == (3, 2)
    broken = taken([*opening(C), b"data: " + QUOTA + b"\n\n"], label)
    assert broken.classification is not None
    assert broken.classification.category is Category.ACCOUNT_QUOTA


def test_a_stream_that_begins_with_comments_and_a_mark_stays_one() -> None:
    assert taken(in_bytes(b"\xef\xbb\xbf: waiting\n\n" + GOOD)).status is SmokeStatus.PASSED


@pytest.mark.parametrize("body", [b"", b": ping\n\n: ping\n\n", b"retry: 5\n\n", b"data", b"\n"])
def test_a_stream_that_dies_before_its_first_event_offers_one_whole_call(body: bytes) -> None:
    result = taken(body)
    assert result.is_eventless
    assert result.classification is not None
    assert "before its first event" in result.classification.evidence
    assert "check --cross" in result.classification.action


def test_a_connection_lost_before_the_first_event_says_both() -> None:
    exchange = Exchange(Route(Role.WRITER, "m", C, C.standard_path), None)
    exchange.take(Written(1.0))
    exchange.take(Started(200, {"content-type": STREAM}, 2.0))
    found = exchange.finish(disconnected(answered=True))[-1].result.classification  # type: ignore[union-attr]
    assert found is not None
    assert found.category is Category.UPSTREAM_UNAVAILABLE
    assert "may have been billed" in found.action
    assert "check --cross" in found.action


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_proxys_page_is_not_said_to_be_a_web_site(status: int) -> None:
    result = taken(b"<html><head><title>Bad Gateway</title></head></html>", "text/html", status)
    assert not any("web site" in finding.message for finding in result.findings)
    assert "COM-T-03" in ids(result)


def test_an_empty_refusal_owes_no_answer() -> None:
    assert ids(taken(b"", status=500)) == []


def test_a_json_answer_that_ends_at_its_limit_is_the_limits_fault() -> None:
    request = ProbeRequest(Shape.ROLE, b"{}", 64, expected=Expectation(accepts=lambda text: text.endswith("}")))
    body = b"".join([*opening(C), content(C, '{"a'), *closing(C)]).replace(b'"stop"', b'"length"')
    found = taken(body, request=request).classification
    assert found is not None
    assert (found.blame, found.evidence) == (
        Blame.CONFIG,
        "CHT-B-04: the answer ended at its token limit of 64",
    )
    assert found.action == "Raise gateway.smoke_max_output_tokens, which is 64."


TOKEN = "sk-tail-4711-abcd-0815-efgh"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("POST /v1/messages has no such models", "POST /v1/messages has no such models"),
        ("keys begin with sk-", "keys begin with sk-"),
        ("keys begin with sk-tail-", "keys begin with sk-tail-"),
        (f"bad key {TOKEN}", "bad key •••"),
        (f"bad key {TOKEN[:-1]}", "bad key "),
    ],
)
@pytest.mark.parametrize("content_type", [JSON, TEXT])
def test_a_whole_quote_loses_nothing_but_the_token(message: str, said: str, content_type: str) -> None:
    body = json.dumps({"error": {"message": message}}) if content_type == JSON else message
    exchange = Exchange(Route(Role.WRITER, "m", C, C.standard_path), Secret(TOKEN))
    exchange.take(Written(1.0))
    exchange.take(Started(400, {"content-type": content_type}, 2.0))
    exchange.take(Chunk(body.encode(), 3.0))
    (read,) = [event for event in exchange.finish(None) if isinstance(event, RefusalRead)]
    assert read.excerpt.strip() == said.strip()


async def test_over_a_real_connection_a_mislabelled_error_blocks() -> None:
    async with raw_server(answer_with(head(200) + chunk(QUOTA[:9]) + chunk(QUOTA[9:]) + END)) as server:
        result = await smoke_once(server.base_url, C)
    assert (result.status, len(server.requests)) == (SmokeStatus.BLOCKED, 1)


async def test_over_a_real_connection_a_good_stream_passes() -> None:
    async with raw_server(answer_with(good_stream(C))) as server:
        assert (await smoke_once(server.base_url, C)).status is SmokeStatus.PASSED
