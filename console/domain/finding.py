"""A finding: one place where a route, an answer, a file or a run meets or breaks its contract."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: `fail` breaks the contract, `warn` wants a look, `info` is for the record."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a route or an answer meets or breaks its contract."""

    id: str
    """Stable id, `AREA-NUMBER`; never reused for another meaning."""
    severity: Severity
    message: str
    """One sentence in our words; text from outside never enters it."""
    source_url: str = ""
    checked_on: str = ""
    """ISO date on which the source was read; empty where the finding rests on the config or the wire alone."""
    evidence: str = ""
    """Where it was seen and how often, in our words and numbers; text from outside never enters it."""
