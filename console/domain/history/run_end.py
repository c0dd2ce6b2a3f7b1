"""The fact of a run's end. Apart from `noting`, because checks and smoke tests load nothing of runs."""

from console.domain.history.fact import Fact, FactKind, FactStatus, runs_of
from console.domain.run.state import RunState, RunStatus

_ENDED = {
    RunStatus.CLOSED: FactStatus.PASSED,
    RunStatus.BLOCKED: FactStatus.BLOCKED,
    RunStatus.STOPPED: FactStatus.STOPPED,
}


def run_end(state: RunState, at_ms: int) -> Fact | None:
    """Return the fact of a run that is over; None of one that is not.

    Args:
        state: The run.
        at_ms: The Unix time.

    """
    created, status = state.created, _ENDED.get(state.status)
    if created is None or status is None:
        return None
    spent = state.spent
    return Fact(
        at_ms,
        runs_of(created.profile, created.gateway_origin),
        FactKind.RUN,
        status,
        category=None if state.stopped is None else state.stopped.category,
        total_ms=float(max(0, state.updated_at_ms - state.started_at_ms)),
        microusd=spent.microusd if spent.is_exact else None,
    )
