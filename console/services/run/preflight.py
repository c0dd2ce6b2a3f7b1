"""Preflight: everything we can check before anything is generated. A failure stops the run, but no draft has failed."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.probes.event import CatalogueRead
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.run.event import PreflightFinished, RouteProof, StopCause, noted
from console.domain.run.gate import Gate
from console.domain.run.needed_roles import check_roles
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.domain.verification import check_freshness, rows
from console.domain.verification import state as state_of_row
from console.domain.workflows.boundary import Boundary
from console.domain.workflows.rule import NOT_READ
from console.services.open_gateway import Target
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.smoke import SmokePlan
from console.services.run.judging import check_independence
from console.services.run.repository import read_commit
from console.services.run.routing import independence
from console.services.run.run_context import RunContext, RunInputs
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.services.workflows.boundary import check_boundary, names_set

UNPRICED = "MOD-05"
"""A gateway that publishes prices refuses a model without one before any call; we could not bound its cost either."""
_PASSING = frozenset({Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT})
"""Problems that may be gone if we ask again later."""


@dataclass(frozen=True, slots=True)
class PreflightStop:
    """Why a run cannot go on: it is stopped, or held if asking again later may help."""

    cause: StopCause
    words: str
    category: Category | None = None
    findings: tuple[Finding, ...] = ()
    is_held: bool = False


async def run_preflight(
    context: RunContext, state: RunState, inputs: RunInputs, target: Target
) -> PreflightFinished | PreflightStop:
    """Check the roles, the boundary, the repository, the verification rows and every route up to rung 3."""
    findings = [*_check_roles(context, state), *_check_judges(state), *_check_rows(context)]
    findings += await _check_repository(context, state, inputs)
    boundary = await check_boundary(
        Path(inputs.repository), names_set(context.environment), own_names=context.profile.policy.withheld_tokens
    )
    findings += boundary.findings
    about = [each.finding.about(safe(check.path, limit=120)) for check in boundary.workflows for each in check.findings]
    findings += [each for each in about if each.id == NOT_READ.id]
    broken = [each for each in findings if each.severity is Severity.FAIL]
    if broken:
        return PreflightStop(StopCause.PREFLIGHT, _in_words(broken), findings=tuple(broken))
    checks = _checks_in_use(context, state)
    climbed = await _climb(context, checks, target)
    for route in climbed:
        stop = _stop_of(route, require_price=context.profile.policy.require_price)
        if stop is not None:
            return stop
    more = [finding for route in climbed for result in route.rungs for finding in result.findings]
    return _finished(climbed, boundary, [*findings, *about, *more], target)


def _checks_in_use(context: RunContext, state: RunState) -> tuple[RouteCheck, ...]:
    """Return the offline checks of the run's routes, without the fallback's: no role has been moved to it yet."""
    used = {route.role for route in state.routes} - {Role.FALLBACK}
    checks = context.profile.check(_today(context), context.environment)
    return tuple(each for each in checks if each.route.role in used)


async def _climb(context: RunContext, checks: tuple[RouteCheck, ...], target: Target) -> tuple[ProvenRoute, ...]:
    routes = tuple(ProvenRoute(check) for check in checks)
    if target.gateway is None:
        return routes
    gateway = context.profile.gateway
    plan = SmokePlan(target.gateway, context.reservations, gateway.smoke_max_output_tokens)
    how = LadderPlan(Rung.KEY, plan, gateway.connect_timeout_s)
    places = asyncio.Semaphore(gateway.concurrency)
    async with aclosing(climb(checks, how, places=places)) as events:
        async for event in events:
            routes = tuple(route.apply(event) for route in routes)
            if isinstance(event, CatalogueRead):
                context.catalogues.keep(event.catalogue)
    return routes


def _stop_of(route: ProvenRoute, *, require_price: bool) -> PreflightStop | None:
    """Return how a route's checks stop the run; None if they do not."""
    role = route.role
    if route.check.verdict is Verdict.DRIFT:
        words = f"{role}: {route.check.route.model} is not served on {route.check.route.endpoint_family}"
        drift = tuple(each for each in route.check.findings if each.severity is Severity.FAIL)
        return PreflightStop(StopCause.PREFLIGHT, words, Category.ENDPOINT_DRIFT, drift)
    for result in route.rungs:
        unpriced = tuple(each for each in result.findings if each.id == UNPRICED)
        if unpriced and require_price:
            words = f"{role}: the gateway has prices, but none for {route.check.route.model}; price or enable it there"
            return PreflightStop(StopCause.PREFLIGHT, words, Category.ACCOUNT_PRICING, unpriced)
        if result.classification is not None:
            return _stop_of_refusal(role, result.rung, result.classification, result.findings)
        if result.status in (RungStatus.FAILED, RungStatus.BLOCKED):
            broken = tuple(each for each in result.findings if each.severity is Severity.FAIL)
            return PreflightStop(
                StopCause.PREFLIGHT, f"{role}: rung {int(result.rung)} does not hold: {_in_words(broken)}", None, broken
            )
    return None


def _stop_of_refusal(role: Role, rung: Rung, found: Classification, findings: Sequence[Finding]) -> PreflightStop:
    words = f"{role}: rung {int(rung)}: {found.category}: {found.evidence}. {found.action}"
    is_held = found.category in _PASSING and not found.stops
    return PreflightStop(StopCause.PREFLIGHT, words, found.category, tuple(findings), is_held=is_held)


def _finished(
    climbed: Sequence[ProvenRoute], boundary: Boundary, findings: Sequence[Finding], target: Target
) -> PreflightFinished:
    proofs = tuple(RouteProof(route.role, int(route.reached), route.verdict.value) for route in climbed)
    return PreflightFinished(
        proofs,
        noted(tuple(dict.fromkeys(findings))),
        target.token.state.value,
        boundary.publisher_token_available,
        boundary.cloud_token_available,
        boundary.ci_token_permissions.value,
    )


def _check_roles(context: RunContext, state: RunState) -> Iterator[Finding]:
    attempts = 1 if state.created is None else state.created.policy.max_attempts
    roles = {role for role in Role if state.route(role) is not None}
    yield from check_roles(context.profile.name, roles, attempts, Severity.FAIL)


def _check_judges(state: RunState) -> Iterator[Finding]:
    least = 0 if state.created is None else state.created.policy.min_independence
    for gate in (Gate.REVIEWER, Gate.CRITIC):
        yield from check_independence(independence(state, gate), least)


def _check_rows(context: RunContext) -> tuple[Finding, ...]:
    """Find stale rows of the verification table; they stop the run only if the policy says so."""
    policy = context.profile.policy
    try:
        marks = MarkFile(state_directory(context.environment), context.profile.name).read().marks
    except PrivateFileError as error:
        return (Finding("VERIFY-03", Severity.WARN, f"the verification marks cannot be read: {error}"),)
    states = [state_of_row(row, marks, _today(context), policy.verification_max_age_days) for row in rows()]
    return check_freshness(states, is_required=policy.require_verification)


def _today(context: RunContext) -> date:
    return datetime.fromtimestamp(context.now_ms() / 1000, UTC).date()


async def _check_repository(context: RunContext, state: RunState, inputs: RunInputs) -> list[Finding]:
    commit = await read_commit(Path(inputs.repository), context.environment)
    if state.created is None or commit == state.created.repository.commit:
        return []
    return [
        Finding("REPO-01", Severity.FAIL, "the repository's commit has changed since the run began; begin another run")
    ]


def _in_words(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{each.id}: {each.message}" for each in findings[:3]) or "no finding says why"
