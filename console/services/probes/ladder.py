"""Climbing the probe ladder: each rung only if the one below held; its price is shown before, its cost after."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.errors.category import Category, judged
from console.domain.finding import Severity
from console.domain.money import FREE, Estimate, Price, estimate
from console.domain.probes.assertion import finding_of
from console.domain.probes.catalogue import Catalogue, changes, check_listed
from console.domain.probes.event import (
    BudgetSpent,
    CatalogueRead,
    CheckEvent,
    CheckFinished,
    LoopLagMeasured,
    RungFinished,
    RungStarted,
    SmokeFinished,
)
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.family import EndpointFamily
from console.domain.routes.route import Route
from console.domain.routes.route_key import RouteKey
from console.domain.routes.shape import Shape
from console.services.probes.catalogue_reader import CatalogueProof, read_catalogue
from console.services.probes.connection import prove_connection
from console.services.probes.content_check import ContentProof, content_check, content_cost
from console.services.probes.cross_check import CrossProof, ask_whole, cross_check
from console.services.probes.key_control import KeyProof, PathControls
from console.services.probes.loop_lag import measured_lag
from console.services.probes.smoke import SmokePlan, smoke_route
from console.services.system.merge import merge

_SHAPES = {Rung.SMOKE: Shape.TEXT, Rung.SHAPE: Shape.ROLE}


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """How far to climb, and with what."""

    top: Rung
    plan: SmokePlan
    connect_timeout_s: float
    last_catalogue: Catalogue | None = None
    """The last check's catalogue, to say what changed."""
    is_read_only: bool = False
    """Whether nothing that could cost is sent: no key control, no call that generates."""
    crosses: bool = False
    """Whether to run the cross checks too, after a streamed test that passed."""
    counts: bool = False
    """Whether to ask for a known count too, after a streamed test that passed."""


async def climb(
    checks: Sequence[RouteCheck], how: LadderPlan, *, places: asyncio.Semaphore
) -> AsyncGenerator[CheckEvent, None]:
    """Climb the ladder for routes and yield what each rung showed.

    Rungs 0 to 2 are proven once for all routes, and rung 3 once for the routes of one path; above it, the routes climb
    separately and in parallel. A route with drift does not climb: nothing is sent for it, on its family or on another.
    """
    lists: CatalogueProof | None = None
    for check in checks:
        yield RungFinished(offline_result(check))
    climbing = [check for check in checks if check.verdict is not Verdict.DRIFT]
    if how.top >= Rung.CONNECTION:
        async for event in _connect(climbing, how):
            yield event
            if isinstance(event, RungFinished) and not event.result.holds:
                climbing = []
    if how.top >= Rung.CATALOGUE and (climbing or all(check.verdict is Verdict.DRIFT for check in checks)):
        lists = await read_catalogue(how.plan.gateway, [check.route for check in checks])
        last = how.last_catalogue
        changed = () if last is None else tuple(changes(last, lists.catalogue))
        yield CatalogueRead(lists.catalogue, changed, is_first=last is None)
        how = replace(how, plan=replace(how.plan, catalogue=lists.catalogue))
        for position, check in enumerate(climbing):
            yield RungFinished(_of_lists(check, lists, is_first=position == 0))
    if how.top >= Rung.KEY and not how.is_read_only:
        held: list[RouteCheck] = []
        proven: set[RouteKey] = set()
        paths = [(on_path, _controls(how, lists, is_first=not at)) for at, on_path in enumerate(_by_path(climbing))]
        controls = [_prove_key(check, how, shared) for on_path, shared in paths for check in on_path]
        async with measured_lag() as lag:
            async with aclosing(merge(controls, places=places)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, RungFinished) and event.result.holds:
                        held += [check for check in climbing if check.route.key == event.result.key]
                    if isinstance(event, RungFinished) and event.result.status is RungStatus.PASSED:
                        proven.add(event.result.key)
            how = replace(how, plan=replace(how.plan, proven_keys=frozenset(proven)))
            streams = [_climb_paid(check, how) for check in climbing if check in held]
            async with aclosing(merge(streams, places=places)) as events:
                async for event in events:
                    yield event
            yield LoopLagMeasured(lag.p99_ms)
    yield CheckFinished(tuple(check.route.key for check in checks), how.top)


