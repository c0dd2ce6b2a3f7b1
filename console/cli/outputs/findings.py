"""Findings as a report has them, and where in a config each is."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode
from console.domain.finding import Finding, Severity
from console.domain.problem import Problem
from console.view.report.report import NOWHERE, Outcome, ReportedFinding, Result, Spot, with_reason

if TYPE_CHECKING:
    from console.cli.sweep import Done, Swept
    from console.services.config.settings import Profile


def reported_findings(
    findings: Iterable[Finding], subject: str, *, profile: str = "", spot: Spot = NOWHERE
) -> tuple[ReportedFinding, ...]:
    """Return findings on one subject as a report has them."""
    return tuple(
        ReportedFinding(each.id, each.severity, profile, subject, each.message, each.evidence, each.source_url, spot)
        for each in findings
    )


def config_spot(profile: "Profile", line: int | None = None) -> Spot:
    """Return a line of a profile's config; no place if the profile is built in."""
    if profile.is_built_in:
        return NOWHERE
    return Spot(_relative(profile.source), () if line is None else (line,))


def _relative(source: str) -> str:
    from pathlib import Path

    from console.services.system.directories import absolute

    path, here = absolute(Path(source)), absolute(Path())
    shown: PurePath = path.relative_to(here) if path.is_relative_to(here) else path
    return shown.as_posix()


def result_of_problem(each: "Swept[Done]", code: ExitCode) -> Result:
    """Return why nothing was done for a profile of a sweep; one that was passed over was not tried."""
    name = f"profile {each.name}"
    if each.problem is None or each.is_passed_over:
        return Result(each.name, name, Outcome.SKIPPED, str(each.problem), 0)
    return stopped_result(each.name, name, each.problem, code)


def stopped_result(profile: str, name: str, problem: Problem, code: ExitCode) -> Result:
    """Return the result of what a problem kept from being judged; each fault of a config is a finding at its line."""
    from console.services.config.toml_text import ConfigError

    kind, words = problem.kind.value, str(problem)
    made = Result(profile, name, Outcome.ERROR, words, int(code))
    if not isinstance(problem, ConfigError) or not problem.faults:
        return with_reason(made, kind, words)
    found = tuple(
        ReportedFinding(
            kind, Severity.FAIL, profile, name, str(each), may_be_accepted=False,
            spot=Spot(_relative(each.source), () if each.line is None else (each.line,)),
        )
        for each in problem.faults
    )  # fmt: skip
    return replace(made, findings=found)
