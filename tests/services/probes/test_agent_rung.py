"""Rung 5 for an agent: its own call goes out once for each model and path, and what it meets is told by feature."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from support.gateway.budgets import reservations_of
from support.gateway.scripted_gateway import C, M, R, route, tool_stream
from support.gateway.servers import (
    Peer,
    RawServer,
    Request,
    Script,
    answer_with,
    good_stream,
    raw_server,
    whole,
)
from support.probes.smoking import TOKEN, patient

from console.domain.errors.category import Category
from console.domain.finding import Finding
from console.domain.money import Price
from console.domain.probes.agent import agents
from console.domain.probes.agent_contract import ContractVerdict
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.arrival import Arrival
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import AgentFinished, AgentStarted, CheckEvent
from console.domain.probes.ladder import RungStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.agent_contract import UNKNOWN_BETA
from console.services.probes.agent_rung import climb_agent
from console.services.probes.request import AgentOrder, SentAgent
from console.services.probes.smoke import SmokePlan
from console.wire.agent_body import AgentSize

pytestmark = pytest.mark.usefixtures("no_trust_store")

RECORDED = 1_796_083_200.0
"""2026-12-01, in Unix time."""
DAY_S = 86_400
PRICES = Catalogue({"m": CatalogueEntry("m", price=Price(1.0, 2.0))}, ("/v1/models",), is_priced=True)
ANTHROPIC_400 = whole(
    400, {"type": "error", "error": {"type": "invalid_request_error", "message": "messages: missing"}}
)
NO_LIST = whole(404, {"type": "error", "error": {"type": "not_found_error", "message": "Not found"}})
NOT_COUNTED = whole(501, {"type": "error", "error": {"type": "not_supported"}}, "x-should-retry: false")


@dataclass
class Tried:
    """What a climb for an agent yielded, and what reached the server."""

    events: Sequence[CheckEvent]
    server: RawServer

    @property
    def results(self) -> list[AgentResult]:
        return [event.result for event in self.events if isinstance(event, AgentFinished)]

    @property
    def result(self) -> AgentResult:
        (result,) = self.results
        return result

    def found(self, prefix: str = "AGT") -> list[tuple[str, str]]:
        return [(each.id, each.evidence) for each in self.result.findings if each.id.startswith(prefix)]


async def try_agent(
    agent: str,
    script: Script,
    *routes: Route,
    held: Sequence[Role] | None = None,
    reservations: Reservations | None = None,
    catalogue: Catalogue | None = None,
    now: float = RECORDED,
    size: AgentSize = AgentSize.FULL,
) -> Tried:
    checks = check(RouteTable(routes))
    async with (
        raw_server(script) as server,
        Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url)) as gateway,
    ):
        order = AgentOrder(agents()[agent], size)
        plan = SmokePlan(gateway, reservations or reservations_of(), 64, catalogue, now=lambda: now, agent=order)
        roles = {each.role for each in routes} if held is None else set(held)
        async with contextlib.aclosing(climb_agent(checks, plan, roles, places=asyncio.Semaphore(8))) as events:
            return Tried([event async for event in events], server)


def claude(
    call: bytes | None = None, *, models: bytes = NO_LIST, counted: bytes = NOT_COUNTED, empty: bytes = ANTHROPIC_400
) -> Script:
    """Return a gateway of Claude Code's that keeps the contract where nothing else is said."""

    async def script(peer: Peer, request: Request) -> None:
        if request.method == "GET":
            await peer.send(models)
        elif "/count_tokens" in request.path:
            await peer.send(counted)
        elif "messages" not in json.loads(request.body):
            await peer.send(empty)
        else:
            await peer.send(good_stream(M) if call is None else call)

    return script


def refusal(message: str, status: int = 400, *headers: str) -> bytes:
    return whole(status, {"type": "error", "error": {"type": "invalid_request_error", "message": message}}, *headers)


# --- What goes out ---------------------------------------------------------------------------------------------------


async def test_codex_s_call_goes_out_in_shape_and_size() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R, model="gpt-6-sol")), route(family=R, model="gpt-6-sol"))
    (request,) = tried.server.requests
    shape = agents()["codex"].shape_for(R, "gpt-6-sol")
    assert shape is not None
    assert request.path == "/v1/responses"
    assert request.header("x-openai-internal-codex-responses-lite") == "true"
    assert request.header("authorization") == f"Bearer {TOKEN}"
    assert (request.header("user-agent") or "").startswith("gateway-console/")
    assert len(request.body) >= shape.size_bytes
    assert (tried.result.status, tried.found()) == (RungStatus.PASSED, [])
    assert (tried.result.tokens, tried.result.requests_sent) == (5, 1)


