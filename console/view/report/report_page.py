"""What a page about a report says: the results, then the findings, the gravest first."""

from collections.abc import Iterator

from console.domain.finding import Severity
from console.view.finding_sign import severity_sign
from console.view.report.page import SIMULATED, Cell, Own, Page, Table
from console.view.report.report import Grid, Outcome, Report, ReportedFinding, Result
from console.view.sign import Sign, Tone

_SIGNS = {
    Outcome.PASSED: Sign("✓", "passed", Tone.OK),
    Outcome.SKIPPED: Sign("~", "not proven", Tone.WARN),
    Outcome.ACCEPTED: Sign("~", "accepted", Tone.WARN),
    Outcome.FAILED: Sign("×", "failed", Tone.FAIL),
    Outcome.ERROR: Sign("!", "error", Tone.FAIL),
}


def page_of_report(report: Report) -> Page:
    """Return the page about a report."""
    findings = sorted(report.findings, key=lambda each: list(Severity).index(each.severity))
    about = (("report", report.title), *report.facts)
    results = (
        (
            Table("Results", ("what", "result", "why", "about"), tuple(map(_result, report.results)), "nothing"),
            Table("Steps that did not pass", ("what", "step", "result", "why"), tuple(_steps(report))),
            Table("Findings", ("severity", "id", "what", "where", "message", "baseline"),
                  tuple(map(_finding, findings)), "none"),
        )
        if report.grid is None
        else (_grid(report.grid),)
    )  # fmt: skip
    return Page(
        f"{report.verb}",
        f"{sums(report)}; exit code {report.code}",
        SIMULATED if report.is_simulated else "",
        (*results, Table("About", ("", ""), tuple((Cell(name), Cell(text)) for name, text in about))),
    )


def _grid(grid: Grid) -> Table:
    rows = (
        tuple(
            Cell(text, None if place else tone, key) for place, (text, key) in enumerate(zip(texts, keys, strict=True))
        )
        for texts, keys, tone in zip(grid.rows, grid.keys, grid.tones, strict=True)
    )
    return Table(grid.title, grid.head, tuple(rows), "none", is_sortable=True)


def sums(report: Report) -> str:
    """Return how many results there are, and with which outcomes."""
    counts = [f"{report.count(outcome)} {outcome}" for outcome in Outcome if report.count(outcome)]
    return ", ".join(counts) or "no result"


def _result(result: Result) -> tuple[Cell, ...]:
    sign = _SIGNS[result.outcome]
    return (
        Cell(_named(result.profile, result.name)),
        Cell(Own(str(sign)), sign.tone),
        Cell(result.words),
        Cell(result.about),
    )


def _steps(report: Report) -> Iterator[tuple[Cell, ...]]:
    for result in report.results:
        for step in result.steps:
            if step.outcome is Outcome.PASSED:
                continue
            sign = _SIGNS[step.outcome]
            yield (
                Cell(_named(result.profile, result.name)),
                Cell(step.name),
                Cell(Own(str(sign)), sign.tone),
                Cell(step.words),
            )


def _finding(finding: ReportedFinding) -> tuple[Cell, ...]:
    sign = severity_sign(finding.severity)
    seen = f" ({finding.evidence})" if finding.evidence else ""
    return (
        Cell(Own(str(sign)), sign.tone),
        Cell(finding.id),
        Cell(_named(finding.profile, finding.subject)),
        Cell(_where(finding)),
        Cell(f"{finding.message}{seen}"),
        Cell(Own("" if finding.acceptance is None else str(finding.acceptance))),
    )


def _where(finding: ReportedFinding) -> str:
    lines = ", ".join(map(str, finding.spot.lines[:8]))
    more = f" and {len(finding.spot.lines) - 8} more" if len(finding.spot.lines) > 8 else ""
    return f"{finding.spot.path}{':' if lines else ''}{lines}{more}"


def _named(profile: str, name: str) -> str:
    return name if not profile or name == f"profile {profile}" else f"{profile}: {name}"
