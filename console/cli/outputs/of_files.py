"""The reports of `boundary`, `instructions` and `verify`: a result for each file, or for each row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.cli.outputs.findings import config_spot, reported_findings
from console.cli.outputs.outputs import plain
from console.cli.reports.finding import boundary_subject
from console.domain.finding import Severity
from console.domain.instructions.source import Conflict, InstructionSet, InstructionSource, Load, Weight
from console.domain.verification import Freshness, PageChecked, RowState, check_freshness
from console.domain.workflows.boundary import Boundary, WorkflowCheck
from console.domain.workflows.permissions import CiPermissions
from console.domain.workflows.rule import LITERAL_SECRET, NOT_READ
from console.view.report.report import Outcome, Report, ReportedFinding, Result, Spot, with_reason

if TYPE_CHECKING:
    from console.services.config.settings import Profile

_WEIGHTS = {Weight.STOPS: Severity.FAIL, Weight.ACKNOWLEDGE: Severity.FAIL, Weight.NOTE: Severity.INFO}


def report_of_boundary(boundary: Boundary, profile: str, code: ExitCode, document: object) -> Report:
    """Return the report of a repository's boundary; files are named from the repository's root."""
    results = tuple(map(_of_workflow, boundary.workflows)) or (
        Result("", "workflows", Outcome.SKIPPED, "no workflow was found", 0),
    )
    others = (*results, _of_environment(boundary), *_of_zizmor(boundary))
    facts = (("profile", profile), ("permissions of CI's token", boundary.ci_token_permissions.value))
    return Report("boundary", "boundary of a repository", int(code), others, facts, document=plain(document))


def _of_workflow(check: WorkflowCheck) -> Result:
    found = tuple(
        finding
        for placed in check.findings
        for finding in reported_findings([placed.finding], check.path, spot=Spot(check.path, placed.lines))
    )
    words = f"the permissions of its token: {check.permissions.value}"
    if any(each.finding.id == LITERAL_SECRET.id for each in check.findings):
        made = Result(
            "", check.path, Outcome.ERROR, f"it seems to hold a secret; {words}", int(ExitCode.REFUSED), found
        )
        return with_reason(made, None, "")
    if any(each.finding.id == NOT_READ.id for each in check.findings):
        unjudged = tuple(replace(each, may_be_accepted=False) for each in found)
        return Result("", check.path, Outcome.ERROR, f"it could not be read; {words}", int(ExitCode.FAILED), unjudged)
    if any(each.severity is Severity.FAIL for each in found):
        return Result("", check.path, Outcome.FAILED, words, int(ExitCode.FAILED), found)
    is_known = check.permissions is not CiPermissions.UNKNOWN
    return Result("", check.path, Outcome.PASSED if is_known else Outcome.SKIPPED, words, 0, found)


def _of_environment(boundary: Boundary) -> Result:
    found = reported_findings(
        [each for each in boundary.findings if boundary_subject(each) == "environment"], "environment"
    )
    fails = any(each.severity is Severity.FAIL for each in found)
    words = f"{len(boundary.tokens)} token(s) that roles could reach"
    return Result("", "environment", Outcome.FAILED if fails else Outcome.PASSED, words, int(fails), found)


def _of_zizmor(boundary: Boundary) -> Iterator[Result]:
    """Yield that zizmor's audits are missing, if they are."""
    missing = [each for each in boundary.findings if boundary_subject(each) != "environment"]
    if missing:
        fails = any(each.severity is Severity.FAIL for each in missing)
        found = reported_findings(missing, "zizmor")
        yield Result("", "zizmor", Outcome.FAILED if fails else Outcome.SKIPPED, missing[0].message, int(fails), found)


