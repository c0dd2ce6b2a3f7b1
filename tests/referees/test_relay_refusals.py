"""Who asks the relay for what it may not have gets one clear answer in its own dialect, and asks no second time.

The official SDKs ask again as often as they do by themselves, and so do the agents.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.gateway.budgets import reservations_of
from support.gateway.servers import RawServer, answer_with, good_stream, raw_server, whole
from support.probes.smoking import TOKEN
from support.referees.agent_clients import PROMPT, run_agent
from support.referees.agents import environment, find_agents, run
from support.referees.sdk_caller import sdks, streamed
from support.referees.sdk_caller import whole as whole_call
from support.relay.relays import ROLE_OF, C, M, R, Relaying, relaying

from console.domain.relay.call import RelayCallRefused
from console.domain.relay.refusal import RefusedFor
from console.domain.routes.family import EndpointFamily

pytestmark = pytest.mark.referee

SUSPECTED = "-".join(["sk", "proj", "Zq7Rt2" * 8])
_OTHER = {R: "fallback", M: "writer", C: "critic"}
"""A role that is served on another family."""


@dataclass(frozen=True)
class Ask:
    """What a client asks for that it may not have."""

    reason: RefusedFor
    says: str
    """What it is told."""
    model_of: Callable[[EndpointFamily], str] = ROLE_OF.__getitem__
    prompt: str = PROMPT
    tokens: int | None = None
    limits: Mapping[str, int] | None = None

    def __str__(self) -> str:
        return self.reason

    @asynccontextmanager
    async def opened(self, family: EndpointFamily) -> AsyncIterator[tuple[RawServer, Relaying]]:
        async with (
            raw_server(answer_with(good_stream(family))) as gateway,
            relaying(
                gateway.base_url, reservations=reservations_of(tokens=self.tokens), **(self.limits or {})
            ) as relay,
        ):
            yield gateway, relay


ASKS = [
    Ask(RefusedFor.MODEL, "no route of the table has the role or model gpt-none", lambda _: "gpt-none"),
    Ask(RefusedFor.FAMILY, "is served on /v1/", _OTHER.__getitem__),
    Ask(RefusedFor.BUDGET, "budget", tokens=1),
    Ask(RefusedFor.CALLS, "calls that codex may make are used up", limits={"call_limit": 0}),
    Ask(RefusedFor.SECRET, "the call seems to hold", prompt=f"Deploy with {SUSPECTED}"),
    Ask(RefusedFor.SECRET, "holds a token of this machine", prompt=f"Deploy with {TOKEN}"),
]
_ERROR_OF = {400: "BadRequestError", 404: "NotFoundError"}


@pytest.mark.parametrize("call", [whole_call, streamed])
@pytest.mark.parametrize("family", list(EndpointFamily))
@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_an_sdk_raises_the_refusal_at_once(ask: Ask, family: EndpointFamily, call: Callable[..., Any]) -> None:
    said: Any = {"input": ask.prompt} if family is R else {"messages": [{"role": "user", "content": ask.prompt}]}
    async with ask.opened(family) as (gateway, relay), sdks(relay.origin, relay.client.key, retries=2) as each:
        got = await call(each, family, model=ask.model_of(family), **said)
    assert got.error == _ERROR_OF[got.status or 0]
    assert ask.says in got.told[0]
    assert got.told[3] == got.headers["x-request-id"]
    assert TOKEN not in str(got)
    assert SUSPECTED not in str(got)
    [refused] = relay.events
    assert isinstance(refused, RelayCallRefused)
    assert (refused.reason, gateway.requests) == (ask.reason, [])


OPENCODE = [(ASKS[0], C), (ASKS[1], M), (ASKS[4], R)]


@pytest.mark.parametrize(
    ("agent", "ask", "family"),
    [*(("codex", ask, R) for ask in ASKS), *(("opencode", ask, family) for ask, family in OPENCODE)],
    ids=str,
)
async def test_an_agent_shows_the_refusal_and_ends(
    agent: str, ask: Ask, family: EndpointFamily, tmp_path: Path
) -> None:
    async with ask.opened(family) as (gateway, relay):
        ended = await run_agent(
            agent,
            tmp_path,
            relay.origin,
            family=family,
            model=ask.model_of(family),
            token=relay.client.key,
            prompt=ask.prompt,
            asks_again=True,
        )
    assert ended.exit_code != 0
    assert ask.says in ended.said
    assert gateway.requests == []
    refused = [each.reason for each in relay.events if isinstance(each, RelayCallRefused)]
    calls = 1 if agent == "codex" else 2  # OpenCode asks for a title as well
    assert refused == [ask.reason] * len(refused)
    assert 1 <= len(refused) <= calls


@pytest.mark.parametrize(("agent", "family"), [("codex", R), ("opencode", C)])
async def test_an_agent_does_not_ask_a_route_again_that_the_gateway_refused_for_its_account(
    agent: str, family: EndpointFamily, tmp_path: Path
) -> None:
    refusal = whole(403, {"error": {"message": "Your account is not active.", "code": "billing_not_active"}})
    async with raw_server(answer_with(refusal)) as gateway, relaying(gateway.base_url) as relay:
        ended = await run_agent(
            agent,
            tmp_path,
            relay.origin,
            family=family,
            model=ROLE_OF[family],
            token=relay.client.key,
            asks_again=True,
        )
    assert ended.exit_code != 0
    assert 1 <= len(gateway.requests) <= 2  # OpenCode sends its two calls at once
    refused = [each.reason for each in relay.events if isinstance(each, RelayCallRefused)]
    assert set(refused) <= {RefusedFor.BREAKER}
    assert len(gateway.requests) + len(refused) <= 3


async def test_gemini_cli_is_told_once_that_its_family_is_not_served(tmp_path: Path) -> None:
    agents = find_agents()
    quiet = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini/settings.json").write_text(json.dumps(quiet))
    async with raw_server(answer_with(good_stream(R))) as gateway, relaying(gateway.base_url) as relay:
        said = await run(
            (*agents.gemini, "-m", "gemini-2.5-flash", "-p", "Say OK."),
            tmp_path,
            environment(
                tmp_path,
                GOOGLE_GEMINI_BASE_URL=relay.origin,
                GEMINI_API_KEY=relay.client.key,
                GEMINI_CLI_NO_RELAUNCH="1",
                GEMINI_CLI_TRUST_WORKSPACE="true",
                TMPDIR=str(tmp_path),
            ),
        )
    assert "is Google's generateContent, which the relay does not serve" in said
    assert gateway.requests == []
    assert [each.reason for each in relay.events if isinstance(each, RelayCallRefused)] == [RefusedFor.PATH]
