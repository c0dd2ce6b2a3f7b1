"""An exchange, fed part by part: nothing of a token comes out, however it is spread."""

import json
from dataclasses import asdict

import pytest
from support.run.story import Story

from console.cli.reports.documents.smoke import SmokeResultDocument
from console.domain.errors.category import Category, Confidence
from console.domain.probes.event import OutputReceived, RefusalRead, SmokeEvent, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.run.call_event import CallRecorded
from console.domain.run.gate import Gate
from console.domain.tokens.secret import Secret
from console.services.gateway.call import Chunk, Started, Written
from console.services.probes.exchange import Exchange

TOKEN = "sk-exchange-0000-1111-2222"
ROUTE = Route(Role.WRITER, "some-model", EndpointFamily.CHAT_COMPLETIONS, "/v1/chat/completions")


def exchanged(deltas: list[dict[str, str]], token: str = TOKEN, usage: object = None) -> tuple[str, SmokeFinished]:
    exchange = Exchange(ROUTE, Secret(token))
    chunks = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"
    parts = [Written(1.0), Started(200, {"content-type": "text/event-stream", "x-request-id": "r-1"}, 2.0)]
    events = [event for part in [*parts, Chunk(body.encode(), 3.0)] for event in exchange.take(part)]
    events += exchange.finish(None)
    shown = "".join(event.text for event in events if isinstance(event, OutputReceived))
    finished = events[-1]
    assert isinstance(finished, SmokeFinished)
    return shown, finished


@pytest.mark.parametrize("cut", range(1, len(TOKEN)))
def test_a_token_spread_over_content_and_reasoning_is_masked_as_it_is_shown(cut: int) -> None:
    deltas = [{"content": TOKEN[:cut]}, {"content": TOKEN[0]}, {"reasoning_content": TOKEN[cut:]}]
    shown, _ = exchanged([*deltas, {"reasoning_content": TOKEN[:cut]}, {"content": TOKEN[cut:]}])
    assert TOKEN not in shown


def test_a_token_of_digits_does_not_come_back_as_a_count() -> None:
    _, finished = exchanged([{"content": "OK"}], "12345678", {"prompt_tokens": 12345678, "completion_tokens": 2})
    assert (finished.result.status, finished.result.input_tokens) == (SmokeStatus.PASSED, None)
    assert finished.result.output_tokens == 2


def names_of(model: str, request_id: str, finish: str) -> tuple[str | None, str | None, str | None]:
    """Return the names of an answer as they are shown; the ledger keeps the same ones."""
    chunk = {"model": model, "choices": [{"delta": {"content": "OK"}, "finish_reason": finish}]}
    head = {"content-type": "text/event-stream", "x-request-id": request_id}
    exchange = Exchange(ROUTE, Secret(TOKEN))
    parts = [Written(1.0), Started(200, head, 2.0), Chunk(f"data: {json.dumps(chunk)}\n\n".encode(), 3.0)]
    shown = result_of([event for part in parts for event in exchange.take(part)] + exchange.finish(None))
    names = (shown.model_reported, shown.request_id, shown.finish)
    story = Story().reaches(Gate.PLANNER)
    story.calls()
    story.answers(model_reported=shown.model_reported, request_id=shown.request_id, finish=shown.finish)
    kept = story.state.ends[-1]
    assert isinstance(kept, CallRecorded)
    assert (kept.model_reported, kept.request_id, kept.finish) == names
    return names


@pytest.mark.parametrize(
    "names",
    [
        (f"accounts/Team/models/{'m' * 80}#accounts/Team/deployments/{'d' * 23}", "REQ/8f2b@edge-1", "MAX_TOKENS"),
        ("@cf/meta/Llama-3.1-8B-Instruct:latest+fast", "aB3=/+", "tool-calls"),
        ("~anthropic/claude-opus-latest", "req_01.ab:c-d", "end_turn"),
        ("m" * 200, "r" * 128, "f" * 40),
    ],
    ids=["fireworks", "cloudflare", "openrouter", "long"],
)
def test_the_names_of_real_gateways_are_shown_and_kept(names: tuple[str, str, str]) -> None:
    assert names_of(*names) == names


@pytest.mark.parametrize(
    "names",
    [
        ("model: the whole of a prompt, in words", "an id in words", "stop, they say"),
        ("m" * 201, "r" * 129, "f" * 41),
        (f"some-model/{TOKEN}", f"r-{TOKEN}", TOKEN),
        ("-".join(["sk", "proj", "Zq7" * 16]), "-".join(["sk", "proj", "Zq7" * 16]), "1"),
    ],
    ids=["prose", "too long", "the token", "a key"],
)
def test_what_is_no_name_is_neither_shown_nor_kept(names: tuple[str, str, str]) -> None:
    assert names_of(*names) == (None, None, None)