def _of_lists(check: RouteCheck, lists: CatalogueProof, *, is_first: bool) -> RungResult:
    """Return what the gateway's lists say about a route. A list that is absent is not a failure."""
    status = RungStatus.PASSED if lists.catalogue.sources else RungStatus.UNPROVEN
    return RungResult(
        check.route.key,
        Rung.CATALOGUE,
        status,
        findings=(*check_listed(check, lists.catalogue), *lists.findings),
        notes=lists.notes,
        requests_sent=lists.requests_sent if is_first else 0,
    )


def _by_path(checks: Sequence[RouteCheck]) -> list[list[RouteCheck]]:
    """Return the routes in groups of one family and path, in their order."""
    groups: dict[tuple[EndpointFamily, str], list[RouteCheck]] = {}
    for check in checks:
        groups.setdefault((check.route.endpoint_family, check.route.endpoint_path), []).append(check)
    return list(groups.values())


def offline_result(check: RouteCheck) -> RungResult:
    """Return rung 0 for a route: what its offline check found."""
    has_failure = any(finding.severity is Severity.FAIL for finding in check.findings)
    status = RungStatus.FAILED if has_failure else RungStatus.PASSED
    if check.verdict is Verdict.DRIFT:
        drift = judged(Category.ENDPOINT_DRIFT, "the offline check found drift; no request was sent")
        return RungResult(
            check.route.key, Rung.OFFLINE, RungStatus.BLOCKED, findings=check.findings, classification=drift
        )
    return RungResult(check.route.key, Rung.OFFLINE, status, findings=check.findings)


async def _connect(climbing: Sequence[RouteCheck], how: LadderPlan) -> AsyncGenerator[CheckEvent, None]:
    """Prove the connection once; its request counts for the first route."""
    if not climbing:
        return
    for check in climbing:
        yield RungStarted(check.route.key, Rung.CONNECTION, FREE)
    path = climbing[0].route.endpoint_path
    proof = await prove_connection(how.plan.gateway, path, timeout_s=how.connect_timeout_s)
    status = RungStatus.PASSED
    if proof.failure is not None:
        stops = proof.failure.category is Category.ORIGIN_REFUSED
        status = RungStatus.BLOCKED if stops else RungStatus.FAILED
    elif any(finding.severity is Severity.FAIL for finding in proof.findings):
        status = RungStatus.FAILED
    for position, check in enumerate(climbing):
        yield RungFinished(
            RungResult(
                check.route.key,
                Rung.CONNECTION,
                status,
                findings=proof.findings,
                classification=proof.failure,
                notes=proof.notes,
                requests_sent=proof.requests_sent if position == 0 else 0,
                elapsed_ms=proof.elapsed_ms,
            )
        )


def _controls(how: LadderPlan, lists: CatalogueProof | None, *, is_first: bool) -> PathControls:
    """Return the controls that the routes of one path share."""
    return PathControls(
        how.plan.gateway,
        how.plan.reservations,
        None if lists is None else lists.catalogue,
        None if lists is None else lists.key_refusal,
        tries_unknown=is_first,
    )


async def _prove_key(check: RouteCheck, how: LadderPlan, controls: PathControls) -> AsyncGenerator[CheckEvent, None]:
    """Prove key and path for a route."""
    yield RungStarted(check.route.key, Rung.KEY, FREE)
    proof = await controls.prove(check.route)
    yield RungFinished(_of_key(check.route, proof))
    if proof.tokens != 0:
        yield BudgetSpent(how.plan.reservations.budget)


def _of_key(route: Route, proof: KeyProof) -> RungResult:
    return RungResult(
        route.key,
        Rung.KEY,
        proof.status,
        findings=proof.findings,
        classification=proof.classification,
        notes=proof.notes,
        tokens=proof.tokens,
        price_after_microusd=0 if proof.tokens == 0 else None,
        requests_sent=proof.requests_sent,
    )


