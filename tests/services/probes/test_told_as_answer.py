"""An error told as the model's answer: a refusal only if no token was used and its words are known."""

import json

import pytest

from console.domain.errors.category import Category
from console.domain.probes.event import RefusalRead, SmokeFinished
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.services.gateway.call import Chunk, Started, Written
from console.services.probes.exchange import Exchange
from console.services.probes.request import ProbeRequest

_R, _M, _C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
KEY = "I don't recognize this key. It might have been deleted."


def answer_of(family: EndpointFamily, text: str, read: int = 0, written: int = 0) -> dict[str, object]:
    """Return a family's whole answer with a text and a usage."""
    if family is _C:
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    usage = {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
    if family is _M:
        content: list[dict[str, object]] = [{"type": "text", "text": text}]
        who = {"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
        return {**who, "content": content, "usage": usage}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}
    return {"id": "1", "object": "response", "status": "completed", "model": "m", "output": [item], "usage": usage}


def ended(family: EndpointFamily, body: dict[str, object], shape: Shape = Shape.TEXT) -> tuple[SmokeResult, list[str]]:
    """Return how a call ends that gets a whole answer, and the refusal's words that are shown."""
    route = Route(Role.WRITER, "m", family, family.standard_path)
    exchange = Exchange(route, None, ProbeRequest(shape, b"{}", 16))
    head = {"content-type": "application/json", "x-request-id": "r-1"}
    for part in (Written(1.0), Started(200, head, 2.0), Chunk(json.dumps(body).encode(), 3.0)):
        exchange.take(part)
    events = exchange.finish(None)
    finished = events[-1]
    assert isinstance(finished, SmokeFinished)
    return finished.result, [event.excerpt for event in events if isinstance(event, RefusalRead)]


@pytest.mark.parametrize("family", EndpointFamily)
@pytest.mark.parametrize(
    ("text", "category"),
    [
        (KEY, Category.ACCOUNT_AUTH),
        ("Your credit balance is too low. Add credits to go on.", Category.ACCOUNT_QUOTA),
        ("余额不足，请充值", Category.ACCOUNT_QUOTA),
        ("Rate limit reached, please slow down.", Category.RATE_LIMIT),
    ],
)
def test_a_known_error_in_an_answer_that_generated_nothing_is_a_refusal(
    family: EndpointFamily, text: str, category: Category
) -> None:
    result, said = ended(family, answer_of(family, text))
    assert result.classification is not None
    assert (result.classification.category, said) == (category, [text])
    assert result.classification.evidence.startswith("the text of an answer with HTTP status 200 says that")
    assert (result.status is SmokeStatus.BLOCKED) is category.stops_before_generation
    assert "COM-S-01" in [finding.id for finding in result.findings]
    assert result.service is None


@pytest.mark.parametrize("family", EndpointFamily)
@pytest.mark.parametrize(
    ("text", "read", "written", "shape"),
    [
        (KEY, 4, 9, Shape.TEXT),
        (KEY, 0, 9, Shape.TEXT),
        (KEY, 4, 0, Shape.TEXT),
        (KEY, 0, 0, Shape.ROLE),
        ("OK", 0, 0, Shape.TEXT),
        ("Talk to Bob before you go on.", 0, 0, Shape.TEXT),
    ],
    ids=["counted", "written alone", "read alone", "a role's", "good", "unknown words"],
)
def test_an_answer_that_a_model_may_have_written_is_not(
    family: EndpointFamily, text: str, read: int, written: int, shape: Shape
) -> None:
    result, said = ended(family, answer_of(family, text, read, written), shape)
    assert said == []
    assert result.status is not SmokeStatus.BLOCKED
    assert "COM-S-01" not in [finding.id for finding in result.findings]


def test_an_answer_without_a_usage_is_no_refusal() -> None:
    body = answer_of(_C, KEY)
    del body["usage"]
    assert ended(_C, body)[1] == []
