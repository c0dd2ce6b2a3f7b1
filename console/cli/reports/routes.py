"""The route table with its offline checks, for a person."""

from console.cli import output
from console.cli.exit_code import ExitCode
from console.cli.reports.finding import show_finding
from console.domain.finding import Severity
from console.domain.routes.contract import RouteCheck, Verdict, fix_lines
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
        for words in fix_lines(each):
            output.write_line(f"{each.route.role}  fix: {words}")


def code_of_check(check: RouteCheck) -> ExitCode:
    """Return the exit code of one route's offline check."""
    if check.verdict is Verdict.DRIFT:
        return ExitCode.DRIFT
    has_failure = any(finding.severity is Severity.FAIL for finding in check.findings)
    return ExitCode.FAILED if has_failure else ExitCode.OK
