"""Findings, as the headless face tells them: a line for a person, a field of a JSON document."""

from console.cli import output
from console.domain.finding import Finding
from console.view.finding_sign import severity_sign


def show_finding(subject: str, finding: Finding) -> None:
    """Write one finding for a person."""
    seen = f" ({finding.evidence})" if finding.evidence else ""
    source = f"  ({finding.source_url}, read {finding.checked_on})" if finding.source_url else ""
    output.write_line(f"{subject}  {severity_sign(finding.severity)}  {finding.id}: {finding.message}{seen}{source}")


def finding_document(finding: Finding) -> dict[str, object]:
    """Return a finding as the JSON documents name it."""
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "message": finding.message,
        "evidence": finding.evidence or None,
        "source_url": finding.source_url or None,
        "checked_on": finding.checked_on or None,
    }
