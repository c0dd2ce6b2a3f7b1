"""A report held against a baseline: what is new fails, what is known is said and does not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from console.domain.baseline import Acceptance, Entry, Seen, absent, acceptances
from console.domain.finding import Severity
from console.view.report.report import Outcome, Report, ReportedFinding, Result


@dataclass(frozen=True, slots=True)
class Compared:
    """A report, and what the baseline did to it."""

    report: Report
    absent: tuple[Entry, ...]
    """Entries that no finding of what was judged has."""
    never: tuple[ReportedFinding, ...]
    """Failures that no baseline may accept."""

    def with_acceptance(self, acceptance: Acceptance) -> tuple[ReportedFinding, ...]:
        """Return the findings of which the baseline says something."""
        return tuple(each for each in self.report.findings if each.acceptance is acceptance)


def compared(
    report: Report, entries: Sequence[Entry], today: date, code_of: Callable[[Iterable[int]], int]
) -> Compared:
    """Hold a report against a baseline.

    Args:
        report: The report.
        entries: The baseline's.
        today: The date.
        code_of: Returns the exit code of several results.

    """
    found = acceptable(report)
    said = acceptances(entries, found, today)
    results = tuple(_held(report.verb, result, said) for result in report.results)
    changed = [(before, after) for before, after in zip(report.results, results, strict=True)]
    code = report.code
    if any(before.code != after.code for before, after in changed):
        code = code_of(result.code for result in results)
    held = replace(report, results=results, code=code)
    never = tuple(each for each in held.findings if each.severity is Severity.FAIL and not each.may_be_accepted)
    return Compared(held, absent(entries, found, judged(report)), never)


def acceptable(report: Report) -> tuple[Seen, ...]:
    """Return what of a report a baseline may accept: failures and warnings of what could be judged."""
    return tuple(
        finding.seen_by(report.verb)
        for finding in report.findings
        if finding.may_be_accepted and finding.severity is not Severity.INFO
    )


def judged(report: Report) -> frozenset[tuple[str, str, str]]:
    """Return what a report judged, as verb, profile and subject; not what could not be judged."""
    return frozenset(
        (report.verb, result.profile, subject)
        for result in report.results
        if result.outcome is not Outcome.ERROR
        for subject in {result.name, *(finding.subject for finding in result.findings)}
    )


def _held(verb: str, result: Result, said: dict[tuple[str, str, str, str], Acceptance]) -> Result:
    findings = tuple(
        replace(each, acceptance=said[each.seen_by(verb).key])
        if each.may_be_accepted and each.severity is not Severity.INFO
        else each
        for each in result.findings
    )
    failing = [each for each in findings if each.severity is Severity.FAIL]
    is_accepted = bool(failing) and all(each.acceptance is Acceptance.KNOWN for each in failing)
    if result.code != 1 or not is_accepted:
        return replace(result, findings=findings)
    words = f"accepted by the baseline: {', '.join(dict.fromkeys(each.id for each in failing))}; {result.words}"
    return replace(result, findings=findings, outcome=Outcome.ACCEPTED, code=0, words=words)