def report_of_instructions(found: InstructionSet, code: ExitCode, document: object) -> Report:
    """Return the report of what a coding agent reads; files are named from the repository's root."""
    shut = {conflict.id for conflict in found.unsettled()}
    paths = [source.path for source in found.sources]
    results = [
        _of_source(source, [each for each in found.conflicts if each.path == source.path], shut)
        for source in {each.path: each for each in found.sources}.values()
    ]
    others = [each for each in found.conflicts if each.path not in paths]
    results += [_of_conflicts(path, [each for each in others if each.path == path], shut)
                for path in dict.fromkeys(each.path for each in others)]  # fmt: skip
    if found.tool.unseen:
        results.append(Result("", "what no file shows", Outcome.SKIPPED, f"not seen: {found.tool.unseen}", 0))
    facts = (("agent", found.tool.product), ("effective, sha256", found.effective_sha256))
    return Report(
        "instructions", f"instructions of {found.tool.product}", int(code), tuple(results), facts,
        document=plain(document),
    )  # fmt: skip


def _of_source(source: InstructionSource, conflicts: Sequence[Conflict], shut: set[str]) -> Result:
    result = _of_conflicts(source.path, conflicts, shut)
    about = f"{source.load.value}, {source.basis.words}, sha256 {source.sha256 or 'unknown'}"
    if result.code:
        return replace(result, about=about)
    is_proven = source.basis.is_tried and source.load is not Load.ABSENT
    words = "pinned" if is_proven else "from documentation, not tried" if source.load is not Load.ABSENT else "absent"
    return replace(result, outcome=Outcome.PASSED if is_proven else Outcome.SKIPPED, words=words, about=about)


def _of_conflicts(path: str, conflicts: Sequence[Conflict], shut: set[str]) -> Result:
    subject = path or "the set of instructions"
    found = tuple(
        ReportedFinding(
            each.code.value, _WEIGHTS[each.weight], "", subject, each.message, spot=Spot(path),
            may_be_accepted=each.weight is not Weight.STOPS and not each.code.is_unsafe,
        )
        for each in conflicts
    )  # fmt: skip
    stopping = [each for each in conflicts if each.id in shut]
    if not stopping:
        return Result("", subject, Outcome.PASSED, "nothing keeps the gate shut", 0, found)
    is_unsafe = any(each.code.is_unsafe for each in stopping)
    code = ExitCode.REFUSED if is_unsafe else ExitCode.FAILED
    words = f"keeps the instruction gate shut: {', '.join(dict.fromkeys(each.code.value for each in stopping))}"
    made = Result("", subject, Outcome.ERROR if is_unsafe else Outcome.FAILED, words, int(code), found)
    return with_reason(made, None, "")


def report_of_verify(
    profile: "Profile",
    states: Sequence[RowState],
    checked: Mapping[str, PageChecked],
    code: ExitCode,
    document: object,
    *,
    require_fresh: bool,
) -> Report:
    """Return the report of the verification table, or of some of its rows."""
    is_required = require_fresh or profile.policy.require_verification
    results = tuple(
        _of_row(profile, each, checked.get(each.row.id), is_required=is_required, fails=require_fresh)
        for each in states
    )
    facts = (("profile", profile.name), ("config", profile.source))
    return Report("verify", "verification table", int(code), results, facts, document=plain(document))


def _of_row(profile: "Profile", state: RowState, page: PageChecked | None, *, is_required: bool, fails: bool) -> Result:
    subject = f"row {state.row.id}"
    found = reported_findings(
        check_freshness([state], is_required=is_required), subject, profile=profile.name, spot=config_spot(profile)
    )
    words = f"{state.row.area}: {state.freshness}"
    if page is not None and page.wants_a_look:
        reason = f"{words}; its page: {page.outcome}{' ' if page.reason else ''}{page.reason}"
        made = Result(profile.name, subject, Outcome.FAILED, reason, int(ExitCode.FAILED), found)
        return with_reason(made, f"page-{page.outcome}", f"{reason}. Read {state.row.source_url}")
    if fails and found:
        return Result(profile.name, subject, Outcome.FAILED, words, int(ExitCode.FAILED), found)
    outcome = Outcome.PASSED if state.freshness is Freshness.FRESH else Outcome.SKIPPED
    return Result(profile.name, subject, outcome, words, 0, found)
