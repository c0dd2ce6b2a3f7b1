"""One look at one run: steps what is due, until a person is needed; does nothing if nothing is due."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from enum import StrEnum

from console.domain.run.state import RunState
from console.services.config.settings import Profile
from console.services.gateway.reservations import Reservations
from console.services.ledger.codec import CodecError
from console.services.ledger.ledger import ConflictError, FencedError, LeaseHeldError
from console.services.open_gateway import Target, TargetError, TokenError
from console.services.record.checkpoints import Checkpoints
from console.services.run.opening import catalogues_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import DamagedRunError, RunLog
from console.services.run.session import step_all, stepping
from console.services.run.step import StepHeldError
from console.services.worker.means import LackingError, Means


class Looked(StrEnum):
    """How a look ended."""

    NOTHING_DUE = "nothing due"
    """The run waits for a person, or is over."""
    HELD = "held by another"
    """Another console or worker steps it."""
    STEPPED = "stepped"
    PASSED_OVER = "passed over"
    """This worker cannot step it; another one may."""


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look."""

    run_id: str
    ended: Looked
    why: str = ""
    """Why the run was passed over."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a worker looks with."""

    context: RunContext
    """The store, and who this process is; the profile is each run's own."""
    means: "MeansFinder"
    open_target: Callable[[Profile], AbstractAsyncContextManager[Target]]
    goes_on: Callable[[], bool] = lambda: True
    """Whether a run is taken beyond the gate at hand."""
    is_auto: bool = False
    """Whether the computed verdict is taken at a gate that needs no person."""
    sees: Callable[[RunState], None] = lambda _: None
    """Called with the run as it goes."""


MeansFinder = Callable[[RunContext, RunState], Awaitable[Means]]


async def look_at(eyes: Eyes, run_id: str) -> Look:
    """Look at a run, and step what is due.

    Raises:
        LedgerError: The store cannot be used; what was stored before stays.

    """
    try:
        log = await RunLog.open(eyes.context.ledger, run_id)
    except CodecError:
        return Look(run_id, Looked.PASSED_OVER, "it has events that this version does not know; update this worker")
    except DamagedRunError as damaged:
        return Look(run_id, Looked.PASSED_OVER, str(damaged))
    if log.state.is_over or log.state.is_waiting:
        return Look(run_id, Looked.NOTHING_DUE)
    try:
        means = await eyes.means(eyes.context, log.state)
        async with eyes.open_target(means.profile) as target:
            if not means.profile.is_embedded or target.gateway is None:
                target.require_gateway()
            return await _step(eyes, log, means, target)
    except (LackingError, TokenError, TargetError, StepHeldError) as why:
        return Look(run_id, Looked.PASSED_OVER, str(why))
    except LeaseHeldError:
        return Look(run_id, Looked.HELD)
    except (ConflictError, FencedError):  # whoever was first has rung the bell, or steps the run
        return Look(run_id, Looked.HELD)


async def _step(eyes: Eyes, log: RunLog, means: Means, target: Target) -> Look:
    context = context_for(eyes.context, means.profile)
    async with stepping(context, log, target=target, inputs=means.inputs) as stepper:
        await log.refresh()
        eyes.sees(log.state)

        def goes_on() -> bool:
            return eyes.goes_on() and (eyes.is_auto or not log.state.is_waiting)

        async with aclosing(step_all(context, log, stepper, goes_on=goes_on)) as events:
            async for _ in events:
                eyes.sees(log.state)
    return Look(log.state.run_id, Looked.STEPPED)


def context_for(context: RunContext, profile: Profile) -> RunContext:
    """Return a worker's context for one run: with its own profile, and a budget as a session of its own has."""
    return replace(
        context,
        profile=profile,
        catalogues=catalogues_of(profile, context.environment),
        reservations=Reservations(profile.budget()),
        checkpoints=Checkpoints(context.ledger, profile.policy, context.environment, context.now_ms),
    )
