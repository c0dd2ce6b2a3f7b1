"""A run in this process: held and stepped. The CLI and the app both step runs through here."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from console.domain.run.command import machine_verdict
from console.domain.run.state import Phase
from console.services.ledger.heartbeat import holding
from console.services.ledger.holder import this_process
from console.services.open_gateway import Target
from console.services.run.beginning import read_inputs
from console.services.run.run_context import RunContext, RunInputs
from console.services.run.run_log import RunLog
from console.services.run.step import StepEvent
from console.services.run.stepper import Stepper


@contextlib.asynccontextmanager
async def stepping(
    context: RunContext, log: RunLog, *, target: Target | None = None, inputs: RunInputs | None = None
) -> AsyncIterator[Stepper]:
    """Hold a run inside the block, so that no other console steps it, and yield its stepper.

    Args:
        context: What stepping needs of this process.
        log: The run.
        target: The gateway, if it is already open.
        inputs: Where the run works, if that is elsewhere than where it began.

    Raises:
        LeaseHeldError: Another console is stepping it.
        LedgerError: The ledger cannot be used, or the run's inputs are not on this machine.

    """
    inputs = inputs or await read_inputs(context.artifacts, log.state)
    holder = this_process(context.operator.id)
    async with (
        holding(context.ledger, log.state.run_id, holder) as held,
        Stepper(context, log, inputs, held, target) as stepper,
    ):
        was_over = log.state.is_over
        yield stepper
        if log.state.is_over and not was_over:
            await context.checkpoints.keep(log.state)


async def step_all(
    context: RunContext, log: RunLog, stepper: Stepper, *, goes_on: Callable[[], bool] = lambda: True
) -> AsyncGenerator[StepEvent, None]:
    """Step a run and apply the machine's verdict at each gate, until it is over or needs a person.

    Args:
        context: What the run needs.
        log: The run.
        stepper: Its stepper.
        goes_on: Whether to go on; asked after each gate's work, before its verdict is applied.

    """
    while True:
        async with aclosing(stepper.step()) as events:
            async for each in events:
                yield each
        state = log.state
        if state.is_over or state.phase is Phase.LOST or not goes_on():
            return
        if state.phase is not Phase.WAITING or state.opened is None:
            continue
        if state.opened.needs_human:
            return
        entries = await log.command(context.machine, machine_verdict(state, state.opened))
        for entry in entries:
            yield entry
        await context.checkpoints.keep(log.state, entries)