# --- Refusals --------------------------------------------------------------------------------------------------------


def refused(
    body: bytes | str, status: int = 400, *, content_type: str = "application/json", token: str = TOKEN, **headers: str
) -> list[SmokeEvent]:
    """Return the events of a call that ends as told."""
    exchange = Exchange(ROUTE, Secret(token))
    head = {"content-type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else body.encode()
    parts = [Written(1.0), Started(status, head, 2.0), Chunk(data, 3.0)]
    events = [event for part in parts for event in exchange.take(part)]
    return [*events, *exchange.finish(None)]


def result_of(events: list[SmokeEvent]) -> SmokeResult:
    finished = events[-1]
    assert isinstance(finished, SmokeFinished)
    return finished.result


def said_in(events: list[SmokeEvent]) -> str:
    (said,) = [event.excerpt for event in events if isinstance(event, RefusalRead)]
    return said


def error(message: str, **more: object) -> str:
    return json.dumps({"error": {"message": message, **more}})


@pytest.mark.parametrize("mark", [" ", "\u200b", ".", "\n", " - "])
@pytest.mark.parametrize("order", [1, -1])
def test_a_token_that_a_refusal_spells_out_is_not_shown(mark: str, order: int) -> None:
    said = said_in(refused(error(f"Incorrect API key {mark.join(TOKEN[::order])} provided"), 401))
    letters = "".join(filter(str.isalnum, said))
    assert "".join(filter(str.isalnum, TOKEN))[::order][4:12] not in letters
    assert said.startswith("Incorrect API key ")


def test_a_refusals_own_words_come_before_the_end() -> None:
    events = refused(error("You exceeded your current quota", code="insufficient_quota"), 429)
    assert events[-2] == RefusalRead(RouteKey(Role.WRITER), "You exceeded your current quota")
    result = result_of(events)
    assert result.classification is not None
    assert (result.classification.category, result.status) == (Category.ACCOUNT_QUOTA, SmokeStatus.BLOCKED)


def test_a_refusals_own_words_are_in_no_result_and_in_no_document() -> None:
    mark = "zqxj vwkz"
    events = refused(error(f"{mark} model_price_error {mark}", type=mark, code="model_price_error"), 500)
    assert mark in said_in(events)
    assert mark not in repr(result_of(events))
    assert mark not in json.dumps(asdict(SmokeResultDocument.of_result(result_of(events))))


@pytest.mark.parametrize("length", [299, 300, 301, 5_000, 100_000])
def test_a_refusals_own_words_are_cut_at_300_characters(length: int) -> None:
    said = said_in(refused(error("word " * (length // 5) + "x" * (length % 5))))
    assert len(said) <= 300
    assert said.startswith("word word")


@pytest.mark.parametrize(
    "message",
    [
        f"bad key {TOKEN}",
        f"bad key {TOKEN[:8]}***{TOKEN[-4:]}",
        f"bad key {TOKEN[:8]}*****************",
        "bad key " + "sk-" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8x",
        "x" * 280 + TOKEN,
        f"\x1b[31m\u202e{TOKEN}\x00",
    ],
)
def test_no_key_and_no_end_of_one_is_in_a_refusals_words(message: str) -> None:
    said = said_in(refused(error(message), 401))
    assert "•••" in said or len(said) == 300
    assert not any(TOKEN[start : start + 6] in said for start in range(len(TOKEN) - 5))
    assert "aB3dE5" not in said
    assert said.isprintable()


def test_a_token_that_the_body_is_cut_within_is_masked() -> None:
    body = error(f"bad key {TOKEN}")
    for length in range(body.index(TOKEN) + 6, body.index(TOKEN) + len(TOKEN)):
        assert TOKEN[:6] not in said_in(refused(body[:length], 401)), length


def test_a_token_that_is_escaped_in_the_body_is_masked() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
    assert said_in(refused(f'{{"error": {{"message": "bad key {escaped}"}}}}', 401)) == "bad key •••"


def test_an_answer_that_passed_says_no_refusals_words() -> None:
    exchange = Exchange(ROUTE, Secret(TOKEN))
    chunks = [{"choices": [{"delta": {"content": "OK"}, "finish_reason": "stop"}]}]
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"
    parts = [Written(1.0), Started(200, {"content-type": "text/event-stream"}, 2.0), Chunk(body.encode(), 3.0)]
    events = [event for part in parts for event in exchange.take(part)] + exchange.finish(None)
    assert not any(isinstance(event, RefusalRead) for event in events)


def test_an_empty_refusal_says_nothing() -> None:
    events = refused(b"", 503, content_type="text/plain")
    assert not any(isinstance(event, RefusalRead) for event in events)


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry_after": "20"}, 20.0), ({"retry_after_ms": "1500"}, 1.5), ({}, None)]
)
def test_the_wait_that_a_gateway_asks_for_reaches_the_document(headers: dict[str, str], seconds: float | None) -> None:
    result = result_of(refused(error("slow down", type="rate_limit_error"), 429, **headers))
    document = asdict(SmokeResultDocument.of_result(result))
    assert (document["category"], document["retry_after_s"], document["retryable"]) == ("rate_limit", seconds, True)


def test_a_wait_of_hours_is_not_retryable() -> None:
    body = error("slow down", type="rate_limit_error")
    document = asdict(SmokeResultDocument.of_result(result_of(refused(body, 429, retry_after="7200"))))
    assert (document["category"], document["retry_after_s"], document["retryable"]) == ("rate_limit", 7200.0, False)


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ('{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}', Category.ACCOUNT_QUOTA),
        ('{"base_resp":{"status_code":2049,"status_msg":"invalid API Key"}}', Category.ACCOUNT_AUTH),
        ('{"choices":null,"base_resp":{"status_code":1008,"status_msg":"no balance"}}', Category.ACCOUNT_QUOTA),
        ('{"code":500,"msg":"404 NOT_FOUND","success":false}', Category.ROUTE_MISSING),
        ('{"error":{"message":"Provider returned error","code":429}}', Category.RATE_LIMIT),
        ('{"detail":"Not authenticated"}', Category.ACCOUNT_AUTH),
    ],
)  # fmt: skip
def test_an_error_in_a_whole_200_is_a_refusal(body: str, category: Category) -> None:
    events = refused(body, 200)
    found = result_of(events).classification
    assert found is not None
    assert found.category is category
    assert said_in(events)


_TALK = "Rate limit reached: too many requests, insufficient_quota, invalid api key."


@pytest.mark.parametrize(
    "body",
    [
        {
            "object": "chat.completion",
            "choices": [{"message": {"role": "assistant", "content": f"{_TALK}"}, "finish_reason": "stop"}],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": f"{_TALK}"}],
            "stop_reason": "end_turn",
        },
        {
            "object": "response",
            "status": "completed",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": _TALK}]}],
        },
    ],
)
def test_an_ordinary_answer_that_talks_of_errors_is_no_refusal(body: dict[str, object]) -> None:
    events = refused(json.dumps(body), 200)
    found = result_of(events).classification
    assert found is not None
    assert found.category is Category.CONTRACT_VIOLATION
    assert found.evidence.startswith("COM-T-04")
    assert not any(isinstance(event, RefusalRead) for event in events)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": _TALK}, "finish_reason": "stop"}], "usage": {"total_tokens": 9}},
        {"choices": [{"message": {"role": "assistant", "content": _TALK}}], "model": "m"},
        {"type": "message", "content": [{"type": "text", "text": _TALK}], "stop_reason": "end_turn"},
    ],
)
def test_what_an_answer_of_another_shape_talks_about_is_no_evidence(body: dict[str, object]) -> None:
    """A dialect that leaves `object` or `role` out: its shape is wrong; its text says nothing of the route."""
    found = result_of(refused(json.dumps(body), 200)).classification
    assert found is not None
    assert found.category is Category.CONTRACT_VIOLATION


