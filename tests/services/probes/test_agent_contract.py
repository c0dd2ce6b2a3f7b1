"""Claude Code's gateway contract: the embedded gateway keeps it, and each way to break it is told by its row."""

import asyncio
import contextlib

import pytest
from support.gateway.budgets import reservations_of
from support.gateway.scripted_gateway import M, route
from support.probes.smoking import patient

from console.domain.finding import Severity
from console.domain.probes.agent import agents
from console.domain.probes.agent_contract import CONTRACT, ContractVerdict
from console.domain.probes.agent_id import CLAUDE_CODE
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.assertion import assertions
from console.domain.probes.event import AgentFinished
from console.domain.routes.contract import check
from console.domain.routes.role import Role
from console.domain.routes.route import RouteTable
from console.domain.tokens.secret import Secret
from console.services.gateway.call import Reply
from console.services.gateway.client import Gateway
from console.services.probes.agent_contract import judge_models
from console.services.probes.agent_rung import climb_agent
from console.services.probes.request import AgentOrder, check_refusal
from console.services.probes.smoke import SmokePlan
from console.simulator.breach import Breach
from console.simulator.server import serve

pytestmark = pytest.mark.usefixtures("no_trust_store")

HOLDS, BROKEN, NOT_JUDGED = ContractVerdict
MODEL = "claude-critic-route-placeholder"
BROKEN_ROWS = {
    Breach.COUNT_FAILS: ("AGT-01", "neither counts tokens nor answers 404"),
    Breach.NO_QUERY: ("AGT-02", "status 404"),
    Breach.CLOSED_FIELDS: ("AGT-03", "thinking"),
    Breach.CLOSED_HEADERS: ("AGT-03", "x-claude-code-no-such-header"),
    Breach.CLOSED_BETAS: ("AGT-04", "per-turn-control-2026-07-01"),
    Breach.DROPPED_BETAS: ("AGT-04", "context_management, which context-management-2025-06-27 allows"),
    Breach.PLAIN_ROLES: ("AGT-05", "system"),
    Breach.OWN_ENVELOPE: ("AGT-06", "status 400"),
    Breach.MODELS_REDIRECTED: ("AGT-07", "is redirected"),
    Breach.MODELS_SHAPELESS: ("AGT-07", "neither 404 nor a list"),
    Breach.COLLECTED: ("AGT-08", "collected on its way"),
    Breach.OTHER_TYPES: ("AGT-09", "status 400, and not"),
    Breach.OWN_LIMITS: ("AGT-10", "the gateway's limits as the user's own"),
}
"""The row that each breach breaks, and what its words have to say; a body that is too large breaks no row."""


async def judged(*breaches: Breach, pace: float = 0) -> AgentResult:
    """Return what the console says of Claude Code on the embedded gateway."""
    checks = check(RouteTable((route(Role.CRITIC, M, MODEL),)))
    async with (
        serve(pace=pace, breaches=breaches) as gateway_server,
        Gateway(gateway_server.base_url, Secret.parse(gateway_server.token), patient()) as gateway,
    ):
        plan = SmokePlan(gateway, reservations_of(), 64, agent=AgentOrder(agents()[CLAUDE_CODE]))
        climbing = climb_agent(checks, plan, {checks[0].route.key}, places=asyncio.Semaphore(8))
        async with contextlib.aclosing(climbing) as events:
            (result,) = [event.result async for event in events if isinstance(event, AgentFinished)]
    return result


async def test_the_embedded_gateway_keeps_every_row_that_a_call_can_show() -> None:
    result = await judged()
    verdicts = {row.id: row.verdict for row in result.contract}
    assert tuple(verdicts) == CONTRACT
    assert verdicts == {id_: NOT_JUDGED if id_ in ("AGT-11", "AGT-12") else HOLDS for id_ in CONTRACT}
    assert [each for each in result.findings if each.severity is not Severity.INFO] == []
    why = {row.id: row.words for row in result.contract}
    assert why["AGT-11"] == "only what the upstream receives shows it"
    assert why["AGT-09"] == "seen: 400, 401; others did not come"


@pytest.mark.parametrize("breach", BROKEN_ROWS)
async def test_each_way_to_break_the_contract_breaks_its_row_alone(breach: Breach) -> None:
    result = await judged(breach, pace=3 if breach is Breach.COLLECTED else 0)
    broken = {row.id: row.words for row in result.contract if row.verdict is BROKEN}
    name, words = BROKEN_ROWS[breach]
    assert list(broken) == [name]
    assert words in broken[name]


async def test_what_a_refused_call_does_not_show_is_not_judged() -> None:
    result = await judged(Breach.CLOSED_BETAS)
    assert result.accepted == ()
    rows = {row.id: (row.verdict, row.words) for row in result.contract}
    assert rows["AGT-05"] == (NOT_JUDGED, "the agent's call was not answered")
    assert (rows["AGT-02"][0], rows["AGT-03"][0]) == (NOT_JUDGED, NOT_JUDGED)


async def test_a_body_that_is_too_large_is_told_beside_the_contract() -> None:
    result = await judged(Breach.SMALL)
    assert "AGT-14" in [each.id for each in result.findings]
    assert [row.id for row in result.contract if row.verdict is BROKEN] == []


def test_a_list_of_models_that_takes_too_long_is_told() -> None:
    body = b'{"data": [{"id": "claude-a"}]}'
    late, in_time = (judge_models(Reply(200, {}, "application/json", body, elapsed_ms=ms)) for ms in (3_001, 3_000))
    assert [(each.id, each.evidence) for each in late.findings] == [("AGT-07", "3,001 ms")]
    assert (in_time.findings, list(in_time.shown)) == ((), ["AGT-07"])


@pytest.mark.parametrize(
    ("status", "kind", "headers", "found"),
    [
        (400, "invalid_request_error", {}, []),
        (401, "authentication_error", {"x-should-retry": "false"}, []),
        (401, "authentication_error", {}, ["AGT-09"]),
        (403, "permission_error", {}, []),
        (403, "invalid_request_error", {}, ["AGT-09"]),
        (413, "request_too_large", {}, []),
        (429, "rate_limit_error", {}, []),
        (429, "billing_error", {}, []),
        (429, "insufficient_quota", {}, ["AGT-09"]),
        (529, "overloaded_error", {}, []),
        (529, "rate_limit_error", {}, ["AGT-09"]),
        (500, "api_error", {}, []),
        (502, "invalid_request_error", {}, ["AGT-09"]),
        (418, "teapot", {}, []),
    ],
)
def test_a_refusal_has_the_type_of_its_status(
    status: int, kind: str, headers: dict[str, str], found: list[str]
) -> None:
    body = b'{"type": "error", "error": {"type": "%b", "message": "no"}}' % kind.encode()
    assert [each.id for each in check_refusal(status, headers, body)] == found


def test_every_row_is_an_assertion() -> None:
    assert set(CONTRACT) <= {row.id for row in assertions()}
