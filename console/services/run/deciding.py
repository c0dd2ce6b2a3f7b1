"""Deciding: what an operator says of a run, or what is taken of the machine. Needs no gateway."""

from console.domain.ledger.signature import decision_statement
from console.domain.run.decide import (
    AllowRepeat,
    Decide,
    MoveRoute,
    Refusal,
    RefusalCode,
    Sign,
    Stop,
    decide,
    kept_reason,
)
from console.domain.run.event import Entry
from console.domain.run.gate import Gate, GateVerdict
from console.domain.run.state import RunState
from console.services.ledger.ledger import LedgerError
from console.services.run.desk import RunDesk
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.signing import SigningError, sign_verified


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
    """Carry out an operator's command; a decision is signed where the policy wants four eyes.

    Raises:
        RunRefusedError: The rules of a run do not allow it, or it cannot be signed.
        ConflictError: Somebody else was first.
        LedgerError: It cannot be kept.

    """
    refused = decide(log.state, what, desk.operator)
    if isinstance(what, Decide) and isinstance(refused, Refusal) and refused.code is RefusalCode.FOUR_EYES:
        signature = await _sign(desk, log.state, what)
        return await log.command(desk.operator, *(signature, what) if signature else (what,))
    return await log.command(desk.operator, what)


async def _sign(desk: RunDesk, state: RunState, what: Decide) -> Sign | None:
    """Sign a decision; None where the operator has no key, which is refused by the rules of a run."""
    if what.is_machine or not desk.profile.policy.operator_key:
        return None
    statement = decision_statement(
        state.run_id,
        state.head,
        gate=what.gate.value,
        attempt=state.attempt,
        verdict=what.verdict.value,
        artifact_sha256=what.artifact_sha256,
        reason=kept_reason(what.reason),
    )
    try:
        return await sign_verified(desk.profile.policy, statement, desk.environment)
    except SigningError as error:
        raise RunRefusedError(Refusal(RefusalCode.FOUR_EYES, str(error))) from None