def test_an_error_event_of_a_stream_is_judged_as_it_came() -> None:
    body = 'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"credit balance is too low"}}\n\n'
    events = refused(body, 200, content_type="text/event-stream")
    found = result_of(events).classification
    assert found is not None
    assert found.category is Category.ACCOUNT_QUOTA
    assert said_in(events) == "credit balance is too low"


def test_the_family_that_was_called_counts() -> None:
    """A body of Responses that is sent on to chat misses a field that was never sent."""
    exchange = Exchange(Route(Role.WRITER, "m", EndpointFamily.RESPONSES, "/v1/responses"), Secret(TOKEN))
    body = error("field messages is required", type="new_api_error", code="invalid_text_request").encode()
    for part in (Written(1.0), Started(400, {"content-type": "application/json"}, 2.0), Chunk(body, 3.0)):
        exchange.take(part)
    found = result_of(exchange.finish(None)).classification
    assert found is not None
    assert (found.category, found.confidence) == (Category.ENDPOINT_DRIFT, Confidence.LIKELY)


def test_a_call_that_failed_slowly_may_be_a_timeout() -> None:
    exchange = Exchange(ROUTE, Secret(TOKEN))
    body = error("upstream error: do request failed", type="do_request_failed").encode()
    for part in (Written(1.0), Started(500, {"content-type": "application/json"}, 60_000.0), Chunk(body, 60_001.0)):
        exchange.take(part)
    found = result_of(exchange.finish(None)).classification
    assert found is not None
    assert (found.category, found.other_readings) == (Category.UPSTREAM_UNAVAILABLE, (Category.TIMEOUT,))
