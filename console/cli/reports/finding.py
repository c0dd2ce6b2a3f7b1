"""Findings, for a person."""

from console.cli import output
from console.domain.finding import Finding
from console.domain.routes.route_key import RouteKey
from console.view.finding_sign import severity_sign


def show_finding(subject: str, finding: Finding) -> None:
    """Write one finding for a person."""
    seen = f" ({finding.evidence})" if finding.evidence else ""
    source = f"  ({finding.source_url}, read {finding.checked_on})" if finding.source_url else ""
    output.write_line(f"{subject}  {severity_sign(finding.severity)}  {finding.id}: {finding.message}{seen}{source}")


def route_subject(key: RouteKey) -> str:
    """Return a route as the subject of a finding."""
    return f"route {key}"


def boundary_subject(finding: Finding) -> str:
    """Return what a boundary's finding is about that belongs to no workflow."""
    return "environment" if finding.id.startswith("BND-2") else "zizmor"
