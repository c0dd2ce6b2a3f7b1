"""Smoking in a shape: what each shape sends, what its answer has to honour, and who is said to have answered."""

import asyncio
import contextlib
import json

import pytest
from support.gateway.budgets import reservations_of
from support.gateway.scripted_gateway import REVIEW, C, M, R, route, scripted, tool_stream
from support.gateway.servers import (
    Peer,
    RawServer,
    Request,
    Script,
    answer_with,
    good_stream,
    head,
    raw_server,
    stay_silent,
    whole,
)
from support.probes.smoking import FAMILIES, TOKEN, ids, patient

from console.domain.errors.category import Category
from console.domain.finding import Severity
from console.domain.money import Price
from console.domain.probes.catalogue import Catalogue, CatalogueEntry
from console.domain.probes.event import BudgetSpent, RequestWritten, SmokeEvent, SmokeFinished
from console.domain.probes.served_as import ServedAs
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import check
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route, RouteTable
from console.domain.routes.shape import Shape
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.smoke import SmokePlan, smoke
from console.wire.agent_shape import CLAUDE_CODE_BETAS

pytestmark = pytest.mark.usefixtures("no_trust_store")

PRICES = Catalogue({"m": CatalogueEntry("m", price=Price(1.0, 2.0))}, ("/v1/models",), is_priced=True)


async def smoke_in(
    shape: Shape,
    server: RawServer,
    *routes: Route,
    reservations: Reservations | None = None,
    catalogue: Catalogue | None = None,
    **settings: object,
) -> list[SmokeEvent]:
    async with Gateway(server.base_url, Secret(TOKEN), patient(base_url=server.base_url, **settings)) as gateway:
        plan = SmokePlan(gateway, reservations or reservations_of(), 64, catalogue)
        checks = check(RouteTable(routes or (route(),)))
        async with contextlib.aclosing(smoke(checks, plan, places=asyncio.Semaphore(8), shape=shape)) as events:
            return [event async for event in events]


def result_of(events: list[SmokeEvent]) -> SmokeResult:
    (result,) = [event.result for event in events if isinstance(event, SmokeFinished)]
    return result


async def one(shape: Shape, script: Script, *routes: Route, **more: object) -> tuple[SmokeResult, RawServer]:
    async with raw_server(script) as server:
        return result_of(await smoke_in(shape, server, *routes, **more)), server  # type: ignore[arg-type]


# --- The role's shape ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("role", Role)
async def test_a_role_s_shape_asks_for_its_schema_and_passes(family: EndpointFamily, role: Role) -> None:
    async with scripted() as server:
        result = result_of(await smoke_in(Shape.ROLE, server, route(role, family)))
    (request,) = server.requests
    body = json.loads(request.body)
    assert {"text", "output_config", "response_format"} & set(body)
    assert "tools" not in body
    assert (result.status, result.shape, ids(result)) == (SmokeStatus.PASSED, Shape.ROLE, [])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", ["OK", "```json\n" + REVIEW + "\n```", '{"nonce": "probe-1"}', "[]", REVIEW[:-1]])
async def test_a_text_that_does_not_fit_the_schema_fails(family: EndpointFamily, text: str) -> None:
    result, _ = await one(Shape.ROLE, answer_with(good_stream(family, text)), route(family=family))
    assert result.status is SmokeStatus.FAILED
    assert result.classification is not None
    assert result.classification.category is Category.CONTRACT_VIOLATION


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_text_that_fits_passes_in_any_split(family: EndpointFamily) -> None:
    pieces = [REVIEW[at : at + 7] for at in range(0, len(REVIEW), 7)]
    result, _ = await one(Shape.ROLE, answer_with(good_stream(family, *pieces)), route(family=family))
    assert (result.status, ids(result)) == (SmokeStatus.PASSED, [])


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_tool_in_place_of_the_answer_fails(family: EndpointFamily) -> None:
    result, _ = await one(Shape.ROLE, answer_with(tool_stream(family)), route(Role.WRITER, family))
    assert result.status is SmokeStatus.FAILED


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_answer_that_a_run_would_not_read_fails(family: EndpointFamily) -> None:
    """A key that stands twice is refused by the form, and by no JSON schema."""
    twice = REVIEW[:-1] + ', "nonce": "probe-2"}'
    result, _ = await one(Shape.ROLE, answer_with(good_stream(family, twice)), route(family=family))
    assert result.status is SmokeStatus.FAILED


# --- The agent's shape -----------------------------------------------------------------------------------------------