async def test_claude_code_s_call_carries_its_query_and_betas() -> None:
    tried = await try_agent("claude-code", claude(), route(family=M))
    *free, call = tried.server.requests
    assert [(each.method, each.path) for each in free] == [
        ("GET", "/v1/models?limit=1000"),
        ("POST", "/v1/messages/count_tokens"),
        *[("POST", "/v1/messages?beta=true")] * 3,
    ]
    assert call.path == "/v1/messages?beta=true"
    betas = agents()["claude-code"].shapes[0].headers["anthropic-beta"]
    asked = [each.header("anthropic-beta") for each in tried.server.requests]
    assert asked == [betas, betas, betas, f"{betas},{UNKNOWN_BETA}", betas, betas]
    assert [each.header("anthropic-version") for each in tried.server.requests] == ["2023-06-01"] * 6
    assert len(call.body) >= 76_000
    assert (tried.result.status, tried.result.requests_sent) == (RungStatus.PASSED, 6)
    assert [name for name, _ in tried.found()] == ["AGT-01"]


async def test_the_query_of_a_path_stays_at_its_end() -> None:
    own = Route(Role.REVIEWER, "m", M, "/gateway/v1/messages?tenant=blue")
    tried = await try_agent("claude-code", claude(), own)
    assert [each.path for each in tried.server.requests] == [
        "/gateway/v1/models?tenant=blue&limit=1000",
        "/gateway/v1/messages/count_tokens?tenant=blue",
        *["/gateway/v1/messages?tenant=blue&beta=true"] * 4,
    ]


async def test_an_answer_from_another_model_proves_nothing_for_the_agent() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R, model="another")), route(family=R))
    assert tried.result.status is RungStatus.UNPROVEN
    assert "COM-B-01" in [each.id for each in tried.result.findings]


async def test_the_small_size_is_asked_for() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R)), route(family=R), size=AgentSize.SMALL)
    (request,) = tried.server.requests
    assert len(request.body) < 12_000


@pytest.mark.parametrize(("agent", "family"), [("copilot", C), ("opencode", C), ("opencode", M), ("codex", R)])
async def test_an_agent_may_be_answered_with_a_tool(agent: str, family: EndpointFamily) -> None:
    tried = await try_agent(agent, answer_with(tool_stream(family, "bash")), route(family=family))
    assert (tried.result.status, tried.found()) == (RungStatus.PASSED, [])
    assert len(tried.server.requests) == 1


async def test_routes_on_which_the_call_is_the_same_share_it() -> None:
    routes = [route(Role.PLANNER), route(Role.WRITER), route(Role.REVIEWER, model="other"), route(Role.CRITIC, M)]

    async def itself(peer: Peer, request: Request) -> None:
        await peer.send(good_stream(R, model=json.loads(request.body)["model"]))

    tried = await try_agent("codex", itself, *routes)
    assert len(tried.server.requests) == 2
    told = {result.keys: result.status for result in tried.results}
    assert told == {
        (Role.PLANNER, Role.WRITER): RungStatus.PASSED,
        (Role.REVIEWER,): RungStatus.PASSED,
        (Role.CRITIC,): RungStatus.UNPROVEN,
    }


async def test_a_family_that_the_agent_does_not_speak_is_not_tried_and_said() -> None:
    tried = await try_agent("claude-code", answer_with(good_stream(R)), route(family=R))
    assert tried.server.requests == []
    assert (tried.result.status, tried.result.notes) == (
        RungStatus.UNPROVEN,
        ("not tried: Claude Code speaks anthropic_messages",),
    )


async def test_a_route_whose_text_call_failed_is_not_tried_and_said() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R)), route(family=R), held=[])
    assert tried.server.requests == []
    assert tried.result.notes == ("not tried: no streamed text call passed before it",)


async def test_what_is_not_known_of_an_agent_is_said_beside_a_pass() -> None:
    tried = await try_agent("copilot", answer_with(good_stream(C)), route(family=C))
    assert tried.result.status is RungStatus.PASSED
    assert tried.result.notes == (
        "not known of it, and so not tried: its tools' names and schemas, the lengths of its texts, and some values",
    )


# --- Money and age ---------------------------------------------------------------------------------------------------


