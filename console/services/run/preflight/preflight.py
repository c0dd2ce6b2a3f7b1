"""Preflight: everything we can check before anything is generated. A failure stops the run, but no draft has failed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from console.domain.probes.event import RungStarted
from console.domain.run.event import PreflightFinished, noted
from console.domain.run.needed_roles import asked_roles
from console.domain.run.rules.budgets import run_budgets
from console.domain.run.state import RunState
from console.domain.run.subject import PreflightNotes
from console.domain.workflows.token_kind import TokenKind
from console.services.open_gateway import Target
from console.services.run.preflight.checks import UNPROVEN, OfflineChecks, check_judges, check_offline
from console.services.run.preflight.route_proofs import RouteProofs, checks_of, proof_of
from console.services.run.preflight.stop import PreflightStop
from console.services.run.preflight_notes import notes_of
from console.services.run.routing import used_route
from console.services.run.run_context import RunContext, RunInputs


@dataclass(frozen=True, slots=True)
class PreflightEnded:
    """How a preflight ended, and what it found, with its words."""

    outcome: PreflightFinished | PreflightStop
    notes: PreflightNotes


async def run_preflight(
    context: RunContext, state: RunState, inputs: RunInputs, target: Target, criteria: tuple[str, ...]
) -> AsyncGenerator[RungStarted | PreflightEnded, None]:
    """Check the boundary, the roles, the repository, the verification rows and every route, as far as the policy says.

    What needs no gateway comes first and stops the run before anything is sent. Yields the start of each paid rung,
    with its price, before its call; last how the preflight ended.
    """
    # without the fallback's: no role has been moved to it yet, and a move proves it first
    asked = asked_roles(state)
    used = (used_route(context.profile, state, each.role) for each in state.routes if each.role in asked)
    proven = RouteProofs(checks_of(context, {route.key for route in used if route is not None}))
    offline = await check_offline(context, state, inputs)
    findings = offline.findings
    stop = offline.stop or proven.drift()
    if stop is None and target.gateway is not None:
        async with aclosing(proven.climb(context, target.gateway, run_budgets(state), criteria)) as started:
            async for each in started:
                yield each
        stop = proven.stop(context.profile.policy)
        if stop is None and proven.answers:
            judges, near = check_judges(state, proven.answers)
            findings = (*(each for each in findings if each.id != UNPROVEN), *judges)
            stop = near if near is None else replace(near, spent=proven.spent)
    notes = notes_of(proven.routes, (*findings, *proven.findings), offline.reach, () if stop is None else stop.findings)
    yield PreflightEnded(stop or _finished(proven, offline, notes, target), notes)


def _finished(proven: RouteProofs, offline: OfflineChecks, notes: PreflightNotes, target: Target) -> PreflightFinished:
    return PreflightFinished(
        tuple(proof_of(route) for route in proven.routes),
        noted(notes.findings),
        target.token.state.value,
        offline.reach.has(TokenKind.PUBLISHER),
        offline.reach.has(TokenKind.CLOUD),
        offline.reach.ci_token_permissions,
        proven.spent,
        offline.reach,
        needs_human=offline.needs_human,
        verified_rows=offline.verified_rows,
    )
