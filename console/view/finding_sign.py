"""How a finding's severity is shown."""

from console.domain.finding import Severity
from console.view.sign import Sign, Tone

_SEVERITIES = {
    Severity.FAIL: Sign("×", "fail", Tone.FAIL),
    Severity.WARN: Sign("~", "warn", Tone.WARN),
    Severity.INFO: Sign("·", "info", Tone.DIM),
}


def severity_sign(severity: Severity) -> Sign:
    """Return how a finding's severity is shown."""
    return _SEVERITIES[severity]