async def test_the_price_is_told_before_and_reserved_in_full() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R)), route(family=R), catalogue=PRICES)
    (started,) = [event for event in tried.events if isinstance(event, AgentStarted)]
    assert tried.events[0] is started
    assert started.price_before.tokens > 13_000
    assert tried.result.price_before == started.price_before
    assert tried.result.price_after_microusd == 7


async def test_a_budget_that_is_too_small_for_the_size_sends_nothing() -> None:
    small = reservations_of(tokens=5_000)
    tried = await try_agent("codex", answer_with(good_stream(R)), route(family=R), reservations=small)
    assert tried.server.requests == []
    assert tried.result.status is not RungStatus.PASSED
    assert tried.result.classification is not None
    assert tried.result.classification.category is Category.BUDGET_EXCEEDED


@pytest.mark.parametrize(("days", "expected"), [(30, []), (31, ["AGT-15"])])
async def test_an_old_shape_is_said_to_be_old(days: int, expected: list[str]) -> None:
    now = RECORDED + days * DAY_S
    tried = await try_agent("codex", answer_with(good_stream(R)), route(family=R), now=now)
    assert tried.result.status is RungStatus.PASSED
    assert [name for name, _ in tried.found()] == expected


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "family", "body", "expected"),
    [
        ("codex", R, refusal("client_metadata: unknown field"), ("AGT-03", "client_metadata")),
        ("codex", R, refusal("Unsupported tool type: namespace"), ("AGT-03", "namespace")),
        ("codex", R, refusal("input[0].role: unknown role"), ("AGT-05", "developer")),
        ("opencode", C, refusal("tools.4.function.parameters.$schema: no"), ("AGT-03", "$schema")),
        ("opencode", M, refusal("tools.4.input_schema.properties.offset.maximum: no"), ("AGT-03", "maximum")),
        ("opencode", C, refusal("the request exceeds the available context size"), ("AGT-14", "bytes")),
        ("copilot", M, refusal("temperature: Extra inputs are not permitted"), ("AGT-03", "temperature")),
    ],
)
async def test_what_is_refused_is_named(
    agent: str, family: EndpointFamily, body: bytes, expected: tuple[str, str]
) -> None:
    tried = await try_agent(agent, answer_with(body), route(family=family))
    assert tried.result.status is not RungStatus.PASSED
    assert tried.result.classification is not None
    ((name, evidence),) = tried.found()
    assert name == expected[0]
    assert expected[1] in evidence


@pytest.mark.parametrize("status", [404, 405])
async def test_a_query_that_the_gateway_does_not_route_is_told(status: int) -> None:
    body = refusal("Not found", status)
    tried = await try_agent("claude-code", claude(body, empty=body), route(family=M))
    assert ("AGT-02", f"status {status}") in tried.found()


# --- Claude Code's contract ------------------------------------------------------------------------------------------


async def test_a_gateway_that_hides_betas_is_not_green_for_an_answer() -> None:
    """Where the betas and the fields that they allow are both dropped, the call passes and the features are off."""
    tried = await try_agent("claude-code", claude(), route(family=M))
    rows = {row.id: (row.verdict, row.words) for row in tried.result.contract}
    assert (tried.result.status, rows["AGT-04"][0]) == (RungStatus.PASSED, ContractVerdict.NOT_JUDGED)
    assert "nothing shows whether betas reach the upstream" in rows["AGT-04"][1]


async def test_an_answered_call_says_what_it_had_and_where_its_shape_is_from() -> None:
    tried = await try_agent("codex", answer_with(good_stream(R, model="gpt-6-sol")), route(family=R, model="gpt-6-sol"))
    assert {"item type additional_tools", "role developer"} <= {str(each) for each in tried.result.accepted}
    assert str(tried.result.source) == "the shape of 0.171.0, as it came with the console, of 2026-12-01"
    assert tried.result.contract == ()


