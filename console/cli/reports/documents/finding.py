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
    subject: str
    """What the finding is about, for a reader of this one alone: a route, a file, a profile, the environment."""
    message: str
    evidence: str | None
    """Where it was seen and how often."""
    source_url: str | None
    checked_on: str | None
    """ISO date on which the source was read."""

    @classmethod
    def of(cls, finding: Finding, subject: str) -> Self:
        """Return a finding on a subject as the documents name it."""
        return cls(
            id=finding.id,
            severity=finding.severity,
            subject=subject,
            message=finding.message,
            evidence=finding.evidence or None,
            source_url=finding.source_url or None,
            checked_on=finding.checked_on or None,
        )
