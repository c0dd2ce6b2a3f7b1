"""Smoke: one real, streamed call through a route, judged by its family's contract. One request, never a retry."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.errors.category import Category, judged
from console.domain.errors.refuser import refused_after_proof
from console.domain.finding import Severity
from console.domain.money import Estimate, Price, Spent, cost_of, estimate, estimated_tokens, took_nothing
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import BudgetSpent, LoopLagMeasured, SmokeEvent, SmokeFinished, SmokeStarted
from console.domain.probes.smoke import Counted, SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.gateway.account import Account
from console.services.gateway.call import CallPart
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.reservations import Reservations
from console.services.probes.exchange import Exchange
from console.services.probes.loop_lag import measured_lag
from console.services.probes.request import (
    SMOKE_LIMIT,
    AgentOrder,
    ProbeRequest,
    RoleOrder,
    agent_request,
    role_request,
    text_request,
)
from console.services.system.merge import merge

_GRACE_S = 2.0
"""How long a call may stay open after its answer is complete, in seconds."""


@dataclass(frozen=True, slots=True)
class SmokePlan:
    """What all calls of one smoke test share."""

    gateway: Gateway
    reservations: Reservations
    max_output_tokens: int
    """The token limit of each call, but a role's."""
    catalogue: Catalogue | None = None
    """Where to look up prices; None if it was not read."""
    proven_keys: frozenset[RouteKey] = frozenset()
    """The routes that told the token from a wrong one: a refusal of the token then concerns another one."""
    now: Callable[[], float] = time.time
    """The wall clock, for the request log and for the age of an agent's shape."""
    role: RoleOrder | None = None
    """What a run of the profile sends; None limits a role's answer like every other."""
    agent: AgentOrder | None = None
    """Whose call to send in an agent's shape; None if none is sent."""
    account: Account | None = None
    """The account that this test shares with others; None if a refusal of it stops no other call."""

    def request(self, route: Route, shape: Shape) -> ProbeRequest:
        """Return the request that probes a route in a shape.

        Raises:
            ValueError: The shape is an agent's, and there is none, or it does not speak the route's family.

        """
        match shape:
            case Shape.TEXT:
                return text_request(route, self.max_output_tokens)
            case Shape.ROLE:
                return role_request(route, self.role or RoleOrder(self.max_output_tokens, limit_setting=SMOKE_LIMIT))
            case Shape.AGENT:
                if self.agent is None:
                    raise ValueError("an agent's shape needs an agent")
                return agent_request(route, self.agent, self.max_output_tokens, self.now())

    def price_of(self, route: Route) -> Price | None:
        """Return the catalogue's price for a route's model."""
        entry = None if self.catalogue is None else self.catalogue.get(route.model)
        return None if entry is None else entry.price


async def smoke(
    checks: Sequence[RouteCheck], plan: SmokePlan, *, places: asyncio.Semaphore, shape: Shape = Shape.TEXT
) -> AsyncGenerator[SmokeEvent, None]:
    """Smoke-test routes in parallel and yield their events as they arrive.

    A route whose offline verdict is drift is held back: nothing is sent for it, on this family or on another.

    Args:
        checks: The routes with their offline checks.
        plan: The client, the session's budget and the limits.
        places: Limits the calls in flight; shared by all concurrent callers.
        shape: What to send.

    """
    streams = [smoke_route(check, plan, shape) for check in checks]
    async with measured_lag() as lag, aclosing(merge(streams, places=places)) as events:
        async for event in events:
            yield event
        yield LoopLagMeasured(lag.p99_ms)