def told(findings: Sequence[Finding], assertion: str) -> list[str]:
    return [each.message for each in findings if each.id == assertion]


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (NO_LIST, None),
        (whole(200, {"data": [{"id": "claude-a"}]}), None),
        (whole(200, {"data": []}), None),
        (whole(302, b"", "location: /login"), "redirected"),
        (whole(401, {"error": {"message": "no"}}), "refused with this key"),
        (whole(200, {"models": []}), "neither 404 nor a list"),
        (whole(200, {"data": [{"name": "a"}]}), "neither 404 nor a list"),
        (whole(500, {"error": {"message": "no"}}), "neither 404 nor a list"),
        (whole(200, b"<html>", content_type="text/html"), "neither 404 nor a list"),
    ],
    ids=lambda each: repr(each[-24:]) if isinstance(each, bytes) else each,
)
async def test_the_list_of_models_is_judged(models: bytes, words: str | None) -> None:
    tried = await try_agent("claude-code", claude(models=models), route(family=M))
    said = told(tried.result.findings, "AGT-07")
    assert len(said) == (0 if words is None else 1)
    assert all(words is not None and words in each for each in said)
    assert tried.result.status is RungStatus.PASSED


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (whole(200, {"input_tokens": 3}), None),
        (NOT_COUNTED, "estimates them itself"),
        (NO_LIST, "estimates them itself"),
        (whole(501, {"error": {}}), "may try again"),
        (whole(500, {"error": {}}), "may try again"),
        (whole(200, {"input_tokens": "many"}), "may try again"),
        (whole(302, b"", "location: /x"), "may try again"),
    ],
    ids=lambda each: repr(each[-24:]) if isinstance(each, bytes) else each,
)
async def test_counting_tokens_is_optional(counted: bytes, words: str | None) -> None:
    tried = await try_agent("claude-code", claude(counted=counted), route(family=M))
    said = told(tried.result.findings, "AGT-01")
    assert len(said) == (0 if words is None else 1)
    assert all(words is not None and words in each for each in said)
    assert tried.result.status is RungStatus.PASSED


@pytest.mark.parametrize(
    ("empty", "is_found"),
    [
        (ANTHROPIC_400, False),
        (whole(400, {"error": {"message": "messages missing", "type": "invalid_request_error"}}), True),
        (whole(422, {"detail": [{"loc": ["body"], "msg": "Field required"}]}), True),
        (whole(401, {"error": {"message": "no"}}), False),
        (whole(500, {"error": {"message": "no"}}), False),
    ],
    ids=lambda each: repr(each[-24:]) if isinstance(each, bytes) else str(each),
)
async def test_an_envelope_that_is_not_anthropic_s_is_found(empty: bytes, *, is_found: bool) -> None:
    tried = await try_agent("claude-code", claude(empty=empty), route(family=M))
    assert bool(told(tried.result.findings, "AGT-06")) is is_found


@pytest.mark.parametrize(
    ("header", "is_found"),
    [
        (b"anthropic-ratelimit-requests-remaining: 9", True),
        (b"anthropic-ratelimit-unified-status: allowed", False),
        (b"anthropic-ratelimit-unified-reset: 1796083200", False),
        (b"anthropic-ratelimit-unified-status: fine", True),
        (b"anthropic-ratelimit-unified-reset: soon", True),
        (b"x-ratelimit-remaining-requests: 9", False),
    ],
)
async def test_the_upstream_s_own_limits_are_not_for_claude_code(header: bytes, *, is_found: bool) -> None:
    body = good_stream(M).replace(b"x-request-id: req-1", b"x-request-id: req-1\r\n" + header)
    tried = await try_agent("claude-code", claude(body), route(family=M))
    assert bool(told(tried.result.findings, "AGT-10")) is is_found
    other = await try_agent("opencode", answer_with(body), route(family=M))
    assert told(other.result.findings, "AGT-10") == []


@pytest.mark.parametrize(
    ("arrival", "is_found"),
    [
        (Arrival(30, 2, wait_ms=4_000, spread_ms=12, longest_gap_ms=6, gap_after=15), True),
        (Arrival(30, 28, wait_ms=400, spread_ms=900, longest_gap_ms=60, gap_after=3), False),
        (Arrival(3, 1, wait_ms=4_000, spread_ms=0, longest_gap_ms=0, gap_after=0), False),
        (None, False),
    ],
)
def test_a_stream_that_was_collected_is_one_for_the_agent(arrival: Arrival | None, *, is_found: bool) -> None:
    agent = agents()["claude-code"]
    found = SentAgent(agent, agent.shapes[0]).read_arrival(arrival)
    assert [each.id for each in found] == (["AGT-08"] if is_found else [])


async def test_an_agents_call_that_another_model_answered_proves_nothing() -> None:
    swapped = claude(tool_stream(M, "Bash", model="other"))
    tried = await try_agent("claude-code", swapped, route(Role.WRITER, M, "m"))
    assert tried.result.status is RungStatus.UNPROVEN
    assert "COM-B-01" in [each.id for each in tried.result.findings]
