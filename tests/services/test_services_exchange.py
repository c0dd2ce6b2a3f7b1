"""An exchange, fed part by part: nothing of a token comes out, however it is spread."""

import json

import pytest

from console.domain.event import OutputReceived, SmokeFinished, SmokeStatus
from console.domain.family import EndpointFamily
from console.domain.role import Role
from console.domain.route import Route
from console.domain.secret import Secret
from console.services.probe.call import Chunk, Started, Written
from console.services.probe.exchange import Exchange

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
