"""Preflight: everything we can check before anything is generated. A failure stops the run, but no draft has failed."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.money import Budget, OverBudget, Spent
from console.domain.probes.event import CatalogueRead, RungFinished, RungStarted, SmokeFinished
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.run.decide import run_budgets
from console.domain.run.event import PreflightFinished, StopCause, noted
from console.domain.run.gate import Gate
from console.domain.run.needed_roles import check_roles
from console.domain.run.pinned import ProofSpent, RouteProof
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.domain.verification import check_freshness, rows
from console.domain.verification import state as state_of_row
from console.domain.workflows.boundary import Boundary
from console.domain.workflows.rule import NOT_READ
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.open_gateway import Target
from console.services.probes.ladder import LadderPlan, climb
from console.services.probes.request import RoleOrder
from console.services.probes.smoke import SmokePlan
from console.services.run.call_end import why_failed
from console.services.run.judging import check_independence
from console.services.run.repository import read_commit
from console.services.run.routing import independence, used_route
from console.services.run.run_context import RunContext, RunInputs
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.services.workflows.boundary import check_boundary, names_set
from console.services.workflows.zizmor import find_zizmor

UNPRICED = "MOD-05"
"""A gateway that publishes prices refuses a model without one before any call; we could not bound its cost either."""


@dataclass(frozen=True, slots=True)
class PreflightStop:
    """Why a run cannot go on: it is stopped, or held if asking again later may help."""

    cause: StopCause
    words: str
    category: Category | None = None
    findings: tuple[Finding, ...] = ()
    is_held: bool = False
    spent: ProofSpent | None = None
    """What the calls took that led here."""


class RouteProofs:
    """Proves routes up to the rung that the profile's policy wants, and says what that means for a run."""

    def __init__(self, checks: Sequence[RouteCheck]) -> None:
        """Start with the offline checks of the routes; nothing is sent."""
        self.routes = tuple(ProvenRoute(check) for check in checks)
        self.answers: dict[Role, SmokeResult] = {}
        """The newest complete answer of each route."""
        self._reservations: Reservations | None = None
        self._over: OverBudget | None = None

    async def climb(
        self,
        context: RunContext,
        gateway: Gateway,
        budgets: Sequence[Budget] = (),
        criteria: tuple[str, ...] = (),
    ) -> AsyncGenerator[RungStarted, None]:
        """Climb the ladder; yield the start of each paid rung, with its price, before its call.

        Args:
            context: What the run needs; its policy says how far to climb.
            gateway: The open client.
            budgets: The run's own budgets; a call that could exceed one is not made, and neither are those after it.
            criteria: The ids of the criteria by which the run's judges score; empty means the shipped rubric's.

        """
        settings, policy = context.profile.gateway, context.profile.policy
        top = Rung(policy.preflight_level)
        role = RoleOrder(policy.run_max_output_tokens, criteria)
        reservations = self._reservations = context.reservations.narrowed(budgets)
        plan = SmokePlan(gateway, reservations, settings.smoke_max_output_tokens, role=role)
        how = LadderPlan(top, plan, settings.connect_timeout_s)
        # paid rungs one after the other: each must fit what the run's budgets leave after the one before
        places = asyncio.Semaphore(1 if top.is_paid else settings.concurrency)
        checks = [route.check for route in self.routes]
        async with aclosing(climb(checks, how, places=places)) as events:
            async for event in events:
                self.routes = tuple(route.apply(event) for route in self.routes)
                match event:
                    case CatalogueRead():
                        context.catalogues.keep(event.catalogue)
                    case RungStarted() if event.rung.is_paid:
                        yield event
                    case SmokeFinished(result) if result.service is not None:
                        self.answers[result.key.role] = result
                    case RungFinished(result) if result.rung.is_paid and _is_over(result.classification):
                        self._over = reservations.refused
                        if self._over is not None:
                            return

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rungs found."""
        return tuple(finding for route in self.routes for result in route.rungs for finding in result.findings)

    def stop(self, *, require_price: bool) -> PreflightStop | None:
        """Return how the routes' proofs stop a run; None if they do not."""
        if self._over is not None:
            return PreflightStop(StopCause.BUDGET, self._over.message, Category.BUDGET_EXCEEDED)
        stops = (self._stop_of(route, require_price=require_price) for route in self.routes)
        return next((stop for stop in stops if stop is not None), None)

    def _stop_of(self, route: ProvenRoute, *, require_price: bool) -> PreflightStop | None:
        return _stop_of_rungs(route, require_price=require_price) or _stop_of_swap(self.answers.get(route.role))

    @property
    def spent(self) -> ProofSpent | None:
        """What the calls took, as a run records it; None if they took nothing."""
        taken = Spent() if self._reservations is None else self._reservations.taken
        return None if taken == Spent() else ProofSpent(taken.tokens, taken.microusd, taken.is_exact)


def checks_of(context: RunContext, keys: Collection[RouteKey]) -> tuple[RouteCheck, ...]:
    """Return the offline checks of some of the profile's routes."""
    checks = context.profile.check(today_of(context), context.environment)
    return tuple(each for each in checks if each.route.key in keys)


def today_of(context: RunContext) -> date:
    """Return the date in UTC."""
    return datetime.fromtimestamp(context.now_ms() / 1000, UTC).date()


def proof_of(route: ProvenRoute) -> RouteProof:
    """Return how far a route is proven, as a run records it."""
    return RouteProof(route.role, int(route.reached), route.standing.value)


def _is_over(found: Classification | None) -> bool:
    return found is not None and found.category is Category.BUDGET_EXCEEDED


