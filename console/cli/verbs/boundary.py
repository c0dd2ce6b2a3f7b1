"""`boundary`: what a repository's workflows may do, and which tokens roles could reach; offline, names only."""

import argparse
import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli import output
from console.cli.context import current
from console.cli.exit_code import ExitCode
from console.cli.outputs.options import add_baseline_arguments
from console.cli.outputs.outputs import Outputs, reported
from console.cli.profile import chosen_profile
from console.cli.reports.finding import boundary_subject, show_finding
from console.domain.finding import Severity
from console.domain.problem import Problem, ProblemKind
from console.domain.text.safe import safe
from console.domain.workflows.boundary import Boundary, WorkflowCheck
from console.domain.workflows.permissions import CiPermissions
from console.domain.workflows.token_kind import TokenKind
from console.services.config.settings import PolicySettings
from console.services.instructions.find import repository_of
from console.services.system.directories import absolute
from console.services.system.os_reason import os_reason
from console.services.workflows.boundary import check_boundary, names_set
from console.services.workflows.zizmor import find_zizmor
from console.view.finding_sign import severity_sign

if TYPE_CHECKING:
    from console.cli.reports.documents.boundary import BoundaryDocument
    from console.view.report.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "repository",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="REPO",
        help="the repository, or a directory in it (default: this one)",
    )
    add_baseline_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Check the boundary of a repository and of this environment, and show it."""
    return reported(arguments, "boundary", lambda outputs: _run(arguments, outputs))


def _run(arguments: argparse.Namespace, outputs: Outputs) -> ExitCode:
    repository = absolute(arguments.repository)
    if not repository.is_dir():
        raise Problem(
            f"{safe(str(arguments.repository), limit=200)} is not a folder; name a repository's folder",
            ProblemKind.USAGE,
        )
    if not (repository / ".github" / "workflows").is_dir():
        repository = repository_of(repository)
    profile = chosen_profile(arguments, uses_gateway=False)
    try:
        boundary = asyncio.run(
            check_boundary(
                repository,
                names_set(current().environment),
                own_names=profile.policy.withheld_tokens,
                withheld=profile.policy.withheld_kinds,
                zizmor=find_zizmor(current().environment),
            )
        )
    except OSError as error:
        reason = os_reason(error)
        raise Problem(f"cannot read {safe(str(arguments.repository), limit=200)}: {reason}") from None

    def document() -> "BoundaryDocument":
        from console.cli.reports.documents.boundary import BoundaryDocument

        return BoundaryDocument.of(boundary, profile.name)

    def report(code: ExitCode) -> "Report":
        from console.cli.outputs.of_files import report_of_boundary

        return report_of_boundary(boundary, profile.name, code, document())

    if arguments.json:
        output.write_document(document())
    else:
        _show(boundary, profile.policy)
    return outputs.end(_code(boundary), report)


def _code(boundary: Boundary) -> ExitCode:
    if boundary.has_literal_secret:
        return ExitCode.REFUSED
    has_failure = any(finding.severity is Severity.FAIL for finding in boundary.all_findings)
    return ExitCode.FAILED if has_failure else ExitCode.OK


def _show(boundary: Boundary, policy: PolicySettings) -> None:
    rows = [("workflow", "token", "state")]
    rows += [(check.path, check.permissions.value, _state(check)) for check in boundary.workflows]
    if len(rows) > 1:
        widths = output.column_widths(rows)
        for row in rows:
            output.write_line(output.table_line(row, widths))
    for check in boundary.workflows:
        for placed in check.findings:
            show_finding(check.path, placed.finding)
    for finding in boundary.findings:
        show_finding(boundary_subject(finding), finding)
    facts = (
        ("tokens that stop a run", ", ".join(each for each in TokenKind if each in policy.withheld_kinds)),
        ("a broken workflow", _BOUNDARY_WORDS[policy.ci_boundary]),
        ("publisher token available", _yes_or_no(boundary.publisher_token_available)),
        ("cloud token available", _yes_or_no(boundary.cloud_token_available)),
        ("CI token permissions", _permission_words(boundary)),
    )
    widths = output.column_widths(facts)
    for fact in facts:
        output.write_line(output.table_line(fact, widths))
    counts = Counter(finding.severity for finding in boundary.all_findings)
    weights = ", ".join(f"{counts[severity]} {severity}" for severity in Severity)
    output.note(f"{len(boundary.workflows)} workflow(s), {len(boundary.tokens)} token(s) in the environment: {weights}")


_PERMISSION_WORDS = {
    CiPermissions.LEAST_PRIVILEGE: "least privilege: every job's token is declared",
    CiPermissions.UNKNOWN: "unknown: a called workflow has its caller's, or a file could not be read",
    CiPermissions.NONE_DECLARED: "none declared: the repository's default applies",
    CiPermissions.BROAD: "broad: a token can write nearly everything, or several jobs share one that can write",
}


_BOUNDARY_WORDS = {
    "require": "stops a run (ci_boundary)",
    "person": "waits for a person in each run (ci_boundary)",
    "note": "is only recorded in a run (ci_boundary)",
}


def _permission_words(boundary: Boundary) -> str:
    if not boundary.workflows:
        return f"{boundary.ci_token_permissions}: no workflow was found"
    return _PERMISSION_WORDS[boundary.ci_token_permissions]


def _state(check: WorkflowCheck) -> str:
    if not check.findings:
        return "✓ ok"
    return str(severity_sign(check.findings[0].finding.severity))


def _yes_or_no(is_so: bool) -> str:
    return "yes" if is_so else "no"
