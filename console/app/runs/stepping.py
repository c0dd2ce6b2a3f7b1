"""Stepping the run in view: one gate's work, or automatically until a person is needed. A lease is held meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from console.app.runs.in_view import RunsInView
from console.app.session import Session
from console.domain.problem import Problem

if TYPE_CHECKING:
    from console.domain.routes.route import Route
    from console.domain.run.state import RunState
    from console.services.run.briefing.briefing import AgentTask
    from console.services.run.role_call import RoleCall
    from console.services.run.run_context import RunContext
    from console.services.run.run_log import RunLog
    from console.services.run.step import StepEvent
    from console.services.run.stepper import Stepper

STEPPING = ("console.services.run.session", "console.services.run.beginning")
"""The modules that are loaded after the first paint, to step runs."""


class Stepping:
    """The steps of this console, one at a time."""

    def __init__(self, session: Session, runs: RunsInView) -> None:
        """Start without a step.

        Args:
            session: The session whose state shows the step.
            runs: The run to step is the one in view.

        """
        self._session = session
        self._runs = runs
        self._prepared: tuple[str, RoleCall | AgentTask] | None = None
        """The head that a shown call depends on, and the call."""
        self._calling: Route | None = None
        """The route of the next call."""
        self._task: asyncio.Task[object] | None = None
        self._stepper: Stepper | None = None
        """The stepper of the step in progress, until its agent was told to end."""

    def cut_agent_off(self) -> bool:
        """End the coding agent that is at work in the step in progress. Return whether one was told to end."""
        from console.domain.run.state import Phase

        stepper, self._stepper = self._stepper, None
        if stepper is None or stepper.state.phase is not Phase.WRITING:
            return False
        stepper.cut_off()
        return True

    def claim(self) -> None:
        """Note at once that a step begins, so that no key can begin it twice before its work starts."""
        from console.view.run.event import StepBegun

        if self._runs.log is not None:
            self._session.dispatch(StepBegun(self._runs.log.state.run_id))

    async def prepare(self) -> bool:
        """Build the next call and show it; nothing is sent. Return whether there is anything to show."""
        from console.app.runs.reading import call_shown

        self._prepared = None
        async with self._stepping() as work:
            if work is not None:
                log, context = work
                from console.services.run.session import stepping

                async with stepping(context, log) as stepper:
                    await log.refresh()
                    call = await stepper.prepare()
                self._prepared = (log.state.head, call)
                self._session.dispatch(call_shown(call, log.state.attempt))
        return self._prepared is not None

    async def step(self, *, as_shown: bool = False) -> None:
        """Do the work of the current gate of the run in view.

        Args:
            as_shown: Send only the call that was shown.

        """
        async with self._stepping() as work:
            if work is None:
                return
            log, context = work
            from console.services.run.session import stepping
            from console.services.run.step import StepHeldError

            async with stepping(context, log) as self._stepper:
                stepper = self._stepper
                await log.refresh()
                head, call = self._prepared or ("", None)
                self._prepared = None
                if as_shown and head != log.state.head:
                    raise StepHeldError("the run changed since you looked: check again what will be sent")
                async with aclosing(stepper.step(call if as_shown else None)) as events:
                    async for each in events:
                        await self._take(each)

    # --- Automatic steps ---------------------------------------------------------------------------------------------

    def claim_auto(self) -> None:
        """Note at once that the run in view steps by itself from now on."""
        from console.view.run.event import AutoBegun

        if self._runs.log is not None:
            self._session.dispatch(AutoBegun(self._runs.log.state.run_id))
        self.claim()

    def end_auto(self) -> None:
        """Let the work in progress be the last that is done by itself; it is not cut off."""
        from console.view.run.event import AutoEnded

        self._session.dispatch(AutoEnded())

    async def step_by_itself(self) -> None:
        """Step the run in view and apply the machine's verdicts, until it is over or needs a person.

        It ends after the work in progress if the operator ends the automatic steps meanwhile.
        """
        from console.view.run.event import AutoEnded

        self._prepared = None
        said = ""
        try:
            async with self._stepping() as work:
                if work is not None:
                    await self._step_all(*work)
                    said = _why_ended(work[0].state) if self._is_auto(work[0]) else ""
        finally:
            self._session.dispatch(AutoEnded(said))

    async def _step_all(self, log: "RunLog", context: "RunContext") -> None:
        from console.domain.run.command import machine_verdict
        from console.services.run.session import step_all, stepping

        async with stepping(context, log) as self._stepper:
            stepper = self._stepper
            await log.refresh()
            opened = log.state.opened if log.state.is_waiting else None
            if opened is not None:
                if opened.needs_human:
                    return
                for entry in await log.command(context.machine, machine_verdict(log.state, opened)):
                    await self._take(entry)
            if log.state.is_over or not self._is_auto(log):
                return
            async with aclosing(step_all(context, log, stepper, goes_on=lambda: self._is_auto(log))) as events:
                async for each in events:
                    await self._take(each)

    def _is_auto(self, log: "RunLog") -> bool:
        view = self._session.state.run
        return view is not None and view.auto == log.state.run_id

    # --- One step ----------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _stepping(self) -> AsyncIterator["tuple[RunLog, RunContext] | None"]:
        """Yield the run in view for a step; end with its message, and with the run's state after the step."""
        await self._session.load(STEPPING)
        from console.view.run.event import StepEnded

        runs = self._runs
        log, context, said = runs.log, runs.here, ""
        with self._session.noted():
            self._task, runs.stepped = asyncio.current_task(), log
            try:
                if log is None or context is None:
                    yield None
                else:
                    with runs.telling_checkpoint(context, log):
                        yield log, context
            except Problem as error:
                said = str(error)
            finally:
                self._task = self._stepper = runs.stepped = None
                self._session.dispatch(StepEnded(said))
            if log is not None:
                await runs.look_at(log.state.run_id)

    async def _take(self, event: "StepEvent") -> None:
        """Show an event of a step."""
        from console.app.runs.reading import call_shown
        from console.domain.probes.event import BudgetSpent, LoopLagMeasured, RungStarted, SmokeStarted
        from console.domain.run.call_event import CallIntended
        from console.domain.run.event import Entry
        from console.services.run.step import CallPrepared, GateNoted, PreflightNoted
        from console.view.run.event import CheckOutput, PreflightRungStarted, RunCalled

        runs = self._runs
        match event:
            case CallPrepared(call):
                attempt = 1 if runs.stepped is None else runs.stepped.state.attempt
                self._calling = call.route
                self._session.dispatch(call_shown(call, attempt))
            case Entry(at_ms=at_ms, event=CallIntended(turn_id="")) if self._calling is not None:
                self._session.dispatch(RunCalled(SmokeStarted(self._calling, at_ms / 1000)))
                await runs.tell()
            case Entry():
                await runs.tell()
            case GateNoted(opened, _, tails) if tails:
                self._session.dispatch(CheckOutput(opened, tails))
            case GateNoted() | PreflightNoted():
                pass  # their words are read with the run
            case BudgetSpent() | LoopLagMeasured():
                self._session.dispatch(event)
            case RungStarted():
                self._session.dispatch(PreflightRungStarted(event))
            case _:
                self._session.dispatch(RunCalled(event))

    async def settle(self) -> None:
        """After a step was cancelled: record in the ledger that its call was cut off, if there was one."""
        if self._task is not None:
            await asyncio.wait({self._task})
        from console.domain.run.state import Phase
        from console.view.run.event import AutoEnded, StepEnded

        view = self._session.state.run
        if view is not None and view.auto:
            self._session.dispatch(AutoEnded())
        if view is not None and view.is_stepping:  # it was cancelled before it began
            self._session.dispatch(StepEnded())
        log = self._runs.log
        if log is None:
            return
        await self._runs.look_at(log.state.run_id)
        log = self._runs.log
        if log is not None and log.state.phase in (Phase.CALLING, Phase.WRITING):
            self.claim()
            await self.step()


def _why_ended(run: "RunState") -> str:
    """Say why automatic steps ended at a run that is not over."""
    from console.domain.run.state import Phase

    if run.is_over:
        return ""
    if run.phase is Phase.LOST:
        return "automatic steps ended: a call or an agent was cut off, and only you may repeat it"
    if run.is_waiting:
        return f"automatic steps ended: {run.gate.words} needs your decision"
    return "automatic steps ended"
