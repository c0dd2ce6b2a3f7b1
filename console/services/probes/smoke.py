"""Smoke: one real, streamed call through a route, judged by its family's contract. One request, never a retry."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.errors.category import Category, judged
from console.domain.finding import Finding, Severity
from console.domain.money import Estimate, Price, Spent, estimate, price_of, took_nothing
from console.domain.probes.assertion import finding_of
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import BudgetSpent, LoopLagMeasured, SmokeEvent, SmokeFinished, SmokeStarted
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.route import Route
from console.domain.routes.shape import Shape
from console.services.gateway.call import CallPart, read_whole
from console.services.gateway.client import Gateway
from console.services.gateway.failure import CallError
from console.services.gateway.reservations import Reservations
from console.services.probes.exchange import Exchange
from console.services.probes.loop_lag import measured_lag
from console.services.probes.request import ProbeRequest, request_for
from console.services.system.merge import merge
from console.wire.json_value import count_at, decode

_COUNT_LIMIT = 65_536
_GRACE_S = 2.0
"""How long a call may stay open after its answer is complete, in seconds."""


@dataclass(frozen=True, slots=True)
class SmokePlan:
    """What all calls of one smoke test share."""

    gateway: Gateway
    reservations: Reservations
    max_output_tokens: int
    """The token limit of each call."""
    catalogue: Catalogue | None = None
    """Where to look up prices; None if it was not read."""
    now: Callable[[], float] = time.time
    """The wall clock, for the request log."""

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
    request = request_for(route, shape, max_output_tokens=plan.max_output_tokens)
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
        uncounted = await _count_tokens(route, plan.gateway, request)
        async with aclosing(call_route(route, plan.gateway, request)) as events:
            async for event in events:
                if isinstance(event, SmokeFinished):
                    taken = taken_by(event.result, cost, price)
                    more = () if uncounted is None else (uncounted,)
                    sent = event.result.requests_sent + bool(request.count_path)
                    found_all = (*event.result.findings, *more)
                    yield SmokeFinished(replace(event.result, findings=found_all, requests_sent=sent))
                else:
                    taken = cost.taken()  # if stopped from here on, it was sent and may be billed in full
                    yield event
    finally:
        plan.reservations.settle(cost, taken)
    yield BudgetSpent(plan.reservations.budget)


def taken_by(result: SmokeResult, cost: Estimate, price: Price | None) -> Spent:
    """Return what to book for a call: what was reserved for it if the answer reports no usage."""
    if result.input_tokens is not None and result.output_tokens is not None:
        money = price_of(price, result.input_tokens, result.output_tokens)
        return cost.taken(result.input_tokens + result.output_tokens, money)
    return Spent() if took_nothing(result.requests_sent, result.http_status) else cost.taken()


async def _count_tokens(route: Route, gateway: Gateway, request: ProbeRequest) -> Finding | None:
    """Request a token count if the agent does so first; this generates nothing."""
    if not request.count_path:
        return None
    call = gateway.call(request.count_path, route.endpoint_family, request.count_body, headers=request.headers)
    try:
        reply = await read_whole(call, limit=_COUNT_LIMIT)
    except CallError:
        return finding_of("AGT-01", "not_counted")
    is_counted = reply.is_success and count_at(decode(reply.body), "input_tokens") is not None
    return None if is_counted else finding_of("AGT-01", "not_counted", f"status {reply.status}")


async def call_route(route: Route, gateway: Gateway, request: ProbeRequest) -> AsyncGenerator[SmokeEvent, None]:
    """Make one streamed call through a route and yield its events; the last one is `SmokeFinished`."""
    exchange = Exchange(route, gateway.secret, request)
    failure: CallError | None = None
    try:
        call = gateway.call(
            route.endpoint_path, route.endpoint_family, request.body, stream=True, headers=request.headers
        )
        async with aclosing(call) as parts:
            give_up_at: float | None = None
            while not exchange.is_over and (part := await _next(parts, exchange, give_up_at)) is not None:
                for event in exchange.take(part):
                    yield event
                await asyncio.sleep(0)  # awaiting a part that is already here does not let others run
                if exchange.is_settled and give_up_at is None:
                    give_up_at = asyncio.get_running_loop().time() + _GRACE_S
    except CallError as error:
        failure = error
    for event in exchange.finish(failure):
        yield event


async def _next(parts: AsyncGenerator[CallPart, None], exchange: Exchange, give_up_at: float | None) -> CallPart | None:
    """Return the call's next part, or None at its end; once the answer is complete, the end must come soon."""
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
    return SmokeResult(route.role, route.model, route.endpoint_family, route.endpoint_path, status=SmokeStatus.UNKNOWN)