async def test_claude_code_s_shape_counts_tokens_first_with_its_betas() -> None:
    async def script(peer: Peer, request: Request) -> None:
        is_count = request.path == "/v1/messages/count_tokens"
        await peer.send(whole(200, {"input_tokens": 31}) if is_count else good_stream(M))

    result, server = await one(Shape.AGENT, script, route(family=M))
    assert [request.path for request in server.requests] == ["/v1/messages/count_tokens", "/v1/messages"]
    assert [request.header("anthropic-beta") for request in server.requests] == [CLAUDE_CODE_BETAS] * 2
    assert [request.header("anthropic-version") for request in server.requests] == ["2023-06-01"] * 2
    assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}"] * 2
    assert (result.status, ids(result)) == (SmokeStatus.PASSED, [])


@pytest.mark.parametrize(
    "counted",
    [
        whole(404, {"error": {"message": "not found"}}),
        whole(200, {}),
        whole(200, {"input_tokens": "many"}),
        whole(200, b"<html>", content_type="text/html"),
        whole(302, b"", "location: /x"),
        whole(200, b"{"),
    ],
    ids=lambda data: repr(data[-20:]),
)
async def test_a_gateway_that_does_not_count_is_found_and_does_not_fail(counted: bytes) -> None:
    async def script(peer: Peer, request: Request) -> None:
        await peer.send(counted if request.path.endswith("/count_tokens") else good_stream(M))

    result, _ = await one(Shape.AGENT, script, route(family=M))
    assert result.status is SmokeStatus.PASSED
    assert [(each.id, each.severity) for each in result.findings if each.id == "AGT-01"] == [("AGT-01", Severity.INFO)]


@pytest.mark.parametrize("family", [R, C])
async def test_other_agents_count_nothing_first(family: EndpointFamily) -> None:
    result, server = await one(Shape.AGENT, answer_with(good_stream(family)), route(family=family))
    (request,) = server.requests
    assert request.path == family.standard_path
    assert len(json.loads(request.body)["tools"]) == {R: 2, C: 1}[family]
    assert (result.status, result.shape) == (SmokeStatus.PASSED, Shape.AGENT)


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_agent_may_answer_with_a_tool_as_well(family: EndpointFamily) -> None:
    name = {R: "shell", M: "Bash", C: "shell"}[family]

    async def script(peer: Peer, request: Request) -> None:
        is_count = request.path.endswith("/count_tokens")
        await peer.send(whole(200, {"input_tokens": 3}) if is_count else tool_stream(family, name))

    result, _ = await one(Shape.AGENT, script, route(family=family))
    assert (result.status, ids(result)) == (SmokeStatus.PASSED, [])


# --- Money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", Shape)
async def test_a_budget_of_nothing_sends_nothing(shape: Shape) -> None:
    async with scripted() as server:
        result = result_of(await smoke_in(shape, server, reservations=reservations_of(tokens=0)))
    assert server.connections == 0
    assert (result.status, result.requests_sent, result.shape) == (SmokeStatus.BLOCKED, 0, shape)
    assert result.classification is not None
    assert result.classification.category is Category.BUDGET_EXCEEDED
    assert "the session may take 0 tokens (budget_tokens)" in result.classification.evidence


async def test_a_budget_in_dollars_without_a_price_sends_nothing() -> None:
    async with scripted() as server:
        result = result_of(await smoke_in(Shape.TEXT, server, reservations=reservations_of(microusd=9_000_000)))
    assert server.connections == 0
    assert "has no price" in (result.classification.evidence if result.classification else "")


async def test_with_a_price_the_dollars_are_booked() -> None:
    reservations = reservations_of(microusd=1_000_000)
    async with scripted() as server:
        events = await smoke_in(Shape.TEXT, server, reservations=reservations, catalogue=PRICES)
    assert result_of(events).status is SmokeStatus.PASSED
    assert [event.budget for event in events if isinstance(event, BudgetSpent)] == [reservations.budget]
    assert (reservations.budget.spent.tokens, reservations.budget.spent.microusd) == (5, 7)


async def test_a_call_that_is_stopped_books_all_that_was_set_aside() -> None:
    reservations = reservations_of(tokens=1000)

    async def begin(peer: Peer, request: Request) -> None:
        await peer.send(head(200))
        await stay_silent(peer, request)

    async with (
        raw_server(begin) as server,
        Gateway(server.base_url, None, patient(base_url=server.base_url)) as gateway,
    ):
        events = smoke(check(RouteTable((route(),))), SmokePlan(gateway, reservations, 64), places=asyncio.Semaphore(1))
        async for event in events:
            if isinstance(event, RequestWritten):
                break
        await events.aclose()
    assert reservations.budget.spent.tokens > 64


