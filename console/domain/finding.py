"""A finding: one place where a route, an answer, a file or a run meets or breaks its contract."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How serious a finding is: `fail` breaks the contract, `warn` needs a look, `info` is for the record."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check result: a place where a route or an answer meets or breaks its contract."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    message: str
    """One sentence of our own; it never contains text from outside."""
    source_url: str = ""
    checked_on: str = ""
    """ISO date on which the source was read; empty if the finding comes from the config or the wire alone."""
    evidence: str = ""
    """Where it was seen and how often; of text from outside, only a name in a closed form, such as a model's."""

    def about(self, subject: str) -> "Finding":
        """Return the finding with its subject at the head of its message, for a list of several subjects."""
        return replace(self, message=f"{subject}: {self.message}")
