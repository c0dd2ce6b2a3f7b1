"""The checks of a preflight that need no gateway: roles, judges, the boundary, the repository, verification rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from console.domain.finding import Finding, Severity
from console.domain.probes.smoke import SmokeResult
from console.domain.routes.role import Role
from console.domain.run.event import StopRule
from console.domain.run.gate import Gate
from console.domain.run.needed_roles import asked_roles, check_roles
from console.domain.run.pinned import VerifiedRow
from console.domain.run.reach import Reach, ReachedToken
from console.domain.run.state import RunState
from console.domain.verification import Freshness, RowState, rows, sum_up_freshness
from console.domain.verification import state as state_of_row
from console.domain.workflows.boundary import Boundary
from console.services.run.judging import check_independence
from console.services.run.preflight.route_proofs import today_of
from console.services.run.preflight.stop import PreflightStop, fitting, in_words, joined
from console.services.run.repository import read_commit
from console.services.run.routing import Independence, independence
from console.services.run.run_context import RunContext, RunInputs
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError
from console.services.verification_marks import MarkFile
from console.services.workflows.boundary import check_boundary, names_set
from console.services.workflows.zizmor import find_zizmor

UNPROVEN = "INDEP-02"
"""A judge's independence that rests on names only; the models that answer may prove it."""


@dataclass(frozen=True, slots=True)
class OfflineChecks:
    """What a preflight found before it asked the gateway anything."""

    reach: Reach
    findings: tuple[Finding, ...]
    stop: PreflightStop | None
    needs_human: bool = False
    """Whether the CI boundary is broken, and the policy lets a person decide."""
    verified_rows: tuple[VerifiedRow, ...] = ()


async def check_offline(context: RunContext, state: RunState, inputs: RunInputs) -> OfflineChecks:
    """Check everything that needs no gateway. All is checked even if something stops the run, so that it can say all.

    Raises:
        RepositoryError: The repository's commit cannot be read.
        OSError: Its workflows cannot be read.

    """
    policy = context.profile.policy
    repository = await _check_repository(context, state, inputs)
    boundary = await check_boundary(
        Path(inputs.repository),
        names_set(context.environment),
        own_names=policy.withheld_tokens,
        withheld=policy.withheld_kinds,
        zizmor=find_zizmor(context.environment),
    )
    workflows = (*boundary.workflow_findings, *_check_declared(context, boundary))
    roles = tuple(_check_roles(context, state))
    judges, near = check_judges(state)
    rows_found, stale, verified = _check_rows(context)
    is_broken = any(each.severity is Severity.FAIL for each in workflows)
    stops = (
        _stop_of_roles(roles, state),
        near,
        _stop_of(StopRule.WITHHELD_TOKENS, boundary.findings),
        _stop_of(StopRule.CI_BOUNDARY, workflows) if policy.ci_boundary == "require" else None,
        _stop_of(StopRule.REPOSITORY, repository),
        _stop_of_rows(rows_found, stale),
    )
    return OfflineChecks(
        reach_of(boundary),
        (*roles, *judges, *rows_found, *repository, *boundary.findings, *workflows),
        joined([stop for stop in stops if stop is not None]),
        needs_human=is_broken and policy.ci_boundary == "person",
        verified_rows=verified,
    )


def reach_of(boundary: Boundary) -> Reach:
    """Return which tokens roles could reach, and what CI's own token may do."""
    tokens = tuple(ReachedToken(each.name, each.kind) for each in boundary.tokens)
    return Reach(tokens, boundary.ci_token_permissions.value)


def _stop_of(rule: StopRule, findings: Sequence[Finding]) -> PreflightStop | None:
    broken = tuple(each for each in findings if each.severity is Severity.FAIL)
    return PreflightStop(in_words(broken), rule, findings=broken) if broken else None


# --- Roles and judges ------------------------------------------------------------------------------------------------


def _check_roles(context: RunContext, state: RunState) -> Iterator[Finding]:
    attempts = 1 if state.created is None else state.created.policy.max_attempts
    roles = {role for role in Role if state.route(role) is not None}
    yield from check_roles(context.profile.name, roles, attempts, Severity.FAIL, asked_roles(state))


