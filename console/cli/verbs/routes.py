"""`routes`: the route table and its offline checks."""

import argparse

from console.cli import output
from console.cli.exit_code import ExitCode, most_actionable
from console.cli.profile import chosen_profile, offline_checks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the verb takes only the common options."""


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check the route table and show it."""
    from console.cli.reports.code import code_of_route
    from console.domain.finding import Severity
    from console.domain.probes.proven_route import ProvenRoute
    from console.domain.run.needed_roles import check_roles

    profile = chosen_profile(arguments)
    checks = offline_checks(profile)
    roles = [each.route.role for each in checks]
    findings = tuple(check_roles(profile.name, roles, profile.policy.max_attempts, Severity.WARN))
    if arguments.json:
        from console.cli.reports.documents.routes import RoutesDocument

        output.write_document(RoutesDocument.of(profile, checks, findings))
    else:
        from console.cli.reports.finding import show_finding
        from console.cli.reports.routes import show_routes

        show_routes(checks)
        for finding in findings:
            show_finding(f"profile {profile.name}", finding)
    return most_actionable(code_of_route(ProvenRoute(each)) for each in checks)
