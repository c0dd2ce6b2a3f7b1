"""What is found of a profile's route table as a whole, such as a role that a run will need and the table lacks."""

import argparse
from typing import TYPE_CHECKING

from console.cli.reports.finding import show_finding

if TYPE_CHECKING:
    from console.domain.finding import Finding
    from console.services.config.settings import Profile


def findings_of_table(arguments: argparse.Namespace, profile: "Profile") -> "tuple[Finding, ...]":
    """Return what was found of a profile's table as a whole; nothing if only some routes are chosen."""
    if arguments.role or arguments.route:
        return ()
    from console.domain.finding import Severity
    from console.domain.run.needed_roles import check_roles

    roles = [route.role for route in profile.table]
    return tuple(check_roles(profile.name, roles, profile.policy.max_attempts, Severity.WARN))


def show_table_findings(arguments: argparse.Namespace, profile: "Profile") -> None:
    """Write what was found of a profile's table as a whole, for a person."""
    for finding in findings_of_table(arguments, profile):
        show_finding(f"profile {profile.name}", finding)