async def smoke_route(check: RouteCheck, plan: SmokePlan, shape: Shape) -> AsyncGenerator[SmokeEvent, None]:
    """Smoke-test one route and yield its events; the last two are `SmokeFinished` and `BudgetSpent`."""
    route = check.route
    if check.verdict is Verdict.DRIFT:
        yield SmokeFinished(replace(held(check), shape=shape))
        return
    if plan.account is not None and (refusal := plan.account.refusal) is not None:
        yield SmokeFinished(replace(_blank(route), status=SmokeStatus.BLOCKED, classification=refusal, shape=shape))
        return
    request = plan.request(route, shape)
    price = plan.price_of(route)
    cost = estimate(len(request.body), request.max_output_tokens, price)
    if (over := plan.reservations.reserve(cost)) is not None:
        refused = judged(Category.BUDGET_EXCEEDED, over.message)
        blank = replace(_blank(route), status=SmokeStatus.BLOCKED, classification=refused, shape=shape)
        yield SmokeFinished(blank)
        return
    taken = Spent()
    try:
        yield SmokeStarted(route, plan.now())
        async with aclosing(call_route(route, plan.gateway, request)) as events:
            async for event in events:
                if isinstance(event, SmokeFinished):
                    taken = taken_by(event.result, cost, price)
                    if plan.account is not None:
                        plan.account.note(event.result.classification)
                    yield SmokeFinished(_joined(event.result, plan))
                else:
                    taken = cost.taken()  # if stopped from here on, it was sent and may be billed in full
                    yield event
    finally:
        plan.reservations.settle(cost, taken)
    yield BudgetSpent(plan.reservations.budget)


def _joined(result: SmokeResult, plan: SmokePlan) -> SmokeResult:
    """Return a result with what the ladder proved of its route before."""
    if result.classification is None or result.key not in plan.proven_keys:
        return result
    return replace(result, classification=refused_after_proof(result.classification))


def taken_by(result: SmokeResult, cost: Estimate, price: Price | None) -> Spent:
    """Return what to book for a call.

    That is the reported usage; without one, what was sent and received here, if the answer is complete, and
    otherwise all that was reserved.
    """
    if result.input_tokens is not None and result.output_tokens is not None:
        money = cost_of(price, result.input_tokens, result.output_tokens)
        return cost.taken(result.input_tokens + result.output_tokens, money)
    if took_nothing(result.requests_sent, result.http_status):
        return Spent()
    return cost.taken() if result.counted is None else cost.counted(by_bytes(result.counted, price))


def by_bytes(counted: Counted, price: Price | None) -> Estimate:
    """Return what a call took, by the bytes that were sent and received."""
    return estimate(counted.sent_bytes, estimated_tokens(counted.received_bytes), price)


async def call_route(route: Route, gateway: Gateway, request: ProbeRequest) -> AsyncGenerator[SmokeEvent, None]:
    """Make one streamed call through a route and yield its events; the last one is `SmokeFinished`."""
    exchange = Exchange(route, gateway.secret, request)
    failure: CallError | None = None
    try:
        call = gateway.call(
            request.path_on(route), route.endpoint_family, request.body, stream=True, headers=request.headers
        )
        async with aclosing(call) as parts:
            give_up_at: float | None = None
            while not exchange.is_over and (part := await _next(parts, exchange, give_up_at)) is not None:
                for event in exchange.take(part):
                    yield event
                if exchange.is_settled and give_up_at is None:
                    give_up_at = asyncio.get_running_loop().time() + _GRACE_S
    except CallError as error:
        failure = error
    for event in exchange.finish(failure):
        yield event


async def _next(parts: AsyncGenerator[CallPart, None], exchange: Exchange, give_up_at: float | None) -> CallPart | None:
    """Return the call's next part, or None at its end; once the answer is complete, the end must come soon."""
    if give_up_at is None:
        return await anext(parts, None)
    try:
        async with asyncio.timeout_at(give_up_at):
            return await anext(parts, None)
    except TimeoutError:
        exchange.has_open_end = True
        return None


def interrupted(route: Route, *, is_sent: bool) -> SmokeResult:
    """Return the result of a smoke test that the operator stopped: its outcome is unknown."""
    return replace(_blank(route), requests_sent=int(is_sent))


def held(check: RouteCheck) -> SmokeResult:
    """Return the result of a route held back by its offline verdict: nothing was sent."""
    return replace(
        _blank(check.route),
        status=SmokeStatus.BLOCKED,
        classification=judged(Category.ENDPOINT_DRIFT, "the offline check found drift; no request was sent"),
        findings=tuple(finding for finding in check.findings if finding.severity is Severity.FAIL),
    )


def _blank(route: Route) -> SmokeResult:
    return SmokeResult(route.key, route.model, route.endpoint_family, route.endpoint_path, status=SmokeStatus.UNKNOWN)
