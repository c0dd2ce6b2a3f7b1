"""The relay judges what passes by the agent's own contract too: no call is made for it, and nothing is changed."""

import pytest
from support.gateway.servers import answer_with, good_stream, raw_server, whole
from support.relay.relays import MODEL_OF, M, body_of, relaying

from console.domain.probes.agent import agents
from console.domain.relay.call import RelayCallEnded
from console.services.relay.relay import RelayRules

pytestmark = pytest.mark.usefixtures("no_trust_store")

LIMITED = good_stream(M, model=MODEL_OF[M]).replace(
    b"x-request-id: req-1", b"x-request-id: req-1\r\nanthropic-ratelimit-requests-remaining: 9"
)


def refusal(status: int, kind: str, message: str) -> bytes:
    return whole(status, {"type": "error", "error": {"type": kind, "message": message}}, "x-request-id: req-1")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (good_stream(M, model=MODEL_OF[M]), []),
        (LIMITED, ["AGT-10"]),
        (refusal(400, "invalid_request_error", "context_management: Extra inputs are not permitted"), ["AGT-04"]),
        (refusal(400, "invalid_request_error", "messages.1.role: Input should be 'user' or 'assistant'"), ["AGT-05"]),
        (refusal(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), ["AGT-14"]),
        (refusal(429, "insufficient_quota", "Your cap is reached."), ["AGT-09"]),
        (refusal(529, "overloaded_error", "Overloaded"), []),
        (whole(400, {"detail": {"message": "messages: missing"}}, "x-request-id: req-1"), ["AGT-06"]),
    ],
    ids=lambda each: each if isinstance(each, list) else "",
)
async def test_what_claude_code_meets_is_told(answer: bytes, found: list[str]) -> None:
    rules = RelayRules(cool_down_s=0)
    async with raw_server(answer_with(answer)) as gateway, relaying(gateway.base_url, rules=rules) as relay:
        relay.client.agent = agents()["claude-code"]
        got = await relay.post("/v1/messages?beta=true", body_of(M, "critic"), anthropic_version="2023-06-01")
        relay.client.agent = None
        other = await relay.post("/v1/messages?beta=true", body_of(M, "critic"), anthropic_version="2023-06-01")
    assert got.body == other.body
    told, untold = (
        [finding.id for finding in each.result.findings if finding.id.startswith("AGT-")]
        for each in relay.events
        if isinstance(each, RelayCallEnded)
    )
    assert (told, untold) == (found, [])


async def test_the_size_that_is_told_is_that_of_the_agents_own_call() -> None:
    body = body_of(M, "critic")
    too_long = refusal(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
    async with raw_server(answer_with(too_long)) as gateway, relaying(gateway.base_url) as relay:
        relay.client.agent = agents()["claude-code"]
        await relay.post("/v1/messages", body)
        size = len(gateway.requests[0].body)
    (finding,) = [
        each
        for event in relay.events
        if isinstance(event, RelayCallEnded)
        for each in event.result.findings
        if each.id == "AGT-14"
    ]
    assert finding.evidence == f"Claude Code 2.1.332: {size} bytes"
