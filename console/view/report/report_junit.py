"""A report as JUnit XML: a suite for each profile, a case for each result and for each of its steps.

What failed is a failure, and what could not be judged is an error. What was not tried, not proven or accepted by a
baseline is skipped with its reason, never passed.
"""

from collections.abc import Iterator

from console.domain.finding import Severity
from console.view.report.junit import Case, Suite, Tag, junit_xml
from console.view.report.page import SIMULATED
from console.view.report.report import Outcome, Report, ReportedFinding, Result

_TAGS = {
    Outcome.PASSED: None,
    Outcome.SKIPPED: Tag.SKIPPED,
    Outcome.ACCEPTED: Tag.SKIPPED,
    Outcome.FAILED: Tag.FAILURE,
    Outcome.ERROR: Tag.ERROR,
}


def report_junit(report: Report) -> str:
    """Return the XML of a report."""
    facts = {"verb": report.verb, "exit_code": str(report.code), **dict(report.facts)}
    if report.is_simulated:
        facts["simulated"] = SIMULATED
    mark = " (simulated)" if report.is_simulated else ""
    profiles = tuple(dict.fromkeys(result.profile for result in report.results)) or ("",)
    return junit_xml(
        [
            Suite(
                f"{report.verb}{' ' if profile else ''}{profile}{mark}",
                [case for each in report.results if each.profile == profile for case in _cases(report.verb, each)],
                facts=facts,
            )
            for profile in profiles
        ]
    )


def _cases(verb: str, result: Result) -> Iterator[Case]:
    group = ".".join(filter(None, (verb, result.profile)))
    for step in result.steps:
        yield Case(group, f"{result.name}, {step.name}", _TAGS[step.outcome], step.words, duration_ms=step.duration_ms)
    failing = [each.id for each in result.findings if each.severity is Severity.FAIL]
    facts = (*filter(None, (result.about, result.words)), *map(_finding_line, result.findings))
    yield Case(group, result.name, _TAGS[result.outcome], result.words, ", ".join(dict.fromkeys(failing)), facts=facts)


def _finding_line(finding: ReportedFinding) -> str:
    seen = f" ({finding.evidence})" if finding.evidence else ""
    held = "" if finding.acceptance is None else f" [baseline: {finding.acceptance}]"
    return f"{finding.severity}: {finding.id}: {finding.message}{seen}{held}"
