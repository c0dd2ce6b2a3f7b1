"""Rung 5 for an agent: its first call, in shape and size, once for each model and path."""

import asyncio
from collections.abc import AsyncGenerator, Sequence, Set
from contextlib import aclosing
from dataclasses import replace

from console.domain.finding import Finding
from console.domain.money import Price, estimate
from console.domain.probes.agent import Agent, ShapeOrigin, agents
from console.domain.probes.agent_capture import change_between
from console.domain.probes.agent_contract import ContractRow, contract_rows
from console.domain.probes.agent_feature import Feature, FeatureKind, features_of
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.arrival import ArrivalPattern
from console.domain.probes.assertion import finding_of
from console.domain.probes.event import AgentFinished, AgentStarted, CheckEvent, SmokeFinished
from console.domain.probes.ladder import RungStatus
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.probes.agent_contract import COUNT, MODELS, ContractProof, prove_contract
from console.services.probes.request import SentAgent
from console.services.probes.smoke import SmokePlan, smoke_route
from console.services.system.merge import merge


async def climb_agent(
    checks: Sequence[RouteCheck], plan: SmokePlan, held: Set[RouteKey], *, places: asyncio.Semaphore
) -> AsyncGenerator[CheckEvent, None]:
    """Send an agent's first call to each model and path, and yield what it showed.

    Args:
        checks: The routes.
        plan: The client, the session's budget, and the agent.
        held: The routes that answered a text call: an agent's call is not made where that one failed.
        places: Limits the calls in flight.

    Raises:
        ValueError: The plan names no agent.

    """
    if plan.agent is None:
        raise ValueError("the plan names no agent")
    agent = plan.agent.agent
    tried: list[AsyncGenerator[CheckEvent, None]] = []
    for group in _groups(checks):
        route = group[0].route
        first = next((check for check in group if check.route.key in held), None)
        if agent.shape_for(route.endpoint_family, route.model) is None:
            yield AgentFinished(_not_tried(agent, group, f"{agent.name} speaks {', '.join(agent.families)}"))
        elif first is None:
            yield AgentFinished(_not_tried(agent, group, "no streamed text call passed before it"))
        else:
            tried.append(_call(first, group, plan, agent))
    async with aclosing(merge(tried, places=places)) as events:
        async for event in events:
            yield event


def _groups(checks: Sequence[RouteCheck]) -> list[list[RouteCheck]]:
    """Return the routes in groups on which an agent's call is the same."""
    groups: dict[tuple[str, ...], list[RouteCheck]] = {}
    for check in checks:
        route = check.route
        groups.setdefault((route.endpoint_family, route.endpoint_path, route.model), []).append(check)
    return list(groups.values())


def _blank(agent: Agent, group: Sequence[RouteCheck], status: RungStatus) -> AgentResult:
    route = group[0].route
    keys = tuple(check.route.key for check in group)
    return AgentResult(agent.title, keys, route.model, route.endpoint_family, status, source=agent.shape_source)


def _not_tried(agent: Agent, group: Sequence[RouteCheck], why: str) -> AgentResult:
    return replace(_blank(agent, group, RungStatus.UNPROVEN), notes=(f"not tried: {why}",))


async def _call(
    first: RouteCheck, group: Sequence[RouteCheck], plan: SmokePlan, agent: Agent
) -> AsyncGenerator[CheckEvent, None]:
    route = first.route
    request = plan.request(route, Shape.AGENT)
    price = plan.price_of(route)
    before = estimate(len(request.body), request.max_output_tokens, price)
    blank = replace(_blank(agent, group, RungStatus.FAILED), price_before=before)
    yield AgentStarted(agent.title, blank.keys, before)
    contract = await prove_contract(plan.gateway, route, request)
    async with aclosing(smoke_route(first, plan, Shape.AGENT)) as events:
        async for event in events:
            yield event
            if isinstance(event, SmokeFinished) and request.agent is not None:
                is_other_path = bool(request.query) and event.result.http_status in (404, 405)
                yield AgentFinished(
                    _of_call(blank, event.result, contract, request.agent, price, is_other_path=is_other_path)
                )


def _of_call(
    blank: AgentResult,
    result: SmokeResult,
    contract: ContractProof,
    sent: SentAgent,
    price: Price | None,
    *,
    is_other_path: bool,
) -> AgentResult:
    agent = sent.agent
    found = [*result.findings, *contract.findings]
    if is_other_path:
        found.append(finding_of("AGT-02", "refused", f"status {result.http_status}"))
    skipped = [each for each in agent.before if each not in (MODELS, COUNT)]
    notes = [*contract.notes]
    if skipped:
        notes.append(f"{', '.join(skipped)}, which it may send first: not tried")
    if agent.origin is ShapeOrigin.CAPTURED:
        known = agents()[agent.id]
        notes.append(f"changed since {known.shape_source}: {change_between(known, agent).words or 'nothing'}")
    if agent.not_known:
        notes.append(f"not known of it, and so not tried: {agent.not_known}")
    features = features_of(agent, sent.shape) if result.rung_status is RungStatus.PASSED else ()
    return replace(
        blank,
        status=result.rung_status,
        findings=tuple(found),
        classification=result.classification,
        notes=tuple(notes),
        tokens=result.tokens,
        price_after_microusd=result.cost(price),
        requests_sent=result.requests_sent + contract.requests_sent,
        elapsed_ms=result.total_ms,
        accepted=features,
        contract=_contract(result, contract, sent, features, found) if contract.requests_sent else (),
    )


def _contract(
    result: SmokeResult,
    contract: ContractProof,
    sent: SentAgent,
    features: Sequence[Feature],
    found: Sequence[Finding],
) -> tuple[ContractRow, ...]:
    """Return the rows of the vendor's contract: what the free calls showed, and what the agent's own call did."""
    shown, unshown = dict(contract.shown), dict(contract.unshown)
    refused = "the agent's call was not answered"
    if not features:
        unshown |= dict.fromkeys(("AGT-02", "AGT-03", "AGT-04", "AGT-05"), refused)
    else:
        if sent.shape.query:
            shown["AGT-02"] = f"the call with ?{sent.shape.query} was answered"
        shown["AGT-03"] = f"a call with {len(features)} features was answered, and one with an unknown header"
        if roles := [each.name for each in features if each.kind is FeatureKind.ROLE]:
            shown["AGT-05"] = f"a call with a message of the role {', '.join(roles)} was answered"
    if result.arrival is None or result.arrival.pattern is ArrivalPattern.FEW:
        unshown["AGT-08"] = "too few pieces arrived to tell"
    else:
        shown["AGT-08"] = f"{result.arrival.pieces} pieces arrived in {result.arrival.lumps} reads"
    if result.http_status is not None:
        shown["AGT-10"] = "the answer has no limits of the upstream in its head"
    return contract_rows(shown, unshown, found)
