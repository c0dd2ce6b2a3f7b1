"""Deciding: carries out an operator's command, signed if needed. Only a move to the fallback needs the gateway."""

from contextlib import aclosing
from dataclasses import replace

from console.domain.ledger.signature import decision_statement
from console.domain.routes.role import Role
from console.domain.run.command import Decide, MoveRoute, OperatorCommand, ReportEvent, SignDecision
from console.domain.run.decide import decide
from console.domain.run.event import Entry, ProofPaid
from console.domain.run.reason import kept_reason
from console.domain.run.refusal import Refusal, RefusalCode
from console.domain.run.rules.budgets import run_budgets
from console.domain.run.state import RunState
from console.services.record.signing import SigningError, sign_verified
from console.services.run.routing import used_route
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError


async def command(context: RunContext, log: RunLog, what: OperatorCommand) -> tuple[Entry, ...]:
    """Carry out an operator's command.

    A decision is signed if the policy requires two operators; with a key, a checkpoint of the run is signed after it,
    and `context.checkpoints` says if that failed. A role moves to the fallback's route only after that
    route is proven as far as the preflight proves the others.

    Raises:
        RunRefusedError: The run's rules do not allow it, it cannot be signed, or the fallback's route does not hold.
        Problem: The gateway cannot be opened to prove the fallback's route.
        ConflictError: Another process appended first.
        LedgerError: It cannot be recorded.

    """
    found = decide(log.state, what, context.operator)
    if isinstance(what, MoveRoute) and not isinstance(found, Refusal):
        what = await _proven(context, log, what)
    signed: tuple[SignDecision, ...] = ()
    if isinstance(what, Decide) and isinstance(found, Refusal) and found.code is RefusalCode.UNSIGNED:
        signed = (await _sign(context, log.state, what),)
    entries = await log.command(context.operator, *signed, what)
    await context.checkpoints.keep(log.state, entries)
    return entries


async def _proven(context: RunContext, log: RunLog, what: MoveRoute) -> MoveRoute:
    """Prove the fallback's route, and return the command with its proof. What a refused proof took is booked too."""
    # late: it loads the HTTP library
    from console.services.run.preflight.route_proofs import RouteProofs, checks_of, proof_of

    fallback = used_route(context.profile, log.state, Role.FALLBACK)
    proofs = RouteProofs(checks_of(context, set() if fallback is None else {fallback.key}))
    async with (
        context.open_target() as target,
        aclosing(proofs.climb(context, target.require_gateway(), run_budgets(log.state))) as started,
    ):
        async for _ in started:
            pass
    stop = proofs.stop(context.profile.policy)
    if stop is not None:
        if proofs.spent is not None:
            await log.command(context.machine, ReportEvent(ProofPaid(proofs.spent)))
        words = f"{what.role} stays on its own route, because the fallback's does not hold: {stop.words}"
        raise RunRefusedError(Refusal(RefusalCode.ROUTE, words))
    proof = next((replace(proof_of(each), role=what.role) for each in proofs.routes), None)
    return replace(what, proof=proof, spent=proofs.spent)


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
