"""The reports of `routes`, `check` and `smoke`: a result for each route, and for what else was found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.cli.exit_code import ExitCode, most_actionable
from console.cli.outputs.findings import config_spot, reported_findings, result_of_problem
from console.cli.reports.code import code_of_agent, code_of_result, code_of_route
from console.cli.reports.finding import route_subject
from console.domain.errors.category import Category, Classification
from console.domain.finding import Finding, Severity
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.ladder import Rung, RungResult, RungStatus
from console.domain.probes.proven_route import ProvenRoute
from console.domain.probes.smoke import SmokeResult, SmokeStatus
from console.domain.probes.standing import Standing
from console.view.report.report import Outcome, Report, Result, Step, with_reason
from console.view.route_sign import reason_of, route_words

if TYPE_CHECKING:
    from console.cli.sweep import Done, Swept
    from console.domain.routes.contract import RouteCheck
    from console.services.config.settings import Profile

_OF_STATUS = {
    RungStatus.PASSED: Outcome.PASSED,
    RungStatus.UNPROVEN: Outcome.SKIPPED,
    RungStatus.FAILED: Outcome.FAILED,
    RungStatus.BLOCKED: Outcome.ERROR,
}
_OF_SMOKE = {
    SmokeStatus.PASSED: Outcome.PASSED,
    SmokeStatus.SKIPPED: Outcome.SKIPPED,
    SmokeStatus.UNKNOWN: Outcome.ERROR,
    SmokeStatus.FAILED: Outcome.FAILED,
    SmokeStatus.BLOCKED: Outcome.ERROR,
}


def routes_results(
    profile: "Profile", checks: "Sequence[RouteCheck]", findings: Sequence[Finding]
) -> tuple[Result, ...]:
    """Return the results of the offline checks of a profile's routes."""
    results = [_of_route(profile, ProvenRoute(check), code_of_route(ProvenRoute(check))) for check in checks]
    return (*results, *_of_table(profile, findings))


def check_results(
    profile: "Profile",
    routes: Sequence[ProvenRoute],
    agents: Sequence[AgentResult],
    top: Rung,
    findings: Sequence[Finding],
) -> tuple[Result, ...]:
    """Return the results of climbing the ladder for a profile's routes, with the rungs as steps."""
    results = [_of_route(profile, each, code_of_route(each), steps=tuple(_rungs(each, top))) for each in routes]
    return (*results, *(_of_agent(profile, each) for each in agents), *_of_table(profile, findings))


def smoke_results(
    profile: "Profile", routes: Sequence[ProvenRoute], calls: Sequence[SmokeResult]
) -> tuple[Result, ...]:
    """Return the results of smoke tests of a profile's routes, with the calls as steps."""
    results = []
    for route in routes:
        own = [each for each in calls if each.key == route.key]
        code = most_actionable(map(code_of_result, own))
        found = dict.fromkeys((*route.check.findings, *(finding for each in own for finding in each.findings)))
        worst = _worst(own, code)
        steps = tuple(_call(each, number, len(own)) for number, each in enumerate(own, 1))
        results.append(_of_route(profile, route, code, steps=steps, findings=tuple(found), classification=worst))
    return tuple(results)


