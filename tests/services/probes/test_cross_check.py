"""The cross checks against real servers: the embedded gateway keeps its contract, a careless one is found."""

import json

import pytest
from support.gateway.budgets import session_budget
from support.gateway.servers import Peer, Request, raw_server, whole
from support.probes.smoking import TOKEN, patient

from console.domain.money import Budget
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.family import EndpointFamily
from console.domain.routes.role import Role
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.tokens.secret import Secret
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.cross_check import RESPONSES_ONLY_MODEL, CrossProof, cross_check
from console.services.probes.smoke import SmokePlan
from console.simulator.server import serve

pytestmark = pytest.mark.usefixtures("no_trust_store")

R, M, C = EndpointFamily.RESPONSES, EndpointFamily.ANTHROPIC_MESSAGES, EndpointFamily.CHAT_COMPLETIONS
FINISH = {R: "completed", M: "end_turn", C: "stop"}


async def crossed(
    base_url: str,
    token: str,
    family: EndpointFamily,
    *,
    model: str = "gpt-route-placeholder",
    budget: Budget | None = None,
) -> CrossProof:
    route = Route(Role.WRITER, model, family, family.standard_path)
    streamed = SmokeResult(
        RouteKey(Role.WRITER), model, family, family.standard_path, SmokeStatus.PASSED,
        model_reported=model, output_tokens=2, finish=FINISH[family],
    )  # fmt: skip
    async with Gateway(base_url, Secret(token), patient(base_url=base_url)) as gateway:
        return await cross_check(route, SmokePlan(gateway, Reservations(budget or session_budget()), 64), streamed)


@pytest.mark.parametrize("family", [R, M, C])
async def test_the_embedded_gateway_stands_its_cross_checks(family: EndpointFamily) -> None:
    async with serve(pace=0) as listening:
        proof = await crossed(listening.base_url, listening.token, family)
    assert [finding.id for finding in proof.findings if finding.id in ("PAR-01", "PAR-02", "MSG-HDR-01")] == []
    assert proof.requests_sent == len(listening.journal.calls) == len(proof.notes)


async def test_a_gateway_that_serves_everything_is_found() -> None:
    asked: list[str] = []

    async def serve_all(peer: Peer, request: Request) -> None:
        asked.append(json.loads(request.body)["model"])
        message = {"role": "assistant", "content": "OK."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        await peer.send(
            whole(200, {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]})
        )

    async with raw_server(serve_all) as server:
        proof = await crossed(server.base_url, TOKEN, C, model="m")
    assert {finding.id for finding in proof.findings} == {"PAR-01", "PAR-02"}  # no usage, and a bridge
    assert asked == ["m", RESPONSES_ONLY_MODEL]


async def test_a_whole_answer_of_another_family_s_form_is_found() -> None:
    """The streamed answer had an id of its own family; the whole one keeps the id of the call behind it."""

    async def translate(peer: Peer, request: Request) -> None:
        block = {"type": "text", "text": "OK."}
        usage = {"input_tokens": 1, "output_tokens": 2}
        message = {"id": "resp_972b", "type": "message", "role": "assistant", "model": "m", "content": [block]}
        await peer.send(whole(200, message | {"stop_reason": "end_turn", "usage": usage}))

    async with raw_server(translate) as server:
        proof = await crossed(server.base_url, TOKEN, M, model="m")
    assert "SRV-02" in {finding.id for finding in proof.findings}


async def test_a_limit_below_the_familys_minimum_is_to_be_refused() -> None:
    async def take_all(peer: Peer, request: Request) -> None:
        await peer.send(whole(200, {"object": "response", "status": "completed", "model": "m", "output": []}))

    async with raw_server(take_all) as server:
        proof = await crossed(server.base_url, TOKEN, R, model="m")
    assert "RSP-S-01" in {finding.id for finding in proof.findings}


async def test_a_version_that_is_refused_is_noted() -> None:
    async def refuse_all(peer: Peer, request: Request) -> None:
        await peer.send(whole(401, {"type": "error", "error": {"type": "authentication_error", "message": "no"}}))

    async with raw_server(refuse_all) as server:
        proof = await crossed(server.base_url, TOKEN, M, model="m")
    assert [finding.id for finding in proof.findings if finding.id == "MSG-HDR-01"] == ["MSG-HDR-01"] * 2


async def test_without_a_budget_nothing_is_asked() -> None:
    async with serve(pace=0) as listening:
        proof = await crossed(listening.base_url, listening.token, C, budget=session_budget(tokens=0))
    assert (proof.requests_sent, listening.journal.calls) == (0, [])
    assert all(note.startswith("not sent") for note in proof.notes)
