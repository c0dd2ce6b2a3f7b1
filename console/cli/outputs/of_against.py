"""The report of `check --against`: a result for each route of both profiles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.cli.outputs.findings import config_spot
from console.cli.outputs.of_routes import Ended, report_of_routes
from console.cli.reports.finding import route_subject
from console.domain.finding import Severity
from console.domain.rehearsal import Change, RouteChange
from console.view.report.report import Outcome, Report, ReportedFinding, Result, with_reason
from console.view.route_sign import reason_of

if TYPE_CHECKING:
    from console.services.config.settings import Profile

_OUTCOMES = {
    Change.TURNED_RED: Outcome.FAILED,
    Change.LOST: Outcome.FAILED,
    Change.STILL_RED: Outcome.SKIPPED,
    Change.UNPROVEN: Outcome.SKIPPED,
    Change.ADDED: Outcome.SKIPPED,
    Change.TURNED_GREEN: Outcome.PASSED,
    Change.STILL_GREEN: Outcome.PASSED,
}


def report_of_against(ended: Ended, profiles: "tuple[Profile, Profile]", changes: Sequence[RouteChange]) -> Report:
    """Return the report of what turned red from the first profile to the second."""
    return report_of_routes(ended, profiles, tuple(_of_change(profiles[1], each) for each in changes))


def _of_change(profile: "Profile", change: RouteChange) -> Result:
    subject = route_subject(change.key)
    route = change.after or change.before
    spot = config_spot(profile, None if change.after is None else change.after.check.route.config_line)
    findings = tuple(
        ReportedFinding(
            each.id, each.after, profile.name, subject, each.finding.message, each.finding.evidence,
            each.finding.source_url, spot,
        )
        for each in change.assertions
        if each.after is not None
    )  # fmt: skip
    code = ExitCode.FAILED if change.change.is_regression else ExitCode.OK
    about = "" if route is None else f"{route.check.route.model}, {route.check.route.endpoint_path}"
    words = change_words(change)
    made = Result(profile.name, subject, _OUTCOMES[change.change], words, int(code), findings, about=about)
    has_new_failure = any(each.severity is Severity.FAIL for each in findings)
    return with_reason(made, None if has_new_failure else str(change.change), words)


def change_words(change: RouteChange) -> str:
    """Return what became of a route, with the reason where it is red."""
    if change.before is None or change.after is None:
        return "only in the second profile: not compared" if change.after else "the second profile does not have it"
    reason = reason_of(change.after)
    words = str(change.change).replace("_", " ")
    return f"{words}: {change.before.standing}, then {change.after.standing}{', ' if reason else ''}{reason}"
