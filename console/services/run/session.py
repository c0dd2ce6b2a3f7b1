"""A run in this process: held and stepped. Both faces step a run through here."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from console.domain.run.command import machine_verdict
from console.domain.run.state import Phase
from console.services.ledger.heartbeat import holding
from console.services.ledger.holder import this_process
from console.services.open_gateway import Target
from console.services.run.beginning import read_inputs
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog
from console.services.run.step import StepEvent
from console.services.run.stepper import Stepper


@contextlib.asynccontextmanager
async def stepping(context: RunContext, log: RunLog, *, target: Target | None = None) -> AsyncIterator[Stepper]:
    """Hold a run within, so that no other console steps it, and yield what steps it.

    Raises:
        LeaseHeldError: Another console steps it.
        LedgerError: The ledger cannot be used, or where the run works is not kept here.

    """
    inputs = await read_inputs(context.artifacts, log.state)
    holder = this_process(context.operator.id)
    async with (
        holding(context.ledger, log.state.run_id, holder) as held,
        Stepper(context, log, inputs, held, target) as stepper,
    ):
        yield stepper


async def step_all(context: RunContext, log: RunLog, stepper: Stepper) -> AsyncGenerator[StepEvent, None]:
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
        for entry in await log.command(context.machine, machine_verdict(state, state.opened)):
            yield entry
