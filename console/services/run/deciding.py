"""Deciding: carries out an operator's command, signed if needed. Needs no gateway."""

from console.domain.ledger.signature import decision_statement
from console.domain.run.command import Decide, OperatorCommand, SignDecision
from console.domain.run.decide import decide
from console.domain.run.event import Entry
from console.domain.run.reason import kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.state import RunState
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError
from console.services.run.signing import SigningError, sign_verified


async def command(context: RunContext, log: RunLog, what: OperatorCommand) -> tuple[Entry, ...]:
    """Carry out an operator's command; a decision is signed if the policy requires two operators.

    Raises:
        RunRefusedError: The run's rules do not allow it, or it cannot be signed.
        ConflictError: Another process appended first.
        LedgerError: It cannot be recorded.

    """
    found = decide(log.state, what, context.operator)
    if isinstance(what, Decide) and isinstance(found, Refusal) and found.code is RefusalCode.UNSIGNED:
        return await log.command(context.operator, await _sign(context, log.state, what), what)
    return await log.command(context.operator, what)


async def _sign(context: RunContext, state: RunState, what: Decide) -> SignDecision:
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
        return await sign_verified(context.profile.policy, statement, context.environment)
    except SigningError as error:
        raise RunRefusedError(Refusal(RefusalCode.FOUR_EYES, str(error))) from None