async def test_a_call_that_could_not_be_sent_books_nothing() -> None:
    reservations = reservations_of()
    async with scripted() as server:
        pass
    result = result_of(await smoke_in(Shape.TEXT, server, reservations=reservations))
    assert (result.status, result.requests_sent) == (SmokeStatus.FAILED, 0)
    assert reservations.budget.spent.tokens == 0


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_refused_call_books_nothing(status: int) -> None:
    reservations = reservations_of()
    async with raw_server(answer_with(whole(status, {"error": {"message": "no"}}))) as server:
        await smoke_in(Shape.TEXT, server, reservations=reservations)
    assert reservations.budget.spent.tokens == 0


async def test_an_answer_that_names_no_usage_is_booked_in_full() -> None:
    reservations = reservations_of()
    body = good_stream(C).replace(b'"prompt_tokens": 3', b'"prompt_tokenz": 3')
    async with raw_server(answer_with(body)) as server:
        await smoke_in(Shape.TEXT, server, route(family=C), reservations=reservations)
    assert reservations.budget.spent.tokens > 64


async def test_routes_side_by_side_cannot_overdraw() -> None:
    reservations = reservations_of(tokens=130)
    roles = [Role.PLANNER, Role.WRITER, Role.REVISION, Role.REVIEWER, Role.FALLBACK]
    all_there = asyncio.Event()

    async def slow(peer: Peer, _: Request) -> None:
        all_there.set()
        await all_there.wait()
        await peer.send(good_stream(R))

    async with raw_server(slow) as server:
        events = await smoke_in(Shape.TEXT, server, *(route(role) for role in roles), reservations=reservations)
    ended = [event.result.status for event in events if isinstance(event, SmokeFinished)]
    assert ended.count(SmokeStatus.PASSED) == len(server.requests) >= 1
    assert ended.count(SmokeStatus.BLOCKED) == 5 - len(server.requests) >= 1
    assert reservations.budget.spent.tokens <= 130


# --- Who answered ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said", "served_as", "found"),
    [
        ("gpt-4o", "gpt-4o", ServedAs.ITSELF, []),
        ("gpt-4o", "gpt-4o-2024-08-06", ServedAs.ITSELF, []),
        ("openai/gpt-4o", "gpt-4o", ServedAs.ITSELF, []),
        ("gpt-4o", "gpt-4o-mini", ServedAs.SWAPPED, ["COM-B-01"]),
        ("team-fast", "gpt-4o-mini", ServedAs.SWAPPED, ["COM-B-01"]),
    ],
)
@pytest.mark.parametrize("family", [R, C])
async def test_who_answered_is_told(
    family: EndpointFamily, asked: str, said: str, served_as: ServedAs, found: list[str]
) -> None:
    result, _ = await one(Shape.TEXT, answer_with(good_stream(family, model=said)), route(family=family, model=asked))
    assert result.status is SmokeStatus.PASSED
    assert result.service is not None
    assert (result.service.served_as, ids(result)) == (served_as, found)


async def test_an_alias_of_the_route_is_no_swap() -> None:
    aliased = route(model="team-fast", served_as=("gpt-4o-mini",))
    result, _ = await one(Shape.TEXT, answer_with(good_stream(R, model="gpt-4o-mini")), aliased)
    assert (result.service.served_as if result.service else None, ids(result)) == (ServedAs.ITSELF, [])


async def test_a_fallback_that_litellm_names_is_a_warning() -> None:
    body = good_stream(C).replace(b"x-request-id: req-1", b"x-request-id: req-1\r\nx-litellm-attempted-fallbacks: 1")
    result, _ = await one(Shape.TEXT, answer_with(body), route(family=C))
    assert result.status is SmokeStatus.PASSED
    assert ids(result) == ["SRV-01"]


async def test_an_id_of_another_family_is_noted_as_a_bridge() -> None:
    body = good_stream(R).replace(b'"id": "r1"', b'"id": "chatcmpl-1"')
    async with raw_server(answer_with(_rechunked(body))) as server:
        result = result_of(await smoke_in(Shape.TEXT, server))
    assert result.status is SmokeStatus.PASSED
    assert [(each.id, each.severity) for each in result.findings if each.id.startswith("SRV")] == [
        ("SRV-02", Severity.INFO)
    ]


def _rechunked(answer: bytes) -> bytes:
    """Return a chunked answer whose content was changed with its chunks' lengths put right."""
    import re

    start, _, body = answer.partition(b"\r\n\r\n")
    pieces = re.findall(rb"(?:^|\r\n)[0-9a-f]+\r\n((?:event|data):.*?\n\n)", body, re.DOTALL)
    return start + b"\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