def _stop_of_rungs(route: ProvenRoute, *, require_price: bool) -> PreflightStop | None:
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
                StopCause.PREFLIGHT, f"{role}: rung {int(result.rung)} does not hold: {in_words(broken)}", None, broken
            )
    return None


def _stop_of_refusal(role: Role, rung: Rung, found: Classification, findings: Sequence[Finding]) -> PreflightStop:
    words = f"{role}: rung {int(rung)}: {found.category}: {found.evidence}. {found.action}"
    # A run's own budgets stop it before; the session's only holds it: another session may make the call.
    passes = found.category.passes_by_waiting and not found.stops
    is_held = passes or found.category is Category.BUDGET_EXCEEDED
    return PreflightStop(StopCause.PREFLIGHT, words, found.category, tuple(findings), is_held=is_held)


def _stop_of_swap(answer: SmokeResult | None) -> PreflightStop | None:
    """Return how an answer from another model stops a run: every call of the run would end the same way."""
    if answer is None or not answer.is_swapped:
        return None
    words = f"{answer.key}: {why_failed(answer)}"
    return PreflightStop(StopCause.PREFLIGHT, words, Category.CONTRACT_VIOLATION, answer.findings)


def in_words(findings: Sequence[Finding]) -> str:
    """Return the first findings in one line."""
    return "; ".join(f"{each.id}: {each.message}" for each in findings[:3]) or "no finding says why"


# --- The preflight ---------------------------------------------------------------------------------------------------

UNPROVEN = "INDEP-02"
"""A judge's independence that rests on names only; the models that answer may prove it."""


async def run_preflight(
    context: RunContext, state: RunState, inputs: RunInputs, target: Target, criteria: tuple[str, ...]
) -> AsyncGenerator[RungStarted | PreflightFinished | PreflightStop, None]:
    """Check the roles, the boundary, the repository, the verification rows and every route, as far as the policy says.

    Yields the start of each paid rung, with its price, before its call; last how the preflight ended.
    """
    findings = [*_check_roles(context, state), *_check_judges(state), *_check_rows(context)]
    findings += await _check_repository(context, state, inputs)
    boundary = await check_boundary(
        Path(inputs.repository),
        names_set(context.environment),
        own_names=context.profile.policy.withheld_tokens,
        zizmor=find_zizmor(context.environment),
    )
    findings += boundary.findings
    about = [each.finding.about(safe(check.path, limit=120)) for check in boundary.workflows for each in check.findings]
    findings += [each for each in about if each.id == NOT_READ.id]
    broken = [each for each in findings if each.severity is Severity.FAIL]
    if broken:
        yield PreflightStop(StopCause.PREFLIGHT, in_words(broken), findings=tuple(broken))
        return
    # without the fallback's: no role has been moved to it yet, and a move proves it first
    used = (used_route(context.profile, state, each.role) for each in state.routes if each.role is not Role.FALLBACK)
    proven = RouteProofs(checks_of(context, {route.key for route in used if route is not None}))
    if target.gateway is not None:
        async with aclosing(proven.climb(context, target.gateway, run_budgets(state), criteria)) as started:
            async for each in started:
                yield each
    stop = proven.stop(require_price=context.profile.policy.require_price)
    if stop is None and proven.answers:
        findings = [each for each in findings if each.id != UNPROVEN]
        judged = [*_check_judges(state, proven.answers)]
        findings += judged
        near = tuple(each for each in judged if each.severity is Severity.FAIL)
        stop = PreflightStop(StopCause.PREFLIGHT, in_words(near), findings=near) if near else None
    if stop is not None:
        yield replace(stop, spent=proven.spent)
        return
    yield _finished(proven, boundary, [*findings, *about, *proven.findings], target)


def _finished(
    proven: RouteProofs, boundary: Boundary, findings: Sequence[Finding], target: Target
) -> PreflightFinished:
    return PreflightFinished(
        tuple(proof_of(route) for route in proven.routes),
        noted(tuple(dict.fromkeys(findings))),
        target.token.state.value,
        boundary.publisher_token_available,
        boundary.cloud_token_available,
        boundary.ci_token_permissions.value,
        proven.spent,
    )


def _check_roles(context: RunContext, state: RunState) -> Iterator[Finding]:
    attempts = 1 if state.created is None else state.created.policy.max_attempts
    roles = {role for role in Role if state.route(role) is not None}
    yield from check_roles(context.profile.name, roles, attempts, Severity.FAIL)


def _check_judges(state: RunState, answers: Mapping[Role, SmokeResult] | None = None) -> Iterator[Finding]:
    """Check how independent the judges are. Until something has answered, what is not proven is only noted."""
    policy = None if state.created is None else state.created.policy
    for gate in (Gate.REVIEWER, Gate.CRITIC):
        for each in check_independence(independence(state, gate, answers), policy):
            yield each if answers or each.id != UNPROVEN else replace(each, severity=Severity.WARN)


def _check_rows(context: RunContext) -> tuple[Finding, ...]:
    """Find stale rows of the verification table; they stop the run only if the policy says so."""
    policy = context.profile.policy
    try:
        marks = MarkFile(state_directory(context.environment), context.profile.name).read().marks
    except PrivateFileError as error:
        return (Finding("VERIFY-03", Severity.WARN, f"the verification marks cannot be read: {error}"),)
    states = [state_of_row(row, marks, today_of(context), policy.verification_max_age_days) for row in rows()]
    return check_freshness(states, is_required=policy.require_verification)


async def _check_repository(context: RunContext, state: RunState, inputs: RunInputs) -> list[Finding]:
    commit = await read_commit(Path(inputs.repository), context.environment)
    if state.created is None or commit == state.created.repository.commit:
        return []
    return [
        Finding("REPO-01", Severity.FAIL, "the repository's commit has changed since the run began; begin another run")
    ]
