"""Findings, for a person."""

from console.cli import output
from console.domain.finding import Finding
from console.view.finding_sign import severity_sign


def show_finding(subject: str, finding: Finding) -> None:
    """Write one finding for a person."""
    seen = f" ({finding.evidence})" if finding.evidence else ""
    source = f"  ({finding.source_url}, read {finding.checked_on})" if finding.source_url else ""
    output.write_line(f"{subject}  {severity_sign(finding.severity)}  {finding.id}: {finding.message}{seen}{source}")
