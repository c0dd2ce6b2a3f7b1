"""The route table with its offline checks, for a person and as JSON."""

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.reports.finding import finding_document, show_finding
from console.domain.finding import Severity
from console.domain.routes.contract import RouteCheck, Verdict
from console.view.route_sign import check_sign


def show_routes(checks: tuple[RouteCheck, ...]) -> None:
    """Write the route table and its findings for a person."""
    rows = [("role", "model", "family", "path", "required", "contract")]
    rows += [
        (
            each.route.role.value,
            each.route.model,
            each.route.endpoint_family.value,
            each.route.endpoint_path,
            each.required_family.value if each.required_family else "none",
            str(check_sign(each)),
        )
        for each in checks
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    for each in checks:
        for finding in each.findings:
            show_finding(each.route.role, finding)


def route_document(check: RouteCheck) -> dict[str, object]:
    """Return a route as the JSON documents name it."""
    return {
        "role": check.route.role.value,
        "model": check.route.model,
        "endpoint_family": check.route.endpoint_family.value,
        "endpoint_path": check.route.endpoint_path,
        "required_family": check.required_family.value if check.required_family else None,
        "verdict": check.verdict.value,
        "rung_reached": 0,
        "findings": [finding_document(finding) for finding in check.findings],
    }


def code_of_check(check: RouteCheck) -> ExitCode:
    """Return the exit code of one route's offline check."""
    if check.verdict is Verdict.DRIFT:
        return ExitCode.DRIFT
    has_failure = any(finding.severity is Severity.FAIL for finding in check.findings)
    return ExitCode.FAILED if has_failure else ExitCode.OK
