"""The route table with its offline checks, for a person."""

from collections.abc import Sequence

from console.cli import output
from console.cli.reports.finding import show_finding
from console.cli.reports.sweep import counted
from console.domain.probes.proven_route import ProvenRoute
from console.domain.routes.contract import RouteCheck, fix_lines
from console.view.route_sign import marks_text, standing_sign, verdict_sums


def show_sums(routes: Sequence[ProvenRoute]) -> None:
    """Write the sums of a table of several routes."""
    if len(routes) > 1:
        output.write_line(route_sums(routes))


def route_sums(routes: Sequence[ProvenRoute]) -> str:
    """Return how many routes there are, and with which verdicts."""
    return counted(len(routes), "route") + (f": {verdict_sums(routes)}" if routes else "")


def show_routes(checks: tuple[RouteCheck, ...]) -> None:
    """Write the route table and its findings for a person."""
    routes = [ProvenRoute(check) for check in checks]
    rows = [("route", "model", "family", "path", "required", "verdict", "note")]
    rows += [
        (
            each.key,
            each.check.route.model,
            each.check.route.endpoint_family.value,
            each.check.route.endpoint_path,
            each.check.required_family.value if each.check.required_family else "none",
            str(standing_sign(each.standing)),
            marks_text(each),
        )
        for each in routes
    ]
    widths = output.column_widths(rows)
    for row in rows:
        output.write_line(output.table_line(row, widths))
    show_sums(routes)
    for each in checks:
        for finding in each.findings:
            show_finding(each.route.key, finding)
        for words in fix_lines(each):
            output.write_line(f"{each.route.key}  fix: {words}")
