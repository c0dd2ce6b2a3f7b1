"""`routes`: the route table and its lint, offline."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode, code_of_check, most_actionable
from console.cli.profile import chosen_profile
from console.cli.reports.finding import finding_document, show_finding
from console.domain.routes.contract import RouteCheck
from console.view.route_sign import check_sign


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Add the verb to the command line."""
    parser = verbs.add_parser("routes", help="show the route table and check it offline", allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check the route table and show it."""
    from console.services.config.toml_text import ConfigError

    try:
        profile = chosen_profile(arguments)
    except ConfigError as error:
        output.complain(str(error))
        return ExitCode.CONFIG
    checks = profile.check()
    if arguments.json:
        output.write_document(
            {
                "schema": "gateway-console/routes/v1",
                "profile": profile.name,
                "config": profile.source,
                "routes": [route_document(each) for each in checks],
            }
        )
    else:
        show_routes(checks)
    return most_actionable(code_of_check(each) for each in checks)


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
