"""A run in this process: held, stepped and decided. Both faces drive a run through here."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from console.domain.gate import Gate, GateVerdict
from console.domain.run import Phase, RunState
from console.domain.run_event import Entry
from console.domain.run_rule import AllowRepeat, Decide, MoveRoute, Stop
from console.services.ledger.heartbeat import holding
from console.services.ledger.holder import this_process
from console.services.ledger.ledger import LedgerError
from console.services.run.beginning import read_inputs
from console.services.run.desk import RunDesk
from console.services.run.run_log import RunLog
from console.services.run.stepper import StepNews, Stepper
from console.services.target import Target


@contextlib.asynccontextmanager
async def stepping(desk: RunDesk, log: RunLog, *, target: Target | None = None) -> AsyncIterator[Stepper]:
    """Hold a run within, so that no other console steps it, and yield what steps it.

    Raises:
        LeaseHeldError: Another console steps it.
        LedgerError: The ledger cannot be used, or where the run works is not kept here.

    """
    inputs = await read_inputs(desk.artifacts, log.state)
    holder = this_process(desk.operator.id)
    async with (
        holding(desk.ledger, log.state.run_id, holder) as held,
        Stepper(desk, log, inputs, held, target) as stepper,
    ):
        yield stepper


async def step_all(desk: RunDesk, log: RunLog, stepper: Stepper) -> AsyncGenerator[StepNews, None]:
    """Step a run and take the machine's verdict at each gate, until it is over or needs a person."""
    while True:
        async with aclosing(stepper.step()) as news:
            async for each in news:
                yield each
        state = log.state
        if state.is_over or state.phase is Phase.LOST:
            return
        if state.phase is not Phase.WAITING or state.opened is None:
            continue
        if state.opened.needs_human:
            return
        for entry in await log.command(desk.machine, machine_verdict(log.state)):
            yield entry


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
