"""The outcome of an artifact's deterministic checks: passed, for a human to decide, or refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.domain.finding import Finding, Severity

NEEDS_A_HUMAN = frozenset(
    {
        *("ART-05", "PAT-04", "PAT-05", "PAT-06", "PAT-07", "PAT-08", "PAT-09", "PAT-10"),
        *("CMD-01", "CMD-02", "CMD-03", "CMD-04", "CMD-05", "CMD-06", "CMD-07", "CMD-08"),
    }
)
"""Findings that are neither right nor wrong: the run waits for a person's decision, whatever models say."""
REFUSED = frozenset({"ART-04"})
"""Findings that keep the artifact from reviewers and from the store: exit code 11."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The findings of a check and their consequences."""

    findings: tuple[Finding, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether no finding is a failure; a human may still have to decide."""
        return all(finding.severity is not Severity.FAIL for finding in self.findings)

    @property
    def needs_human(self) -> bool:
        """Whether the run has to wait for a person's decision."""
        return any(finding.id in NEEDS_A_HUMAN for finding in self.findings)

    @property
    def is_refused(self) -> bool:
        """Whether the artifact seems to contain a secret and must not go on."""
        return any(finding.id in REFUSED for finding in self.findings)

    def with_findings(self, findings: Iterable[Finding]) -> "CheckOutcome":
        """Return the outcome with more findings, without duplicates."""
        known = {finding.id for finding in self.findings}
        return CheckOutcome((*self.findings, *(finding for finding in findings if finding.id not in known)))


def places(numbers: Sequence[int], what: str = "line") -> str:
    """Return places, in at most five numbers: `lines 3, 9 and 12`, `lines 1, 2, 3, 4, 5 and 7 more`."""
    distinct = sorted(set(numbers))
    if not distinct:
        return ""
    if len(distinct) == 1:
        return f"{what} {distinct[0]}"
    shown, rest = distinct[:5], len(distinct) - 5
    last = f"{rest} more" if rest > 0 else str(shown.pop())
    return f"{what}s {', '.join(map(str, shown))} and {last}"
