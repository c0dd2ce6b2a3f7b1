"""Preflight: everything we can check before anything is generated. A failure stops the run, but no draft has failed."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from console.domain.finding import Finding, Severity
from console.domain.probes.event import RungStarted
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.role import Role
from console.domain.run.decide import run_budgets
from console.domain.run.event import PreflightFinished, StopCause, noted
from console.domain.run.gate import Gate
from console.domain.run.needed_roles import check_roles
from console.domain.run.state import RunState
from console.domain.text.safe import safe
from console.domain.verification import check_freshness, rows
from console.domain.verification import state as state_of_row
from console.domain.workflows.boundary import Boundary
from console.domain.workflows.rule import NOT_READ
from console.services.open_gateway import Target
from console.services.run.judging import check_independence
from console.services.run.repository import read_commit
from console.services.run.route_proof import PreflightStop, RouteProofs, checks_of, in_words, proof_of, today_of
from console.services.run.routing import independence
from console.services.run.run_context import RunContext, RunInputs
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.services.workflows.boundary import check_boundary, names_set

UNPROVEN = "INDEP-02"
"""A judge's independence that rests on names only; the models that answer may prove it."""


async def run_preflight(
    context: RunContext, state: RunState, inputs: RunInputs, target: Target
) -> AsyncGenerator[RungStarted | PreflightFinished | PreflightStop, None]:
    """Check the roles, the boundary, the repository, the verification rows and every route, as far as the policy says.

    Yields the start of each paid rung, with its price, before its call; last how the preflight ended.
    """
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
        yield PreflightStop(StopCause.PREFLIGHT, in_words(broken), findings=tuple(broken))
        return
    # without the fallback's: no role has been moved to it yet, and a move proves it first
    proven = RouteProofs(checks_of(context, {route.role for route in state.routes} - {Role.FALLBACK}))
    if target.gateway is not None:
        async with aclosing(proven.climb(context, target.gateway, run_budgets(state))) as started:
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
