"""Preflight: all that can be known before anything is generated. What it finds stops the run, and no draft failed."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.probes.event import RoutesChecked
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.run.event import PreflightFinished, RouteProof, StopCause, noted
from console.domain.run.gate import Gate
from console.domain.run.state import RunState
from console.domain.verification import check_freshness, rows
from console.domain.verification import state as state_of_row
from console.domain.workflows.boundary import Boundary
from console.domain.workflows.rule import NOT_READ
from console.services.gateway.reservations import Purse
from console.services.open_gateway import Target
from console.services.probes.ladder import Climb, climb
from console.services.probes.smoke import SmokePlan
from console.services.run.judging import check_independence
from console.services.run.repository import read_commit
from console.services.run.routing import independence
from console.services.run.run_context import RunContext, RunInputs
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.services.workflows.boundary import check_boundary, names_set
from console.view.console_state import ConsoleState, RouteState, apply

NEEDED = (Role.PLANNER, Role.WRITER, Role.REVIEWER, Role.CRITIC)
"""The roles without which no run can be made. A revision without a route of its own cannot be written either."""
UNPRICED = "MOD-05"
"""A gateway that names prices refuses a model without one before any call, and its cost could not be bounded anyway."""
_PASSING = frozenset({Category.RATE_LIMIT, Category.UPSTREAM_UNAVAILABLE, Category.TIMEOUT})
"""What may be over when the same is asked later."""


@dataclass(frozen=True, slots=True)
class PreflightStop:
    """Why a run cannot go on: it is stopped, or held where the same may be asked again later."""

    cause: StopCause
    words: str
    category: Category | None = None
    findings: tuple[Finding, ...] = ()
    is_held: bool = False


async def run_preflight(
    desk: RunContext, state: RunState, inputs: RunInputs, target: Target
) -> PreflightFinished | PreflightStop:
    """Check the roles, the boundary, the repository, the verification rows and every route up to rung 3."""
    findings = [*_check_roles(state), *_check_judges(state), *_check_rows(desk)]
    findings += await _check_repository(desk, state, inputs)
    boundary = await check_boundary(
        Path(inputs.repository), names_set(desk.environment), own_names=desk.profile.policy.withheld_tokens
    )
    findings += boundary.findings
    findings += [
        each.finding for check in boundary.workflows for each in check.findings if each.finding.id == NOT_READ.id
    ]
    broken = [each for each in findings if each.severity is Severity.FAIL]
    if broken:
        return PreflightStop(StopCause.PREFLIGHT, _in_words(broken), findings=tuple(broken))
    checks = _checks_in_use(desk, state)
    climbed = await _climb(desk, checks, target)
    for route in climbed.routes:
        stop = _stop_of(route, require_price=desk.profile.policy.require_price)
        if stop is not None:
            return stop
    more = [finding for route in climbed.routes for result in route.rungs for finding in result.findings]
    about = [each.finding for check in boundary.workflows for each in check.findings]
    return _finished(climbed, boundary, [*findings, *about, *more], target)


def _checks_in_use(desk: RunContext, state: RunState) -> tuple[RouteCheck, ...]:
    """Return the offline checks of the routes that this run uses; a fallback that nobody moved to is not one."""
    used = {route.role for route in state.routes} - {Role.FALLBACK}
    return tuple(each for each in desk.profile.check() if each.route.role in used)


async def _climb(desk: RunContext, checks: tuple[RouteCheck, ...], target: Target) -> ConsoleState:
    state = apply(ConsoleState(desk.profile.name), RoutesChecked(checks))
    if target.gateway is None:
        return state
    gateway = desk.profile.gateway
    plan = SmokePlan(target.gateway, Purse(desk.profile.budget()), gateway.smoke_max_output_tokens)
    how = Climb(Rung.KEY, plan, gateway.connect_timeout_s)
    places = asyncio.Semaphore(gateway.concurrency)
    async with aclosing(climb(checks, how, places=places)) as events:
        async for event in events:
            state = apply(state, event)
    if state.catalogue is not None:
        desk.catalogues.keep(state.catalogue.catalogue)
    return state


def _stop_of(route: RouteState, *, require_price: bool) -> PreflightStop | None:
    """Say how a route's checks stop the run; None where they do not."""
    role = route.check.route.role
    if route.check.verdict is Verdict.DRIFT:
        words = f"{role}: {route.check.route.model} is not served on {route.check.route.endpoint_family}"
        drift = tuple(each for each in route.check.findings if each.severity is Severity.FAIL)
        return PreflightStop(StopCause.PREFLIGHT, words, Category.ENDPOINT_DRIFT, drift)
    for result in route.rungs:
        unpriced = tuple(each for each in result.findings if each.id == UNPRICED)
        if unpriced and require_price:
            words = f"{role}: the gateway has prices, and none for {route.check.route.model}: price or enable it there"
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
    climbed: ConsoleState, boundary: Boundary, findings: Sequence[Finding], target: Target
) -> PreflightFinished:
    proofs = tuple(
        RouteProof(route.check.route.role, int(route.reached), route.verdict.value) for route in climbed.routes
    )
    return PreflightFinished(
        proofs,
        noted(tuple(dict.fromkeys(findings))),
        target.token.state.value,
        boundary.publisher_token_available,
        boundary.cloud_token_available,
        boundary.ci_token_permissions.value,
    )


def _check_roles(state: RunState) -> Iterator[Finding]:
    for role in NEEDED:
        if state.route(role) is None:
            yield Finding("PRE-01", Severity.FAIL, f"the profile has no route for {role}")
    attempts = 1 if state.created is None else state.created.policy.max_attempts
    if attempts > 1 and state.route(Role.REVISION) is None:
        yield Finding("PRE-02", Severity.WARN, "the profile has no route for revision: a draft cannot be revised")


def _check_judges(state: RunState) -> Iterator[Finding]:
    least = 0 if state.created is None else state.created.policy.min_independence
    for gate in (Gate.REVIEWER, Gate.CRITIC):
        yield from check_independence(independence(state, gate), least)


def _check_rows(desk: RunContext) -> tuple[Finding, ...]:
    """Find rows of the verification table that are not fresh; they stop the run only where the policy says so."""
    policy = desk.profile.policy
    try:
        marks = MarkFile(state_directory(desk.environment), desk.profile.name).read().marks
    except PrivateFileError as error:
        return (Finding("VERIFY-03", Severity.WARN, f"the verification marks cannot be read: {error}"),)
    today = datetime.fromtimestamp(desk.now_ms() / 1000, UTC).date()
    states = [state_of_row(row, marks, today, policy.verification_max_age_days) for row in rows()]
    return check_freshness(states, is_required=policy.require_verification)


async def _check_repository(desk: RunContext, state: RunState, inputs: RunInputs) -> list[Finding]:
    commit = await read_commit(Path(inputs.repository), desk.environment)
    if state.created is None or commit == state.created.repository.commit:
        return []
    return [
        Finding(
            "REPO-01", Severity.FAIL, "the repository is at another commit than when the run was begun: begin another"
        )
    ]


def _in_words(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{each.id}: {each.message}" for each in findings[:3]) or "no finding says why"