async def _climb_paid(check: RouteCheck, how: LadderPlan) -> AsyncGenerator[CheckEvent, None]:
    """Climb the rungs that make the gateway generate, for one route."""
    holds = True
    for rung in (Rung.SMOKE, Rung.SHAPE):
        if rung > how.top or not holds:
            return
        async with aclosing(_climb_call(check, how, rung)) as events:
            async for event in events:
                yield event
                if isinstance(event, RungFinished):
                    holds = event.result.holds


async def _climb_call(check: RouteCheck, how: LadderPlan, rung: Rung) -> AsyncGenerator[CheckEvent, None]:
    route, shape = check.route, _SHAPES[rung]
    counts = how.counts and rung is Rung.SMOKE
    price_before = call_price(route, how.plan, shape)
    if counts:
        price_before = price_before.plus(content_cost(route, how.plan))
    yield RungStarted(route.key, rung, price_before)
    async with aclosing(smoke_route(check, how.plan, shape)) as events:
        async for event in events:
            yield event
            if isinstance(event, SmokeFinished):
                proof = _of_smoke(event.result, rung, price_before, how.plan.price_of(route))
                if how.crosses and rung is Rung.SMOKE and proof.holds:
                    proof = _crossed(proof, await cross_check(route, how.plan, event.result))
                elif how.crosses and event.result.is_eventless:
                    proof = _explained(proof, await ask_whole(route, how.plan))
                if counts and proof.holds:
                    proof = _counted(proof, await content_check(route, how.plan))
                    yield BudgetSpent(how.plan.reservations.budget)
                yield RungFinished(proof)


def call_price(route: Route, plan: SmokePlan, shape: Shape) -> Estimate:
    """Return the most that one call in a shape may take."""
    request = plan.request(route, shape)
    return estimate(len(request.body), request.max_output_tokens, plan.price_of(route))


def _crossed(proof: RungResult, cross: CrossProof) -> RungResult:
    return replace(
        proof,
        findings=(*proof.findings, *cross.findings),
        notes=(*proof.notes, *cross.notes),
        requests_sent=proof.requests_sent + cross.requests_sent,
    )


def _explained(proof: RungResult, cross: CrossProof) -> RungResult:
    """Return the rung's result with what the whole answer says of a stream that died before its first event."""
    crossed = _crossed(proof, cross)
    if cross.classification is None:
        return crossed
    status = RungStatus.BLOCKED if cross.classification.category.stops_before_generation else proof.status
    return replace(crossed, classification=cross.classification, status=status)


def _counted(proof: RungResult, content: ContentProof) -> RungResult:
    is_cut = any(finding.severity is Severity.FAIL for finding in content.findings)
    is_named = proof.tokens is not None and content.tokens is not None
    money = proof.price_after_microusd
    return replace(
        proof,
        status=RungStatus.FAILED if is_cut else proof.status,
        findings=(*proof.findings, *(each for each in content.findings if each not in proof.findings)),
        notes=(*proof.notes, *content.notes),
        tokens=(proof.tokens or 0) + (content.tokens or 0) if is_named else None,
        price_after_microusd=None if money is None else money + content.microusd,
        requests_sent=proof.requests_sent + content.requests_sent,
    )


def given_up(started: RungStarted) -> RungResult:
    """Return the result of a rung that the operator stopped: it proves nothing."""
    return RungResult(
        started.key, started.rung, RungStatus.FAILED, notes=("stopped",), price_before=started.price_before
    )


def _of_smoke(result: SmokeResult, rung: Rung, price_before: Estimate, price: Price | None) -> RungResult:
    """Return the rung's result for a smoke test's result."""
    ended = result.rung_status
    is_misshapen = rung is Rung.SHAPE and ended is RungStatus.FAILED and not result.is_at_limit
    return RungResult(
        result.key,
        rung,
        ended,
        findings=(*result.findings, finding_of("ROLE-03", "not_in_shape")) if is_misshapen else result.findings,
        classification=result.classification,
        price_before=price_before,
        tokens=result.tokens,
        price_after_microusd=result.cost(price),
        requests_sent=result.requests_sent,
        elapsed_ms=result.total_ms,
    )
