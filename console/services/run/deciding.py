"""Deciding: what an operator says of a run, or what is taken of the machine. Needs no gateway."""

from console.domain.gate import Gate, GateVerdict
from console.domain.run import RunState
from console.domain.run_event import Entry
from console.domain.run_rule import AllowRepeat, Decide, MoveRoute, Stop
from console.services.ledger.ledger import LedgerError
from console.services.run.desk import RunDesk
from console.services.run.run_log import RunLog


def machine_verdict(state: RunState) -> Decide:
    """Return the decision that takes what our code computed, as it is."""
    if state.opened is None:
        raise LedgerError(f"the gate {state.gate.words} does not wait")
    return Decide(state.gate, state.opened.verdict, "", state.head, state.opened.artifact_sha256, is_machine=True)


def operator_verdict(
    state: RunState, gate: Gate, verdict: GateVerdict, reason: str, *, saw: str | None = None
) -> Decide:
    """Return an operator's decision on what waits.

    Args:
        state: The run as the operator's console has read it.
        gate: Where the operator means to decide.
        verdict: What is said.
        reason: Why.
        saw: The head that the operator had before the eyes; by default the one that the console has read.

    """
    artifact = None if state.opened is None else state.opened.artifact_sha256
    return Decide(gate, verdict, reason, state.head if saw is None else saw, artifact)


async def command(desk: RunDesk, log: RunLog, what: Decide | AllowRepeat | MoveRoute | Stop) -> tuple[Entry, ...]:
    """Carry out an operator's command.

    Raises:
        RunRefusedError: The rules of a run do not allow it.
        ConflictError: Somebody else was first.
        LedgerError: It cannot be kept.

    """
    return await log.command(desk.operator, what)