def _stop_of_roles(findings: Sequence[Finding], state: RunState) -> PreflightStop | None:
    stop = _stop_of(StopRule.NEEDED_ROLES, findings)
    missing = next((role for role in asked_roles(state) if state.route(role) is None), None)
    return None if stop is None else replace(stop, role=missing)


def check_judges(
    state: RunState, answers: Mapping[Role, SmokeResult] | None = None
) -> tuple[tuple[Finding, ...], PreflightStop | None]:
    """Check how independent the judges are, and return how a judge that is too close stops the run.

    Args:
        state: The run.
        answers: What the preflight's own calls answered; until something has, what is not proven is only noted.

    """
    policy = None if state.created is None else state.created.policy
    findings: list[Finding] = []
    near: list[tuple[str, int]] = []
    judge: Role | None = None
    for gate in (Gate.REVIEWER, Gate.CRITIC):
        found = independence(state, gate, answers)
        for pair in found.levels:
            alone = Independence((pair,), tuple(each for each in found.unproven if each == pair[0]))
            for each in check_independence(alone, policy):
                finding = each if answers or each.id != UNPROVEN else replace(each, severity=Severity.WARN)
                findings.append(finding)
                if finding.severity is Severity.FAIL:
                    near.append(pair)
                    judge = judge or state.role_at(gate)
    stop = _stop_of(StopRule.INDEPENDENCE, findings)
    return tuple(findings), None if stop is None else replace(stop, role=judge, independence=tuple(near))


# --- The repository --------------------------------------------------------------------------------------------------


async def _check_repository(context: RunContext, state: RunState, inputs: RunInputs) -> tuple[Finding, ...]:
    commit = await read_commit(Path(inputs.repository), context.environment)
    if state.created is None or commit == state.created.repository.commit:
        return ()
    words = "the repository's commit has changed since the run began; begin another run"
    return (Finding("REPO-01", Severity.FAIL, words),)


def _check_declared(context: RunContext, boundary: Boundary) -> tuple[Finding, ...]:
    """Compare what the workflows let their own token do with what the policy declares."""
    declared = context.profile.policy.ci_token_permissions
    return () if declared is None else boundary.check_permissions()


# --- The verification table ------------------------------------------------------------------------------------------


def _check_rows(context: RunContext) -> tuple[tuple[Finding, ...], tuple[RowState, ...], tuple[VerifiedRow, ...]]:
    """Find stale rows, and which rows they are; also the fresh ones with their pages, if the policy requires them."""
    policy = context.profile.policy
    try:
        marks = MarkFile(state_directory(context.environment), context.profile.name).read().marks
    except PrivateFileError as error:
        severity = Severity.FAIL if policy.require_verification else Severity.WARN
        return (Finding("VERIFY-03", severity, f"the verification marks cannot be read: {error}"),), (), ()
    states = [state_of_row(row, marks, today_of(context), policy.verification_max_age_days) for row in rows()]
    stale = tuple(each for each in states if each.freshness is not Freshness.FRESH)
    verified = tuple(
        VerifiedRow(each.row.id, each.row.source_url, each.mark.at.date().isoformat())
        for each in states
        if each.mark is not None and each.freshness is Freshness.FRESH
    )
    findings = sum_up_freshness(states, is_required=policy.require_verification)
    return findings, stale, verified if policy.require_verification else ()


def _stop_of_rows(findings: Sequence[Finding], stale: Sequence[RowState]) -> PreflightStop | None:
    """Return how rows that are not fresh stop a run, with what to do; all their ids are in the stop."""
    stop = _stop_of(StopRule.REQUIRE_VERIFICATION, findings)
    if stop is None or not stale:
        return stop
    ids = tuple(each.row.id for each in stale)
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    count = "1 row of the verification table is" if len(ids) == 1 else f"{len(ids)} rows of the verification table are"
    words = fitting([f"{count} not fresh: {shown}. Read each source, then: gateway-console verify mark {ids[0]}"])
    return replace(stop, words=words, verification_rows=ids)
