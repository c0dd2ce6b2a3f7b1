"""Proofs of routes: how far each one holds, as the profile's policy asks, and how that stops a run."""

import asyncio
import difflib
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, date, datetime

from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.money import Budget, OverBudget, Spent
from console.domain.probes.catalogue import Catalogue
from console.domain.probes.event import CatalogueRead, RungFinished, RungStarted, SmokeFinished
from console.domain.probes.ladder import Rung, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.contract import RouteCheck, Verdict
from console.domain.routes.role import Role
from console.domain.routes.route_key import RouteKey
from console.domain.run.event import StopCause, StopRule
from console.domain.run.pinned import ProofSpent, RouteProof
from console.domain.text.closed_name import MODEL_NAME, closed_name
from console.services.config.settings import PolicySettings
from console.services.gateway.client import Gateway
from console.services.gateway.reservations import Reservations
from console.services.probes.key_control import SERVES_ANY
from console.services.probes.ladder import LadderPlan, climb, offline_result
from console.services.probes.request import RoleOrder
from console.services.probes.smoke import SmokePlan
from console.services.run.call_end import why_failed
from console.services.run.preflight.stop import PreflightStop, fitting, in_words
from console.services.run.run_context import RunContext

UNPRICED = "MOD-05"
"""A gateway that publishes prices refuses a model without one before any call; we could not bound its cost either."""
UNLISTED = "MOD-01"


class RouteProofs:
    """Proves routes up to the rung that the profile's policy wants, and says what that means for a run."""

    def __init__(self, checks: Sequence[RouteCheck]) -> None:
        """Start with the offline checks of the routes; nothing is sent."""
        self.routes = tuple(ProvenRoute(check).apply(RungFinished(offline_result(check))) for check in checks)
        self.answers: dict[Role, SmokeResult] = {}
        """The newest complete answer of each route."""
        self._reservations: Reservations | None = None
        self._over: tuple[Role, OverBudget] | None = None
        """The budget that stopped a call, and the role of the call's route."""
        self._lists = Catalogue()

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
                        self._lists = event.catalogue
                        context.catalogues.keep(event.catalogue)
                    case RungStarted() if event.rung.is_paid:
                        yield event
                    case SmokeFinished(result) if result.service is not None:
                        self.answers[result.key.role] = result
                    case RungFinished(result) if result.rung.is_paid and _is_over(result.classification):
                        if reservations.refused is not None:
                            self._over = (result.key.role, reservations.refused)
                            return

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rungs found, each once; its message begins with the routes that it is about, if not with all."""
        about: dict[Finding, list[str]] = {}
        for route in self.routes:
            for finding in dict.fromkeys(finding for result in route.rungs for finding in result.findings):
                about.setdefault(finding, []).append(str(route.key))
        return tuple(
            finding if len(keys) == len(self.routes) else finding.about(", ".join(keys))
            for finding, keys in about.items()
        )

    def drift(self) -> PreflightStop | None:
        """Return how a route that cannot serve its model stops a run, which is known before anything is sent."""
        return next((_stop_of_drift(each) for each in self.routes if each.check.verdict is Verdict.DRIFT), None)

    def stop(self, policy: PolicySettings) -> PreflightStop | None:
        """Return how the routes' proofs stop a run under a policy; None if they do not."""
        if self._over is not None:
            role, over = self._over
            return PreflightStop(
                over.message, None, Category.BUDGET_EXCEEDED, role=role, cause=StopCause.BUDGET, spent=self.spent
            )
        stops = (self._stop_of(route, policy) for route in self.routes)
        stop = self.drift() or next((stop for stop in stops if stop is not None), None)
        return None if stop is None else replace(stop, spent=self.spent)

    def _stop_of(self, route: ProvenRoute, policy: PolicySettings) -> PreflightStop | None:
        return (
            _stop_of_rungs(route, policy)
            or _stop_of_swap(self.answers.get(route.role))
            or (_stop_of_lists(route, self._lists) if policy.require_listed_model else None)
        )

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


def _stop_of_drift(route: ProvenRoute) -> PreflightStop:
    asked = route.check.route
    drift = tuple(each for each in route.check.findings if each.severity is Severity.FAIL)
    words = fitting(
        [f"{route.key}: {asked.model} is not served on {asked.endpoint_family}", *(each.message for each in drift)]
    )
    return PreflightStop(words, StopRule.CONTRACT, Category.ENDPOINT_DRIFT, drift, route.role)


def _stop_of_rungs(route: ProvenRoute, policy: PolicySettings) -> PreflightStop | None:
    role = route.role
    for result in route.rungs:
        unpriced = tuple(each for each in result.findings if each.id == UNPRICED)
        if unpriced and policy.require_price:
            words = f"{role}: the gateway has prices, but none for {route.check.route.model}; price or enable it there"
            return PreflightStop(words, StopRule.REQUIRE_PRICE, Category.ACCOUNT_PRICING, unpriced, role)
        if result.classification is not None:
            return _stop_of_refusal(role, result.rung, result.classification, result.findings)
        if result.status in (RungStatus.FAILED, RungStatus.BLOCKED):
            broken = tuple(each for each in result.findings if each.severity is Severity.FAIL)
            words = f"{role}: rung {int(result.rung)} does not hold: {in_words(broken)}"
            return PreflightStop(words, StopRule.CONTRACT, None, broken, role)
    return None


def _stop_of_refusal(role: Role, rung: Rung, found: Classification, findings: Sequence[Finding]) -> PreflightStop:
    words = f"{role}: rung {int(rung)}: {found.category}: {found.evidence}. {found.action}"
    # A run's own budgets stop it before; the session's only holds it: another session may make the call.
    passes = found.category.passes_by_waiting and not found.stops
    is_held = passes or found.category is Category.BUDGET_EXCEEDED
    return PreflightStop(words, StopRule.REFUSED_CALL, found.category, tuple(findings), role, is_held=is_held)


def _stop_of_swap(answer: SmokeResult | None) -> PreflightStop | None:
    """Return how an answer from another model stops a run: every call of the run would end the same way."""
    if answer is None or not answer.is_swapped:
        return None
    words = f"{answer.key}: {why_failed(answer)}"
    return PreflightStop(words, StopRule.CONTRACT, Category.CONTRACT_VIOLATION, answer.findings, answer.key.role)


def _stop_of_lists(route: ProvenRoute, lists: Catalogue) -> PreflightStop | None:
    """Return how a model that the gateway does not list stops a run.

    A call settles the doubt, and so does a gateway that serves models that it does not list. A name that is listed
    under another date may be an alias.
    """
    model = route.check.route.model
    if not lists.lacks(model) or lists.other_date(model) is not None:
        return None
    is_answered = any(result.rung >= Rung.SMOKE and result.holds for result in route.rungs)
    found = tuple(finding for result in route.rungs for finding in result.findings)
    if is_answered or SERVES_ANY in found:
        return None
    like = closed_name(next(iter(difflib.get_close_matches(model, lists.entries, 1)), None), MODEL_NAME)
    words = (
        f"{route.key}: the gateway does not list {model}{'' if like is None else f', but {like}'}."
        " Name a model that it lists, or enable this one there."
        " If its list is known to be partial, set require_listed_model = false in the policy"
    )
    unlisted = tuple(dict.fromkeys(each for each in found if each.id == UNLISTED))
    return PreflightStop(words, StopRule.REQUIRE_LISTED_MODEL, Category.ROUTE_MISSING, unlisted, route.role)
