"""How a rung of the probe ladder is shown."""

from console.domain.probes.agent_result import AgentResult
from console.domain.probes.ladder import RungResult, RungStatus
from console.view.sign import OK, Sign, Tone

_RUNGS = {
    RungStatus.PASSED: OK,
    RungStatus.FAILED: Sign("×", "failed", Tone.FAIL),
    RungStatus.BLOCKED: Sign("!", "blocked", Tone.WARN),
    RungStatus.UNPROVEN: Sign("~", "unproven", Tone.WARN),
}


def status_sign(status: str) -> Sign:
    """Return how the status of a rung is shown, by the value of a `RungStatus`."""
    return next((sign for known, sign in _RUNGS.items() if known == status), Sign("·", status, Tone.DIM))


def rung_sign(result: RungResult | AgentResult) -> Sign:
    """Return how the result of a rung, or of an agent's call, is shown."""
    return _RUNGS[result.status]
