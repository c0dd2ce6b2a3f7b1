"""A finding, as all documents name it."""

from dataclasses import dataclass
from typing import Self

from console.domain.finding import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class FindingDocument:
    """One place where a route, an answer, a file or a run meets or breaks its contract."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    message: str
    evidence: str | None
    """Where it was seen and how often."""
    source_url: str | None
    checked_on: str | None
    """ISO date on which the source was read."""

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Return a finding as the documents name it."""
        return cls(
            id=finding.id,
            severity=finding.severity,
            message=finding.message,
            evidence=finding.evidence or None,
            source_url=finding.source_url or None,
            checked_on=finding.checked_on or None,
        )
