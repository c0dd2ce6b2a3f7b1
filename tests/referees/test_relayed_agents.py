"""Real agents and the official SDKs through the relay: none of them holds the gateway's token or notices the relay."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.referees.agent_clients import run_agent
from support.relay.relays import relaying

from console.domain.finding import Severity
from console.domain.probes.smoke import SmokeStatus
from console.domain.relay.call import RelayCallEnded, RelayCallRefused
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable

if TYPE_CHECKING:
    from console.simulator.server import Listening

pytestmark = pytest.mark.referee

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
GPT, CLAUDE, CHAT = "gpt-route-placeholder", "claude-critic-route-placeholder", "chat-compatible-route-placeholder"
TABLE = RouteTable(
    (
        Route(Role.WRITER, GPT, R, R.standard_path),
        Route(Role.CRITIC, CLAUDE, M, M.standard_path),
        Route(Role.FALLBACK, CHAT, C, C.standard_path),
    )
)


@pytest.mark.parametrize(
    ("agent", "family", "named"),
    [
        ("codex", R, GPT),
        ("codex", R, "writer"),
        ("opencode", R, "writer"),
    ],
)
async def test_an_agent_works_through_the_relay_and_never_holds_the_token(
    embedded: "Listening", tmp_path: Path, agent: str, family: EndpointFamily, named: str
) -> None:
    """The runs in `test_agents_write_runs.py` show OpenCode on the other families."""
    async with relaying(embedded.base_url, token=embedded.token, table=TABLE) as relay:
        before = len(embedded.journal.calls)
        ended = await run_agent(agent, tmp_path, relay.origin, family=family, model=named, token=relay.client.key)
    assert ended.exit_code == 0, ended.said
    assert [each for each in relay.events if isinstance(each, RelayCallRefused)] == []
    calls = [each.result for each in relay.events if isinstance(each, RelayCallEnded)]
    assert calls
    assert {each.status for each in calls} == {SmokeStatus.PASSED}, calls
    assert [each for call in calls for each in call.findings if each.severity is Severity.FAIL] == []
    assert {path for _, path in embedded.journal.calls[before:]} == {family.standard_path}
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert embedded.token.encode() not in left


async def test_an_agent_whose_model_is_on_another_family_is_told_and_does_not_hammer(
    embedded: "Listening", tmp_path: Path
) -> None:
    async with relaying(embedded.base_url, token=embedded.token, table=TABLE) as relay:
        before = len(embedded.journal.calls)
        ended = await run_agent("codex", tmp_path, relay.origin, family=R, model=CLAUDE, token=relay.client.key)
    assert ended.exit_code != 0
    assert "is served on /v1/messages" in ended.said
    assert len(embedded.journal.calls) == before
    assert len(relay.events) == 1


async def test_the_official_sdks_read_answers_streams_and_refusals(embedded: "Listening") -> None:
    from anthropic import AsyncAnthropic, NotFoundError
    from openai import AsyncOpenAI, BadRequestError

    async with (
        relaying(embedded.base_url, token=embedded.token, table=TABLE) as relay,
        AsyncOpenAI(base_url=f"{relay.origin}/v1", api_key=relay.client.key) as openai,
        AsyncAnthropic(base_url=relay.origin, api_key=relay.client.key) as anthropic,
    ):
        whole = await openai.responses.create(model="writer", input="Reply with OK.")
        events = [each async for each in await openai.responses.create(model=GPT, input="Reply with OK.", stream=True)]
        assert whole.model == GPT
        assert events[-1].type == "response.completed"
        async with anthropic.messages.stream(
            model="critic", max_tokens=64, messages=[{"role": "user", "content": "Reply with OK."}]
        ) as stream:
            message = await stream.get_final_message()
        assert (message.model, bool(message.content)) == (CLAUDE, True)
        count = await anthropic.messages.count_tokens(model="critic", messages=[{"role": "user", "content": "Hello"}])
        assert count.input_tokens > 0
        assert [each.id async for each in openai.models.list()][:3] == ["writer", "critic", "fallback"]
        assert [each.id async for each in anthropic.models.list()][:3] == ["writer", "critic", "fallback"]
        with pytest.raises(BadRequestError, match="is served on /v1/responses"):
            await openai.chat.completions.create(model=GPT, messages=[{"role": "user", "content": "Hello"}])
        with pytest.raises(NotFoundError, match="no route of the table"):
            await anthropic.messages.create(
                model="claude-opus-4", max_tokens=8, messages=[{"role": "user", "content": "Hello"}]
            )
    refused = [each.reason for each in relay.events if isinstance(each, RelayCallRefused)]
    assert refused == ["family", "model"]
