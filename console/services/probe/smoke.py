"""Smoke: one real, streamed call through a route, judged by its family's contract. One request, never a retry."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from console.domain.category import Category, judged
from console.domain.contract import RouteCheck, Severity, Verdict
from console.domain.event import LoopLagMeasured, SmokeEvent, SmokeFinished, SmokeResult, SmokeStarted, SmokeStatus
from console.domain.route import Route
from console.services.probe.call import CallPart
from console.services.probe.exchange import Exchange
from console.services.probe.failure import CallError
from console.services.probe.fanout import merge
from console.services.probe.gateway import Gateway
from console.services.probe.loop_lag import measured_lag
from console.wire import FAMILY_WIRES

PROMPT = "Reply with OK."
"""What a smoke call sends: the same fixed words in every call, so nothing of the operator's can be in it."""

_GRACE_S = 2.0
"""How long a call may stay open after its answer is complete, in seconds."""


async def smoke(
    checks: Sequence[RouteCheck],
    gateway: Gateway,
    *,
    places: asyncio.Semaphore,
    max_output_tokens: int,
    now: Callable[[], float] = time.time,
) -> AsyncGenerator[SmokeEvent, None]:
    """Smoke routes side by side and yield their events as they come.

    A route whose offline verdict is drift is held: nothing is sent for it, on this family or on another.

    Args:
        checks: The routes with their offline checks.
        gateway: The open client.
        places: The places for calls in flight; shared by all that call at the same time.
        max_output_tokens: The token limit of each call.
        now: The wall clock, for the request log.

    """
    streams = [_smoke_route(check, gateway, max_output_tokens, now) for check in checks]
    async with measured_lag() as lag, aclosing(merge(streams, places=places)) as events:
        async for event in events:
            yield event
        yield LoopLagMeasured(lag.p99_ms)


async def _smoke_route(
    check: RouteCheck, gateway: Gateway, max_output_tokens: int, now: Callable[[], float]
) -> AsyncGenerator[SmokeEvent, None]:
    if check.verdict is Verdict.DRIFT:
        yield SmokeFinished(held(check))
        return
    yield SmokeStarted(check.route, now())
    exchange = Exchange(check.route, gateway.secret)
    wire = FAMILY_WIRES[check.route.endpoint_family]
    body = wire.build(check.route.model, PROMPT, max_output_tokens=max_output_tokens, stream=True)
    failure: CallError | None = None
    try:
        call = gateway.call(check.route.endpoint_path, check.route.endpoint_family, body, stream=True)
        async with aclosing(call) as parts:
            give_up_at: float | None = None
            while not exchange.is_over and (part := await _next(parts, exchange, give_up_at)) is not None:
                for event in exchange.take(part):
                    yield event
                await asyncio.sleep(0)  # a part that is already here does not let others run by itself
                if exchange.is_settled and give_up_at is None:
                    give_up_at = asyncio.get_running_loop().time() + _GRACE_S
    except CallError as error:
        failure = error
    for event in exchange.finish(failure):
        yield event


async def _next(parts: AsyncGenerator[CallPart, None], exchange: Exchange, give_up_at: float | None) -> CallPart | None:
    """Return the call's next part, or None at its end; once the answer is complete the end has to come soon."""
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
    """Return the result of a route that is held back by its offline verdict: nothing was sent."""
    return replace(
        _blank(check.route),
        status=SmokeStatus.BLOCKED,
        classification=judged(Category.ENDPOINT_DRIFT, "the offline check found drift; no request was sent"),
        findings=tuple(finding for finding in check.findings if finding.severity is Severity.FAIL),
    )


def _blank(route: Route) -> SmokeResult:
    return SmokeResult(route.role, route.model, route.endpoint_family, route.endpoint_path, status=SmokeStatus.UNKNOWN)