def _worst(calls: Sequence[SmokeResult], code: ExitCode) -> Classification | None:
    """Return why a route's calls gave its exit code; a contract violation last, as its findings tell it anyway."""
    said = [each.classification for each in calls if code_of_result(each) is code and each.classification is not None]
    others = (each for each in said if each.category is not Category.CONTRACT_VIOLATION)
    return next(others, said[0] if said else None)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a verb ended."""

    verb: str
    code: ExitCode
    document: object
    """The document of `--json`."""
    facts: tuple[tuple[str, str], ...] = ()
    """What is known of all results."""


def report_of_sweep(
    ended: Ended,
    swept: "Sequence[Swept[Done]]",
    codes: Sequence[ExitCode],
    results_of: "Callable[[Profile, Done], tuple[Result, ...]]",
) -> Report:
    """Return the report of a verb that is about several profiles.

    Args:
        ended: How it ended.
        swept: The profiles.
        codes: The exit code of each alone.
        results_of: Returns the results of what was done for a profile.

    """
    results: list[Result] = []
    for each, own in zip(swept, codes, strict=True):
        if each.done is None or each.profile is None:
            results.append(result_of_problem(each, own))
        else:
            results += results_of(each.profile, each.done)
    profiles = [each.profile for each in swept if each.profile is not None]
    return report_of_routes(ended, profiles, tuple(results))


def report_of_routes(ended: Ended, profiles: "Sequence[Profile]", results: tuple[Result, ...]) -> Report:
    """Return the report of a verb that is about routes of profiles."""
    from console.cli.outputs.outputs import plain

    names = ", ".join(profile.name for profile in profiles)
    configs = ", ".join(dict.fromkeys(profile.source for profile in profiles))
    return Report(
        ended.verb,
        f"{ended.verb} of {names}",
        int(ended.code),
        results,
        (("profile", names), ("config", configs), *ended.facts),
        is_simulated=any(profile.is_embedded for profile in profiles),
        document=plain(ended.document),
    )


def _of_route(
    profile: "Profile",
    route: ProvenRoute,
    code: ExitCode,
    *,
    steps: tuple[Step, ...] = (),
    findings: tuple[Finding, ...] | None = None,
    classification: Classification | None = None,
) -> Result:
    if findings is None:
        findings = tuple(dict.fromkeys((*route.check.findings, *(f for each in route.rungs for f in each.findings))))
    if classification is None:
        stopped = next((each for each in route.rungs if not each.holds), None)
        classification = route.classification or (None if stopped is None else stopped.classification)
    called, spot = route.check.route, config_spot(profile, route.check.route.config_line)
    subject = route_subject(route.key)
    result = Result(
        profile.name,
        subject,
        _outcome(route, code),
        _words(route),
        int(code),
        reported_findings(findings, subject, profile=profile.name, spot=spot),
        steps,
        f"{called.model}, {called.endpoint_family} {called.endpoint_path}",
    )
    return with_reason(result, _category(classification, route), classification.action if classification else "")


def _category(classification: Classification | None, route: ProvenRoute) -> str | None:
    if classification is not None:
        return classification.category.value
    return Category.ENDPOINT_DRIFT.value if route.standing is Standing.DRIFT else None


def _outcome(route: ProvenRoute, code: ExitCode) -> Outcome:
    if code is ExitCode.OK:
        return Outcome.PASSED if route.standing is Standing.PROVEN else Outcome.SKIPPED
    return Outcome.FAILED if code in (ExitCode.FAILED, ExitCode.DRIFT) and route.standing.is_trouble else Outcome.ERROR


def _words(route: ProvenRoute) -> str:
    proving = route.proving_rung
    missing = "" if proving is None else f"; rung {int(proving)} would prove it: check --level {int(proving)}"
    reason = reason_of(route)
    return f"{route.standing}: {route_words(route)}{missing}{', ' if reason else ''}{reason}"


def _rungs(route: ProvenRoute, top: Rung) -> Iterator[Step]:
    """Yield the rungs up to the one that was asked for; one that was not climbed is not proven."""
    climbed = {each.rung: each for each in route.rungs}
    for rung in Rung:
        if rung > top:
            return
        name = f"rung {int(rung)} {rung.title}"
        result = climbed.get(rung)
        if result is None:
            words = (
                "not asked: only the config was checked" if not climbed else "not climbed: a rung below does not hold"
            )
            if rung is Rung.OFFLINE:
                failing = any(finding.severity is Severity.FAIL for finding in route.check.findings)
                yield Step(name, Outcome.FAILED if failing else Outcome.PASSED, "see the findings" if failing else "")
                continue
            yield Step(name, Outcome.SKIPPED, words)
        else:
            yield Step(name, _OF_STATUS[result.status], _rung_words(result), result.elapsed_ms)


def _rung_words(result: RungResult) -> str:
    if result.status is RungStatus.PASSED:
        return ""
    said = result.classification
    failing = ", ".join(dict.fromkeys(each.id for each in result.findings if each.severity is Severity.FAIL))
    parts = ("" if said is None else f"{said.category}: {said.action}", failing, *result.notes)
    return "; ".join(filter(None, parts)) or str(result.status)


def _call(result: SmokeResult, number: int, count: int) -> Step:
    said = result.classification
    words = str(result.status) if said is None else f"{said.category}: {said.action}"
    name = f"{result.shape} call{f' {number}' if count > 1 else ''}"
    outcome = _OF_SMOKE[result.status]
    return Step(name, outcome, "" if outcome is Outcome.PASSED else words, result.total_ms)


def _of_agent(profile: "Profile", result: AgentResult) -> Result:
    code = code_of_agent(result)
    outcome = _OF_STATUS[result.status]
    if code is not ExitCode.OK and outcome in (Outcome.PASSED, Outcome.SKIPPED):
        outcome = Outcome.FAILED
    subject = f"agent {result.agent}, {result.model}"
    words = "; ".join((str(result.status), *result.notes))
    found = reported_findings(dict.fromkeys(result.findings), subject, profile=profile.name, spot=config_spot(profile))
    made = Result(profile.name, subject, outcome, words, int(code), found, about=", ".join(map(str, result.keys)))
    said = result.classification
    return with_reason(made, said.category.value if said else None, said.action if said else "")


def _of_table(profile: "Profile", findings: Sequence[Finding]) -> Iterator[Result]:
    """Yield what was found of the route table as a whole; it has no exit code of its own."""
    if findings:
        subject = f"profile {profile.name}"
        found = reported_findings(findings, subject, profile=profile.name, spot=config_spot(profile))
        yield Result(profile.name, subject, Outcome.SKIPPED, "a run would not be complete", 0, found)
